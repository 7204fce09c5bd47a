// Parameters of MAIL (RFC 1870, 2852, 3030, 3865, 3885, 4141, 4954, 6152, 6531
// and 6710).
#include <algorithm>
#include <array>
#include <charconv>
#include <regex>
#include <string>
#include <utility>

#include "base/text.h"
#include "server/address.h"
#include "server/content.h"
#include "server/parameter_table.h"
#include "server/store.h"
#include "server/xtext.h"

namespace smtpspec::server {

namespace {

/// RFC 1870 section 6: 1*20DIGIT.
Outcome take_size(const Parameter& parameter, const FlawSet& flaws,
                  MailParameters& result) {
  if (result.size && !flaws.contains("size-twice-accepted"_flaw))
    return bad_parameter("SIZE is there twice");
  const auto text = parameter.value.value_or("");
  const bool is_number = !text.empty() && text.size() <= 20 &&
                         std::all_of(text.begin(), text.end(), base::is_digit);
  result.size = 0;
  if (flaws.contains("size-parameter-refused"_flaw))
    return Reply{555, "5.5.4", {"Unknown parameter"}};
  if (!is_number && flaws.contains("size-malformed-accepted"_flaw))
    return std::nullopt;
  if (!is_number) return bad_parameter("SIZE takes 1 to 20 digits");
  if (text.size() == 20 && flaws.contains("size-20-digits-refused"_flaw))
    return bad_parameter("SIZE takes fewer digits");
  std::uint64_t size = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc()) size = UINT64_MAX;
  if (size == 0 && flaws.contains("size-zero-refused"_flaw))
    return bad_parameter("SIZE is 0");
  result.size = size;
  if (size == size_limit && flaws.contains("size-at-limit-refused"_flaw))
    return too_large();
  if (size <= size_limit || flaws.contains("size-declared-not-checked"_flaw) ||
      flaws.contains("size-without-number-unchecked"_flaw)) {
    return std::nullopt;
  }
  return too_large();
}

/// RFC 6152 section 2, RFC 3030 section 3.
Outcome take_body(const Parameter& parameter, const FlawSet& flaws,
                  MailParameters& result) {
  if (result.has_body && !flaws.contains("body-twice-accepted"_flaw))
    return bad_parameter("BODY is there twice");
  result.has_body = true;
  const auto text = parameter.value.value_or("");
  const std::string value = flaws.contains("body-value-case-sensitive"_flaw)
                                ? std::string(text)
                                : base::to_upper(text);
  if (value == "7BIT" && !flaws.contains("body-7bit-refused"_flaw))
    return std::nullopt;
  if (value == "8BITMIME" && !flaws.contains("body-8bitmime-refused"_flaw)) {
    result.options.is_eight_bit = true;
    return std::nullopt;
  }
  if (value == "BINARYMIME" && !flaws.contains("bdat-unlisted"_flaw)) {
    result.options.is_binary = true;
    return std::nullopt;
  }
  if (flaws.contains("body-unknown-accepted"_flaw)) return std::nullopt;
  if (text.empty() || value == "7BIT" || value == "8BITMIME")
    return bad_parameter("BODY takes another value");
  return Reply{504, "5.5.4", {"Value of BODY is not implemented"}};
}

/// RFC 6531 section 3.4: no value.
Outcome take_smtputf8(const Parameter& parameter, const FlawSet& flaws,
                      MailParameters& result) {
  if (flaws.contains("smtputf8-parameter-refused"_flaw))
    return Reply{555, "5.5.4", {"Unknown parameter"}};
  if (parameter.value && !flaws.contains("smtputf8-value-accepted"_flaw))
    return bad_parameter("SMTPUTF8 takes no value");
  result.options.is_utf8 = true;
  return std::nullopt;
}

/// RFC 2852 section 4: by-time ";" by-mode [by-trace].
Outcome take_by(const Parameter& parameter, const FlawSet& flaws,
                MailParameters& result) {
  if (flaws.contains("deliverby-parameter-refused"_flaw))
    return bad_parameter("BY");
  if (flaws.contains("deliverby-refused-by-554"_flaw))
    return Reply{554, "5.5.4", {"No deadlines"}};
  static const std::regex form("([+-]?)([0-9]{1,9});([NR])T?",
                               std::regex::icase);
  const std::string text(parameter.value.value_or(""));
  std::smatch match;
  if (result.by) return bad_parameter("BY is there twice");
  if (!std::regex_match(text, match, form)) return bad_parameter("BY");
  const int seconds = std::stoi(match[2].str());
  const bool is_past = match[1] == "-" || seconds == 0;
  result.by = std::chrono::seconds(is_past ? -seconds : seconds);
  if (base::to_upper(match[3].str()) == "N") {
    if (is_past && flaws.contains("deliverby-past-notify-refused"_flaw))
      return bad_parameter("BY is in the past");
    return std::nullopt;
  }
  if (is_past) {
    if (flaws.contains("deliverby-past-return-accepted"_flaw))
      return std::nullopt;
    return bad_parameter("BY=...;R is in the past");
  }
  // Section 3: less than the minimum that EHLO lists.
  if (seconds >= 60 || flaws.contains("deliverby-minimum-unchecked"_flaw))
    return std::nullopt;
  return Reply{555, "5.5.4", {"Mail cannot be delivered as fast"}};
}

/// RFC 6710 section 7: -9 to 9.
Outcome take_priority(const Parameter& parameter, const FlawSet& flaws,
                      MailParameters& result) {
  const auto text = parameter.value.value_or("");
  const auto digit = text.substr(text.starts_with('-') ? 1 : 0);
  const bool is_good =
      digit.size() == 1 && base::is_digit(digit.front()) && text != "-0";
  const bool is_second = std::exchange(result.has_priority, true);
  if ((!is_good || is_second)) {
    if (flaws.contains("mt-priority-malformed-accepted"_flaw))
      return std::nullopt;
    return Reply{501, "5.5.2", {"MT-PRIORITY is one number, -9 to 9"}};
  }
  result.priority = digit.front() - '0';
  if (text != digit) result.priority = -result.priority;
  return std::nullopt;
}

/// RFC 3885 section 3: certifier [":" timeout].
Outcome take_mtrk(const Parameter& parameter, const FlawSet&, MailParameters&) {
  static const std::regex form("[A-Za-z0-9+/]{4,}(:[0-9]{1,9})?");
  const std::string text(parameter.value.value_or(""));
  if (std::regex_match(text, form)) return std::nullopt;
  return bad_parameter("MTRK");
}

/// RFC 3865 section 2.3.
Outcome take_solicit(const Parameter& parameter, const FlawSet&,
                     MailParameters& result) {
  static const std::regex form("[A-Za-z][A-Za-z0-9._:-]*");
  const auto text = parameter.value.value_or("");
  for (const auto word : base::split(text, ',')) {
    if (text.size() > 1000 || !std::regex_match(std::string(word), form))
      return bad_parameter("SOLICIT");
    if (base::equal_without_case(word, refused_class)) result.solicits = true;
  }
  return std::nullopt;
}

/// RFC 4954 sections 5 and 8: a mailbox in xtext, or <>. Nobody is believed who
/// names an author: the next host is told <>.
Outcome take_auth(const Parameter& parameter, const FlawSet& flaws,
                  MailParameters& result) {
  const auto value = parameter.value.value_or("");
  if (result.needs_login_for_auth ||
      flaws.contains("auth-parameter-refused"_flaw) ||
      (parameter.keyword != "AUTH" &&
       flaws.contains("auth-parameter-case-sensitive"_flaw))) {
    return Reply{555, "5.5.4", {"Unknown parameter"}};
  }
  if (std::exchange(result.has_auth, true))
    return bad_parameter("AUTH is there twice");
  result.names_author = value != "<>";
  result.options.author =
      flaws.contains("auth-parameter-believed"_flaw) ? value : "<>";
  if (value == "<>" && !flaws.contains("auth-parameter-null-refused"_flaw))
    return std::nullopt;
  if (flaws.contains("auth-parameter-malformed-accepted"_flaw))
    return std::nullopt;
  if (!is_xtext(value) || !parse_mailbox(*decode_xtext(value), flaws))
    return bad_parameter("AUTH is a mailbox in xtext, or <>");
  return std::nullopt;
}

/// RFC 8689 section 2: no value.
Outcome take_require_tls(const Parameter& parameter, const FlawSet& flaws,
                         MailParameters&) {
  if (!parameter.value || flaws.contains("requiretls-value-accepted"_flaw))
    return std::nullopt;
  return bad_parameter("REQUIRETLS has no value");
}

constexpr auto mail_rows = std::to_array<ParameterRow<MailParameters>>({
    {"SIZE", take_size, "size-limit-unlisted"_flaw},
    {"BODY", take_body, "8bitmime-not-offered"_flaw},
    {"RET", take_ret, "dsn-mail-parameters-refused"_flaw},
    {"ENVID", take_envid, "dsn-mail-parameters-refused"_flaw},
    {"SMTPUTF8", take_smtputf8, "8bitmime-not-offered"_flaw},
    {"BY", take_by, {}},
    {"HOLDFOR", take_hold_for, "futurerelease-parameter-refused"_flaw,
     &Offer::future_release},
    {"HOLDUNTIL", take_hold_until, "futurerelease-parameter-refused"_flaw,
     &Offer::future_release},
    {"MT-PRIORITY", take_priority, "mt-priority-parameter-refused"_flaw},
    {"MTRK", take_mtrk, "mtrk-parameter-refused"_flaw},
    {"SOLICIT", take_solicit, "solicit-parameter-refused"_flaw},
    {"AUTH", take_auth, {}},
    {"REQUIRETLS", take_require_tls, "requiretls-parameter-refused"_flaw,
     &Offer::require_tls},
    {"CONPERM", take_bare<MailParameters>, "conperm-parameter-refused"_flaw},
});

}  // namespace

std::optional<Reply> parse_parameters(std::string_view text, Offer offer,
                                      const FlawSet& flaws,
                                      MailParameters& result) {
  auto refusal = read_parameters(text, offer, flaws, mail_rows, result);
  if (refusal) return refusal;
  if (result.options.is_utf8 && result.has_body &&
      flaws.contains("smtputf8-with-body-refused"_flaw)) {
    return bad_parameter("SMTPUTF8 with BODY");
  }
  return refusal;
}

}  // namespace smtpspec::server
