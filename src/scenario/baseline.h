// Known failures of a target, each with its reason.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.h"

namespace smtpspec::scenario {

struct KnownFailure {
  std::string id;       ///< of a test: folder/name or folder/name#case
  std::string verdict;  ///< failed, warned or noted
  std::string reason;   ///< never empty
  /// Where it shows; empty: on all listeners.
  std::vector<Listener> listeners;
  /// From this day on the entry no longer counts.
  std::optional<std::chrono::year_month_day> expires;
};

struct Baseline {
  std::string target;
  std::vector<KnownFailure> entries;

  /// The entry for a test on `listener`, unless it expired before `today`.
  const KnownFailure* find(std::string_view id, Listener listener,
                           std::chrono::year_month_day today) const;
  /// Those for `listener`.
  std::size_t count(Listener listener) const;
};

/// Parses a baseline (YAML: target, known: a list of id, verdict, reason,
/// listener, expires). Throws base::SourceError for unknown or duplicate keys,
/// and for an id that stands twice for one listener.
Baseline parse_baseline(std::string_view text, const std::string& path);
Baseline load_baseline(const std::string& path);

}  // namespace smtpspec::scenario
