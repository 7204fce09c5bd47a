// Known failures of a target, each with its reason.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smtpspec::scenario {

struct KnownFailure {
  std::string id;       ///< of a test: folder/name or folder/name#case
  std::string verdict;  ///< failed, warned or noted
  std::string reason;   ///< never empty
  /// From this day on the entry no longer counts.
  std::optional<std::chrono::year_month_day> expires;
};

struct Baseline {
  std::string target;
  std::vector<KnownFailure> entries;

  /// The entry for a test, unless it expired before `today`.
  const KnownFailure* find(std::string_view id,
                           std::chrono::year_month_day today) const;
};

/// Parses a baseline (YAML: target, known: a list of id, verdict, reason,
/// expires). Throws base::SourceError for unknown or duplicate keys or ids.
Baseline parse_baseline(std::string_view text, const std::string& path);
Baseline load_baseline(const std::string& path);

}  // namespace smtpspec::scenario
