#include "server/parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <regex>
#include <string>
#include <utility>

#include "base/text.h"
#include "server/address.h"
#include "server/content.h"
#include "server/store.h"

namespace smtpspec::server {

namespace {

Reply bad(std::string_view what) {
  return {501, "5.5.4", {"Bad parameter: " + std::string(what)}};
}

/// One parameter as written: KEYWORD or KEYWORD=value.
struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

using Outcome = std::optional<Reply>;

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

bool is_upper_hex(char c) {
  return base::is_digit(c) || (c >= 'A' && c <= 'F');
}

/// xtext of RFC 3461 section 4, whose characters stand in esmtp-value already.
bool is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) > 126) return false;
    if (text[i] != '+') continue;
    if (i + 2 >= text.size() || !is_upper_hex(text[i + 1]) ||
        !is_upper_hex(text[i + 2])) {
      return false;
    }
    i += 2;
  }
  return true;
}

// MAIL.

/// RFC 1870 section 6: 1*20DIGIT.
Outcome take_size(const Parameter& parameter, const FlawSet& flaws,
                  MailParameters& result) {
  if (result.size && !flaws.contains("size-twice-accepted"_flaw))
    return bad("SIZE is there twice");
  const auto text = parameter.value.value_or("");
  const bool is_number =
      !text.empty() && text.size() <= 20 &&
      std::all_of(text.begin(), text.end(), base::is_digit);
  result.size = 0;
  if (flaws.contains("size-parameter-refused"_flaw))
    return Reply{555, "5.5.4", {"Unknown parameter"}};
  if (!is_number && flaws.contains("size-malformed-accepted"_flaw))
    return std::nullopt;
  if (!is_number) return bad("SIZE takes 1 to 20 digits");
  if (text.size() == 20 && flaws.contains("size-20-digits-refused"_flaw))
    return bad("SIZE takes fewer digits");
  std::uint64_t size = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc()) size = UINT64_MAX;
  if (size == 0 && flaws.contains("size-zero-refused"_flaw))
    return bad("SIZE is 0");
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
    return bad("BODY is there twice");
  result.has_body = true;
  const auto text = parameter.value.value_or("");
  const std::string value =
      flaws.contains("body-value-case-sensitive"_flaw) ? std::string(text)
                                                       : base::to_upper(text);
  if (value == "7BIT" && !flaws.contains("body-7bit-refused"_flaw))
    return std::nullopt;
  if (value == "8BITMIME" && !flaws.contains("body-8bitmime-refused"_flaw))
    return std::nullopt;
  if (value == "BINARYMIME" && !flaws.contains("bdat-unlisted"_flaw)) {
    result.is_binary = true;
    return std::nullopt;
  }
  if (flaws.contains("body-unknown-accepted"_flaw)) return std::nullopt;
  if (text.empty() || value == "7BIT" || value == "8BITMIME")
    return bad("BODY takes another value");
  return Reply{504, "5.5.4", {"Value of BODY is not implemented"}};
}

/// RFC 3461 section 4.3.
Outcome take_ret(const Parameter& parameter, const FlawSet& flaws,
                 MailParameters& result) {
  if (result.has_ret && !flaws.contains("dsn-mail-duplicate-accepted"_flaw))
    return bad("RET is there twice");
  result.has_ret = true;
  const auto text = parameter.value.value_or("");
  const std::string value = flaws.contains("dsn-ret-case-sensitive"_flaw)
                                ? std::string(text)
                                : base::to_upper(text);
  if (value == "FULL" || value == "HDRS" ||
      flaws.contains("dsn-ret-unknown-accepted"_flaw)) {
    return std::nullopt;
  }
  return bad("RET is FULL or HDRS");
}

/// RFC 3461 section 4.4: xtext of printable characters, at most 100 octets.
Outcome take_envid(const Parameter& parameter, const FlawSet& flaws,
                   MailParameters& result) {
  if (result.has_envid && !flaws.contains("dsn-mail-duplicate-accepted"_flaw))
    return bad("ENVID is there twice");
  result.has_envid = true;
  if (!parameter.value) {
    if (flaws.contains("dsn-envid-empty-accepted"_flaw)) return std::nullopt;
    return bad("ENVID needs a value");
  }
  const auto value = *parameter.value;
  if (!is_xtext(value) && !flaws.contains("dsn-envid-malformed-accepted"_flaw))
    return bad("ENVID is not xtext");
  const bool is_plain = std::all_of(value.begin(), value.end(), [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '+';
  });
  if (!is_plain && flaws.contains("dsn-envid-specials-refused"_flaw))
    return bad("ENVID");
  return std::nullopt;
}

/// RFC 6531 section 3.4: no value.
Outcome take_smtputf8(const Parameter& parameter, const FlawSet& flaws,
                      MailParameters& result) {
  if (flaws.contains("smtputf8-parameter-refused"_flaw))
    return Reply{555, "5.5.4", {"Unknown parameter"}};
  if (parameter.value && !flaws.contains("smtputf8-value-accepted"_flaw))
    return bad("SMTPUTF8 takes no value");
  result.utf8 = true;
  return std::nullopt;
}

/// RFC 2852 section 4: by-time ";" by-mode [by-trace].
Outcome take_by(const Parameter& parameter, const FlawSet& flaws,
                MailParameters& result) {
  if (flaws.contains("deliverby-parameter-refused"_flaw)) return bad("BY");
  if (flaws.contains("deliverby-refused-by-554"_flaw))
    return Reply{554, "5.5.4", {"No deadlines"}};
  static const std::regex form("([+-]?)([0-9]{1,9});([NR])T?",
                               std::regex::icase);
  const std::string text(parameter.value.value_or(""));
  std::smatch match;
  if (std::exchange(result.has_by, true)) return bad("BY is there twice");
  if (!std::regex_match(text, match, form)) return bad("BY");
  const int seconds = std::stoi(match[2].str());
  const bool is_past = match[1] == "-" || seconds == 0;
  if (base::to_upper(match[3].str()) == "N") {
    if (is_past && flaws.contains("deliverby-past-notify-refused"_flaw))
      return bad("BY is in the past");
    return std::nullopt;
  }
  if (is_past) {
    if (flaws.contains("deliverby-past-return-accepted"_flaw))
      return std::nullopt;
    return bad("BY=...;R is in the past");
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
  const bool is_good = digit.size() == 1 && base::is_digit(digit.front()) &&
                       text != "-0";
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
Outcome take_mtrk(const Parameter& parameter, const FlawSet&,
                  MailParameters&) {
  static const std::regex form("[A-Za-z0-9+/]{4,}(:[0-9]{1,9})?");
  const std::string text(parameter.value.value_or(""));
  if (std::regex_match(text, form)) return std::nullopt;
  return bad("MTRK");
}

/// RFC 3865 section 2.3.
Outcome take_solicit(const Parameter& parameter, const FlawSet&,
                     MailParameters& result) {
  static const std::regex form("[A-Za-z][A-Za-z0-9._:-]*");
  const auto text = parameter.value.value_or("");
  for (const auto word : base::split(text, ',')) {
    if (text.size() > 1000 || !std::regex_match(std::string(word), form))
      return bad("SOLICIT");
    if (base::equal_without_case(word, refused_class)) result.solicits = true;
  }
  return std::nullopt;
}

/// What xtext stands for, which is_xtext() has seen.
std::string decode_xtext(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') {
      result += text[i];
      continue;
    }
    const std::string digits(text.substr(i + 1, 2));
    result += static_cast<char>(std::stoi(digits, nullptr, 16));
    i += 2;
  }
  return result;
}

/// RFC 4954 sections 5 and 8: a mailbox in xtext, or <>. Who is named there
/// matters to nobody here.
Outcome take_auth(const Parameter& parameter, const FlawSet& flaws,
                  MailParameters& result) {
  const auto value = parameter.value.value_or("");
  if (result.needs_login_for_auth ||
      flaws.contains("auth-parameter-refused"_flaw) ||
      (parameter.keyword != "AUTH" &&
       flaws.contains("auth-parameter-case-sensitive"_flaw))) {
    return Reply{555, "5.5.4", {"Unknown parameter"}};
  }
  if (std::exchange(result.has_auth, true)) return bad("AUTH is there twice");
  if (value == "<>" && !flaws.contains("auth-parameter-null-refused"_flaw))
    return std::nullopt;
  if (flaws.contains("auth-parameter-malformed-accepted"_flaw))
    return std::nullopt;
  if (!is_xtext(value) || !parse_mailbox(decode_xtext(value), flaws))
    return bad("AUTH is a mailbox in xtext, or <>");
  return std::nullopt;
}

/// CONPERM and CONNEG of RFC 4141: no value.
template <class Result>
Outcome take_bare(const Parameter& parameter, const FlawSet&, Result&) {
  if (!parameter.value) return std::nullopt;
  return bad("no value is taken");
}

// RCPT.

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
  if (!std::regex_match(text, match, form)) return bad("RRVS");
  result.valid_since = std::stoi(match[1].str());
  return std::nullopt;
}

/// RFC 3461 section 4.1: NEVER, or a list of SUCCESS, FAILURE, DELAY.
Outcome take_notify(const Parameter& parameter, const FlawSet& flaws,
                    RcptParameters& result) {
  if (result.has_notify && !flaws.contains("dsn-rcpt-duplicate-accepted"_flaw))
    return bad("NOTIFY is there twice");
  result.has_notify = true;
  if (flaws.contains("dsn-notify-unknown-accepted"_flaw)) return std::nullopt;
  const auto text = parameter.value.value_or("");
  const std::string value = flaws.contains("dsn-notify-case-sensitive"_flaw)
                                ? std::string(text)
                                : base::to_upper(text);
  const auto words = base::split(value, ',');
  if (words.size() > 1 && flaws.contains("dsn-notify-list-refused"_flaw))
    return bad("NOTIFY takes one word");
  if (value == "NEVER" && !flaws.contains("dsn-notify-never-refused"_flaw))
    return std::nullopt;
  const bool takes_never =
      flaws.contains("dsn-notify-never-mixed-accepted"_flaw);
  const bool good =
      std::all_of(words.begin(), words.end(), [&](std::string_view word) {
        return word == "SUCCESS" || word == "FAILURE" || word == "DELAY" ||
               (word == "NEVER" && takes_never && words.size() > 1);
      });
  if (!good) return bad("NOTIFY is NEVER, or of SUCCESS, FAILURE, DELAY");
  return std::nullopt;
}

/// RFC 3461 section 4.2: atom ";" xtext, whatever the address looks like. The
/// type utf-8 of RFC 6533 section 3 allows UTF-8 and \x{HEX}.
Outcome take_orcpt(const Parameter& parameter, const FlawSet& flaws,
                   RcptParameters& result) {
  if (result.has_orcpt && !flaws.contains("dsn-rcpt-duplicate-accepted"_flaw))
    return bad("ORCPT is there twice");
  result.has_orcpt = true;
  if (flaws.contains("dsn-orcpt-malformed-accepted"_flaw)) return std::nullopt;
  const auto text = parameter.value.value_or("");
  const auto semicolon = text.find(';');
  if (semicolon == std::string_view::npos || semicolon == 0 ||
      !is_atom(text.substr(0, semicolon))) {
    return bad("ORCPT has no address type");
  }
  const auto address = text.substr(semicolon + 1);
  const bool is_utf8_type =
      base::equal_without_case(text.substr(0, semicolon), "utf-8");
  if (is_utf8_type && flaws.contains("smtputf8-orcpt-refused"_flaw))
    return bad("ORCPT has an unknown address type");
  if (!(is_utf8_type ? is_utf8(address) : is_xtext(address)) ||
      address.empty()) {
    return bad("ORCPT is not xtext");
  }
  if (address.find('@') == std::string_view::npos &&
      flaws.contains("dsn-orcpt-address-checked"_flaw)) {
    return bad("ORCPT has no address");
  }
  return std::nullopt;
}

template <class Result>
struct Row {
  std::string_view keyword;
  Outcome (*take)(const Parameter&, const FlawSet&, Result&);
  /// The flaw under which the keyword is unknown.
  std::optional<FlawId> unknown_with;
};

constexpr auto mail_rows = std::to_array<Row<MailParameters>>({
    {"SIZE", take_size, "size-limit-unlisted"_flaw},
    {"BODY", take_body, "8bitmime-not-offered"_flaw},
    {"RET", take_ret, "dsn-mail-parameters-refused"_flaw},
    {"ENVID", take_envid, "dsn-mail-parameters-refused"_flaw},
    {"SMTPUTF8", take_smtputf8, "8bitmime-not-offered"_flaw},
    {"BY", take_by, {}},
    {"MT-PRIORITY", take_priority, "mt-priority-parameter-refused"_flaw},
    {"MTRK", take_mtrk, "mtrk-parameter-refused"_flaw},
    {"SOLICIT", take_solicit, "solicit-parameter-refused"_flaw},
    {"AUTH", take_auth, {}},
    {"CONPERM", take_bare<MailParameters>, "conperm-parameter-refused"_flaw},
});

constexpr auto rcpt_rows = std::to_array<Row<RcptParameters>>({
    {"NOTIFY", take_notify, "dsn-rcpt-parameters-refused"_flaw},
    {"ORCPT", take_orcpt, "dsn-rcpt-parameters-refused"_flaw},
    {"RRVS", take_rrvs, "rrvs-parameter-refused"_flaw},
    {"CONNEG", take_bare<RcptParameters>, "conneg-parameter-refused"_flaw},
});

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
  const bool is_empty_envid =
      result.value->empty() &&
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

template <class Result, std::size_t N>
const Row<Result>* find_row(const std::array<Row<Result>, N>& rows,
                            std::string_view keyword, const FlawSet& flaws) {
  const std::string name = flaws.contains("parameter-case-sensitive"_flaw)
                               ? std::string(keyword)
                               : base::to_upper(keyword);
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) {
    return r.keyword == name;
  });
  if (row == rows.end()) return nullptr;
  if (row->unknown_with && flaws.contains(*row->unknown_with)) return nullptr;
  return &*row;
}

template <class Result, std::size_t N>
Outcome parse(std::string_view text, bool extended, const FlawSet& flaws,
              const std::array<Row<Result>, N>& rows, Result& result) {
  if (text.empty()) return std::nullopt;
  if (text.front() != ' ') return bad("no space before it");
  for (const auto word : base::split(text.substr(1), ' ')) {
    const auto parameter = split_parameter(word, flaws);
    if (!parameter) {
      if (flaws.contains("malformed-parameter-accepted"_flaw)) continue;
      return bad("syntax");
    }
    if (word.size() > 99 && flaws.contains("dsn-long-parameter-refused"_flaw))
      return bad("too long");
    const auto* row =
        extended ? find_row(rows, parameter->keyword, flaws) : nullptr;
    if (row == nullptr) {
      if (flaws.contains("unknown-parameter-accepted"_flaw)) continue;
      return Reply{555, "5.5.4", {"Unknown parameter"}};
    }
    if (const auto refusal = row->take(*parameter, flaws, result))
      return refusal;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Reply> parse_parameters(std::string_view text, bool extended,
                                      const FlawSet& flaws,
                                      MailParameters& result) {
  auto refusal = parse(text, extended, flaws, mail_rows, result);
  if (refusal) return refusal;
  if (result.utf8 && result.has_body &&
      flaws.contains("smtputf8-with-body-refused"_flaw)) {
    return bad("SMTPUTF8 with BODY");
  }
  return refusal;
}

std::optional<Reply> parse_parameters(std::string_view text, bool extended,
                                      const FlawSet& flaws,
                                      RcptParameters& result) {
  return parse(text, extended, flaws, rcpt_rows, result);
}

}  // namespace smtpspec::server
