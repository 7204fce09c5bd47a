// Parameters of RCPT (RFC 3461, 4141, 7293).
#include <array>
#include <regex>
#include <string>

#include "server/parameter_table.h"

namespace smtpspec::server {

namespace {

/// RFC 7293 section 3.1: date-time without fractions, and what to do where
/// nobody knows of it.
Outcome take_rrvs(const Parameter& parameter, const FlawSet&,
                  RcptParameters& result) {
  static const std::regex form(
      "(\\d{4})-(\\d\\d)-(\\d\\d)T(\\d\\d):(\\d\\d):(\\d\\d)"
      "(Z|[+-]\\d\\d:\\d\\d)(;[CR])?",
      std::regex::icase);
  const std::string text(parameter.value.value_or(""));
  std::smatch match;
  if (!std::regex_match(text, match, form)) return bad_parameter("RRVS");
  result.valid_since = std::stoi(match[1].str());
  return std::nullopt;
}

constexpr auto rcpt_rows = std::to_array<ParameterRow<RcptParameters>>({
    {"NOTIFY", take_notify, "dsn-rcpt-parameters-refused"_flaw},
    {"ORCPT", take_orcpt, "dsn-rcpt-parameters-refused"_flaw},
    {"RRVS", take_rrvs, "rrvs-parameter-refused"_flaw},
    {"CONNEG", take_bare<RcptParameters>, "conneg-parameter-refused"_flaw},
});

}  // namespace

std::optional<Reply> parse_parameters(std::string_view text, Offer offer,
                                      const FlawSet& flaws,
                                      RcptParameters& result) {
  return read_parameters(text, offer, flaws, rcpt_rows, result);
}

}  // namespace smtpspec::server
