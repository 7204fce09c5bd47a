// What the parameters of MAIL and of RCPT have in common: how one is written,
// and a table that says who reads it. For the files that read parameters only;
// others include parameters.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "server/flaws.h"
#include "server/parameters.h"
#include "server/reply.h"

namespace smtpspec::server {

/// One parameter as written: KEYWORD or KEYWORD=value.
struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

/// The reply that refuses a parameter, or nothing.
using Outcome = std::optional<Reply>;

/// 501: the value, or the parameter, is not as its RFC writes it.
Reply bad_parameter(std::string_view what);

/// Reads KEYWORD or KEYWORD=value (RFC 5321 section 4.1.2); nothing if it is
/// neither.
std::optional<Parameter> split_parameter(std::string_view text,
                                         const FlawSet& flaws);

// future_release.cc: RFC 4865.
Outcome take_hold_for(const Parameter& parameter, const FlawSet& flaws,
                      MailParameters& result);
Outcome take_hold_until(const Parameter& parameter, const FlawSet& flaws,
                        MailParameters& result);

// dsn_parameters.cc: RFC 3461.
Outcome take_ret(const Parameter& parameter, const FlawSet& flaws,
                 MailParameters& result);
Outcome take_envid(const Parameter& parameter, const FlawSet& flaws,
                   MailParameters& result);
Outcome take_notify(const Parameter& parameter, const FlawSet& flaws,
                    RcptParameters& result);
Outcome take_orcpt(const Parameter& parameter, const FlawSet& flaws,
                   RcptParameters& result);

/// CONPERM and CONNEG of RFC 4141: no value.
template <class Result>
Outcome take_bare(const Parameter& parameter, const FlawSet&, Result&) {
  if (!parameter.value) return std::nullopt;
  return bad_parameter("no value is taken");
}

/// A row of a table of parameters.
template <class Result>
struct ParameterRow {
  std::string_view keyword;
  Outcome (*take)(const Parameter&, const FlawSet&, Result&);
  /// The flaw under which the keyword is unknown.
  std::optional<FlawId> unknown_with;
  /// Without it likewise.
  bool Offer::*needs = &Offer::extensions;
};

template <class Result, std::size_t N>
const ParameterRow<Result>* find_parameter_row(
    const std::array<ParameterRow<Result>, N>& rows, std::string_view keyword,
    Offer offer, const FlawSet& flaws) {
  const std::string name = flaws.contains("parameter-case-sensitive"_flaw)
                               ? std::string(keyword)
                               : base::to_upper(keyword);
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) {
    return r.keyword == name;
  });
  if (row == rows.end() || !(offer.*row->needs)) return nullptr;
  if (row->unknown_with && flaws.contains(*row->unknown_with)) return nullptr;
  return &*row;
}

template <class Result, std::size_t N>
Outcome read_parameters(std::string_view text, Offer offer,
                        const FlawSet& flaws,
                        const std::array<ParameterRow<Result>, N>& rows,
                        Result& result) {
  if (text.empty()) return std::nullopt;
  if (text.front() != ' ') return bad_parameter("no space before it");
  for (const auto word : base::split(text.substr(1), ' ')) {
    const auto parameter = split_parameter(word, flaws);
    if (!parameter) {
      if (flaws.contains("malformed-parameter-accepted"_flaw)) continue;
      return bad_parameter("syntax");
    }
    if (word.size() > 99 && flaws.contains("dsn-long-parameter-refused"_flaw))
      return bad_parameter("too long");
    const auto* row =
        find_parameter_row(rows, parameter->keyword, offer, flaws);
    if (row == nullptr) {
      if (flaws.contains("unknown-parameter-accepted"_flaw)) continue;
      return Reply{555, "5.5.4", {"Unknown parameter"}};
    }
    if (const auto refusal = row->take(*parameter, flaws, result))
      return refusal;
  }
  return std::nullopt;
}

}  // namespace smtpspec::server
