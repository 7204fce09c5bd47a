// How a parameter of MAIL or RCPT is written (RFC 5321 section 4.1.2).
#include "server/parameter_table.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace smtpspec::server {

namespace {

bool is_keyword(std::string_view text) {
  return !text.empty() && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return base::is_alpha(c) || base::is_digit(c) || c == '-';
         });
}

/// esmtp-value, with octets above 127 for RFC 6531.
bool is_value(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > 32 && octet != 127 && c != '=';
  });
}

}  // namespace

Reply bad_parameter(std::string_view what) {
  return {501, "5.5.4", {"Bad parameter: " + std::string(what)}};
}

/// RFC 5321 section 4.1.2. ENVID= may be empty, as xtext may (RFC 3461).
std::optional<Parameter> split_parameter(std::string_view text,
                                         const FlawSet& flaws) {
  const auto equals = text.find('=');
  Parameter result{text.substr(0, equals), std::nullopt};
  if (!is_keyword(result.keyword)) return std::nullopt;
  if (equals == std::string_view::npos) return result;
  result.value = text.substr(equals + 1);
  const bool is_lenient = flaws.contains("dsn-envid-malformed-accepted"_flaw) &&
                          base::equal_without_case(result.keyword, "ENVID");
  const bool is_empty_envid = result.value->empty() &&
                              base::equal_without_case(result.keyword, "ENVID");
  const bool is_any_auth =
      flaws.contains("auth-parameter-malformed-accepted"_flaw) &&
      base::equal_without_case(result.keyword, "AUTH");
  if (!is_value(*result.value) && !is_lenient && !is_empty_envid &&
      !is_any_auth &&
      !(flaws.contains("dsn-notify-unknown-accepted"_flaw) &&
        base::equal_without_case(text, "NOTIFY="))) {
    return std::nullopt;
  }
  return result;
}

}  // namespace smtpspec::server
