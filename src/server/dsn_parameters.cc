// Parameters of MAIL and RCPT that ask for reports (RFC 3461 section 4).
#include <algorithm>
#include <string>

#include "base/text.h"
#include "server/address.h"
#include "server/parameter_table.h"
#include "server/xtext.h"

namespace smtpspec::server {

/// RFC 3461 section 4.3.
Outcome take_ret(const Parameter& parameter, const FlawSet& flaws,
                 MailParameters& result) {
  if (result.has_ret && !flaws.contains("dsn-mail-duplicate-accepted"_flaw))
    return bad_parameter("RET is there twice");
  result.has_ret = true;
  const auto text = parameter.value.value_or("");
  const std::string value = flaws.contains("dsn-ret-case-sensitive"_flaw)
                                ? std::string(text)
                                : base::to_upper(text);
  result.options.returned = value;
  if (value == "FULL" || value == "HDRS" ||
      flaws.contains("dsn-ret-unknown-accepted"_flaw)) {
    return std::nullopt;
  }
  return bad_parameter("RET is FULL or HDRS");
}

/// RFC 3461 section 4.4: xtext of printable characters, at most 100 octets.
Outcome take_envid(const Parameter& parameter, const FlawSet& flaws,
                   MailParameters& result) {
  if (result.has_envid && !flaws.contains("dsn-mail-duplicate-accepted"_flaw))
    return bad_parameter("ENVID is there twice");
  result.has_envid = true;
  if (!parameter.value) {
    if (flaws.contains("dsn-envid-empty-accepted"_flaw)) return std::nullopt;
    return bad_parameter("ENVID needs a value");
  }
  const auto value = *parameter.value;
  result.options.envelope_id = value;
  if (!is_xtext(value) && !flaws.contains("dsn-envid-malformed-accepted"_flaw))
    return bad_parameter("ENVID is not xtext");
  const bool is_plain = std::all_of(value.begin(), value.end(), [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '+';
  });
  if (!is_plain && flaws.contains("dsn-envid-specials-refused"_flaw))
    return bad_parameter("ENVID");
  return std::nullopt;
}

/// RFC 3461 section 4.1: NEVER, or a list of SUCCESS, FAILURE, DELAY.
Outcome take_notify(const Parameter& parameter, const FlawSet& flaws,
                    RcptParameters& result) {
  if (result.has_notify && !flaws.contains("dsn-rcpt-duplicate-accepted"_flaw))
    return bad_parameter("NOTIFY is there twice");
  result.has_notify = true;
  if (flaws.contains("dsn-notify-unknown-accepted"_flaw)) return std::nullopt;
  const auto text = parameter.value.value_or("");
  const std::string value = flaws.contains("dsn-notify-case-sensitive"_flaw)
                                ? std::string(text)
                                : base::to_upper(text);
  const auto words = base::split(value, ',');
  const auto has = [&words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  result.notify = {true, has("SUCCESS"), has("FAILURE"), has("DELAY")};
  if (words.size() > 1 && flaws.contains("dsn-notify-list-refused"_flaw))
    return bad_parameter("NOTIFY takes one word");
  if (value == "NEVER" && !flaws.contains("dsn-notify-never-refused"_flaw))
    return std::nullopt;
  const bool takes_never =
      flaws.contains("dsn-notify-never-mixed-accepted"_flaw);
  const bool good =
      std::all_of(words.begin(), words.end(), [&](std::string_view word) {
        return word == "SUCCESS" || word == "FAILURE" || word == "DELAY" ||
               (word == "NEVER" && takes_never && words.size() > 1);
      });
  if (!good)
    return bad_parameter("NOTIFY is NEVER, or of SUCCESS, FAILURE, DELAY");
  return std::nullopt;
}

/// RFC 3461 section 4.2: atom ";" xtext, whatever the address looks like. The
/// type utf-8 of RFC 6533 section 3 allows UTF-8 and \x{HEX}.
Outcome take_orcpt(const Parameter& parameter, const FlawSet& flaws,
                   RcptParameters& result) {
  if (result.has_orcpt && !flaws.contains("dsn-rcpt-duplicate-accepted"_flaw))
    return bad_parameter("ORCPT is there twice");
  result.has_orcpt = true;
  if (flaws.contains("dsn-orcpt-malformed-accepted"_flaw)) return std::nullopt;
  const auto text = parameter.value.value_or("");
  result.original = text;
  const auto semicolon = text.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0 ||
      !is_atom(text.substr(0, semicolon))) {
    return bad_parameter("ORCPT has no address type");
  }
  const auto address = text.substr(semicolon + 1);
  const bool is_utf8_type =
      base::equal_without_case(text.substr(0, semicolon), "utf-8");
  if (is_utf8_type && flaws.contains("smtputf8-orcpt-refused"_flaw))
    return bad_parameter("ORCPT has an unknown address type");
  if (!(is_utf8_type ? is_utf8(address) : is_xtext(address)) ||
      address.empty()) {
    return bad_parameter("ORCPT is not xtext");
  }
  if (address.find('@') == std::string_view::npos &&
      flaws.contains("dsn-orcpt-address-checked"_flaw)) {
    return bad_parameter("ORCPT has no address");
  }
  return std::nullopt;
}

}  // namespace smtpspec::server
