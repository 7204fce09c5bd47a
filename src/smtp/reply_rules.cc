#include "smtp/reply_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "smtp/enhanced.h"
#include "smtp/judgement.h"

namespace smtpspec::smtp {
namespace {

/// Octets of a reply line, CRLF counted (RFC 5321 section 4.5.3.1.5).
constexpr std::size_t reply_line_limit = 512;

// The reply codes of RFC 5321 section 4.2.3 and of the extensions; there is no
// IANA registry of them.
constexpr std::array known_codes{
    211, 214, 220, 221, 235, 250, 251, 252, 253, 334, 354, 421, 422, 430,
    432, 450, 451, 452, 453, 454, 455, 458, 459, 500, 501, 502, 503, 504,
    521, 523, 524, 525, 530, 533, 534, 535, 538, 550, 551, 552, 553, 554,
    555, 556};

Judgement syntax(const ReplyOrError& reply, const ReplyContext&) {
  const auto* error = std::get_if<ReplyError>(&reply);
  if (!error) return std::nullopt;
  return complain(std::string(describe(error->kind)));
}

Judgement line_end(const ReplyOrError& reply, const ReplyContext&) {
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    if (!line.raw.ends_with("\r\n"))
      return complain("a reply line ends in LF without CR");
    if (line.text.find('\r') != std::string::npos)
      return complain("a reply line holds a CR that is not part of CRLF");
    return std::nullopt;
  });
}

Judgement first_digit(const ReplyOrError& reply, const ReplyContext&) {
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    if (line.code >= 200 && line.code <= 599) return std::nullopt;
    return complain(
        fmt::format("the first digit of {} is not 2, 3, 4 or 5", line.code));
  });
}

Judgement second_digit(const ReplyOrError& reply, const ReplyContext&) {
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    if (line.code / 10 % 10 <= 5) return std::nullopt;
    auto text =
        fmt::format("the second digit of {} is not 0 to 5", line.code);
    // Policy refusals carry codes that the operator sets.
    if (line.code >= 400) return note(std::move(text));
    return complain(std::move(text));
  });
}

Judgement known_code(const ReplyOrError& reply, const ReplyContext&) {
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    if (std::ranges::binary_search(known_codes, line.code) ||
        line.code / 10 % 10 > 5)
      return std::nullopt;
    auto text = fmt::format("{} is in no list of RFC 5321 or its extensions",
                            line.code);
    if (line.code >= 540 && line.code < 600) return note(std::move(text));
    return complain(std::move(text));
  });
}

Judgement same_code(const ReplyOrError& reply, const ReplyContext&) {
  const auto* whole = std::get_if<Reply>(&reply);
  return any_line(reply, [&](const ReplyLine& line) -> Judgement {
    if (line.code == whole->lines.front().code) return std::nullopt;
    return complain(fmt::format("the lines of one reply have codes {} and {}",
                                whole->lines.front().code, line.code));
  });
}

Judgement text_present(const ReplyOrError& reply, const ReplyContext&) {
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    // RFC 4954 section 4: an empty challenge is "334 ".
    if (!line.text.empty() || line.code == 334) return std::nullopt;
    if (line.separator == ' ')
      return note("a reply line has a space behind the code and no text");
    return complain("a reply line is a bare code without text");
  });
}

bool is_text_octet(char c) {
  return c == '\t' || (c >= ' ' && c <= '~');
}

Judgement printable_text(const ReplyOrError& reply,
                         const ReplyContext& context) {
  const auto* whole = std::get_if<Reply>(&reply);
  return any_line(reply, [&](const ReplyLine& line) -> Judgement {
    // ehlo-greet may hold more (RFC 5321 section 4.1.1.1).
    if (context.command == "EHLO" && &line == &whole->lines.front())
      return std::nullopt;
    for (const char c : line.text) {
      if (is_text_octet(c) || c == '\r') continue;
      const auto octet = static_cast<unsigned char>(c);
      if (octet > 127) continue;  // the rule `ascii`
      return complain(fmt::format("the text holds octet 0x{:02x}", octet));
    }
    return std::nullopt;
  });
}

Judgement ascii(const ReplyOrError& reply, const ReplyContext& context) {
  if (context.utf8) return std::nullopt;
  // RFC 6531 section 3.7.4.2 has a scenario of its own.
  if (context.command == "VRFY" || context.command == "EXPN")
    return std::nullopt;
  return any_line(reply, [&](const ReplyLine& line) -> Judgement {
    for (const char c : line.text) {
      const auto octet = static_cast<unsigned char>(c);
      if (octet <= 127) continue;
      auto text = fmt::format("the text holds octet 0x{:02x}", octet);
      if (context.utf8_transaction) return note(std::move(text));
      return complain(std::move(text));
    }
    return std::nullopt;
  });
}

Judgement line_length(const ReplyOrError& reply, const ReplyContext&) {
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    if (line.raw.size() <= reply_line_limit) return std::nullopt;
    return complain(fmt::format("a reply line has {} octets, more than {}",
                                line.raw.size(), reply_line_limit));
  });
}

bool is_domain_octet(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.';
}

Judgement ehlo_first_line(const ReplyOrError& reply,
                          const ReplyContext& context) {
  const auto* whole = std::get_if<Reply>(&reply);
  if (!whole || context.command != "EHLO" || whole->code != 250)
    return std::nullopt;
  const auto words = base::words(whole->lines.front().text);
  if (words.empty() || whole->lines.front().text[0] == ' ')
    return complain("the first line of the EHLO reply names no domain");
  const auto name = words.front();
  if (name.starts_with('[')) return note("the server names itself by literal");
  if (!std::ranges::all_of(name, is_domain_octet)) {
    if (name.find('_') != std::string_view::npos)
      return note("the server's name holds an underscore");
    return complain("the first line of the EHLO reply does not begin with a "
                    "domain");
  }
  if (name.find('.') == std::string_view::npos)
    return note("the server's name has no dot");
  return std::nullopt;
}

bool is_keyword(std::string_view word) {
  return !word.empty() && word.front() != '-' &&
         std::ranges::all_of(word, [](char c) {
           return base::is_alpha(c) || base::is_digit(c) || c == '-';
         });
}

Judgement ehlo_keyword_line(const ReplyLine& line) {
  const std::string_view text = line.text;
  const auto end = std::min(text.find(' '), text.size());
  const auto keyword = text.substr(0, end);
  const auto equals = keyword.find('=');
  if (!is_keyword(keyword.substr(0, equals)))
    return complain("an EHLO line does not begin with a keyword");
  if (equals != std::string_view::npos)
    return note("an EHLO line has the legacy form KEYWORD=value");
  for (const char c : text.substr(end)) {
    if (c < ' ' || c > '~')
      return complain("an EHLO parameter holds an octet outside 33 to 126");
  }
  if (text.ends_with(' ') || text.find("  ") != std::string_view::npos)
    return note("an EHLO line holds a trailing or double space");
  return std::nullopt;
}

Judgement ehlo_keywords(const ReplyOrError& reply,
                        const ReplyContext& context) {
  const auto* whole = std::get_if<Reply>(&reply);
  if (!whole || context.command != "EHLO" || whole->code != 250)
    return std::nullopt;
  for (std::size_t i = 1; i < whole->lines.size(); ++i)
    if (auto complaint = ehlo_keyword_line(whole->lines[i])) return complaint;
  return std::nullopt;
}

/// 221 and 421 name the server first (RFC 5321 section 4.2).
Judgement closing_names_server(const ReplyOrError& reply,
                               const ReplyContext&) {
  const auto* whole = std::get_if<Reply>(&reply);
  if (!whole || (whole->code != 221 && whole->code != 421))
    return std::nullopt;
  std::string_view text = whole->lines.front().text;
  const auto code = parse_enhanced(text);
  if (code.form == EnhancedForm::good) text.remove_prefix(code.text.size());
  const auto words = base::words(text);
  if (!words.empty() && (words[0].starts_with('[') ||
                         words[0].find('.') != std::string_view::npos))
    return std::nullopt;
  return note(fmt::format("the text of {} does not begin with the server's "
                          "name", whole->code));
}

/// 421 says that the server closes (RFC 5321 section 4.3.2).
Judgement nothing_after_421(const ReplyOrError&, const ReplyContext& context) {
  if (!context.after_421) return std::nullopt;
  return note("the server said 421, and went on replying");
}

/// One reply a command (RFC 5321 section 4.2); 421 may come at any time.
Judgement one_reply(const ReplyOrError& reply, const ReplyContext& context) {
  const auto* whole = std::get_if<Reply>(&reply);
  if (!context.unasked || !whole || whole->code == 421) return std::nullopt;
  return complain(
      fmt::format("reply {} came and no command was waiting", whole->code));
}

constexpr ReplyRule plain_rules[] = {
    {"one-reply", one_reply},
    {"syntax", syntax},
    {"line-end", line_end},
    {"first-digit", first_digit},
    {"second-digit", second_digit},
    {"known-code", known_code},
    {"same-code", same_code},
    {"text-present", text_present},
    {"printable-text", printable_text},
    {"ascii", ascii},
    {"line-length", line_length},
    {"ehlo-first-line", ehlo_first_line},
    {"ehlo-keywords", ehlo_keywords},
    {"closing-names-server", closing_names_server},
    {"nothing-after-421", nothing_after_421},
};

std::vector<ReplyRule> join(std::span<const ReplyRule> a,
                            std::span<const ReplyRule> b) {
  std::vector<ReplyRule> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

}  // namespace

std::span<const ReplyRule> reply_rules() {
  static const auto rules = join(plain_rules, enhanced_rules());
  return rules;
}

const ReplyRule* find_reply_rule(std::string_view name) {
  const auto rules = reply_rules();
  const auto found = std::ranges::find(rules, name, &ReplyRule::name);
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace smtpspec::smtp
