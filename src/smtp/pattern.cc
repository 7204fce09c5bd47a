#include "smtp/pattern.h"

#include <algorithm>
#include <stdexcept>

#include "base/base64.h"
#include "base/text.h"
#include "smtp/enhanced.h"

namespace smtpspec::smtp {
namespace {

constexpr std::string_view any_code = "xyz";

bool is_placeholder(char c) { return c == 'x' || c == 'y' || c == 'z'; }

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 3 &&
         std::all_of(text.begin(), text.end(), base::is_digit);
}

// RFC 5321 section 4.2: %x32-35 %x30-35 %x30-39. The second digit is not
// limited here: which replies obey is for reply_rules.h to say.
bool is_code(std::string_view text) {
  return text.size() == 3 && text[0] >= '2' && text[0] <= '5' &&
         (base::is_digit(text[1]) || text[1] == 'y') &&
         (base::is_digit(text[2]) || text[2] == 'z');
}

// RFC 3463 section 2: class "." subject "." detail.
bool is_enhanced_pattern(std::string_view text) {
  const auto parts = base::split(text, '.');
  return parts.size() == 3 && parts[0].size() == 1 &&
         std::string_view("245x").find(parts[0]) != std::string_view::npos &&
         (is_number(parts[1]) || parts[1] == "y") &&
         (is_number(parts[2]) || parts[2] == "z");
}

bool fits_enhanced(std::string_view pattern, std::string_view code) {
  const auto wanted = base::split(pattern, '.');
  const auto found = base::split(code, '.');
  return std::equal(wanted.begin(), wanted.end(), found.begin(), found.end(),
                    [](std::string_view want, std::string_view have) {
                      return is_placeholder(want[0]) || want == have;
                    });
}

bool matches_text(const TextPattern& pattern, const std::string& text,
                  Captures* captures) {
  boost::smatch found;
  try {
    if (!boost::regex_search(text, found, pattern.regex,
                             boost::match_not_dot_newline)) {
      return pattern.negated;
    }
  } catch (const std::runtime_error&) {
    // The text comes from the server: one that makes the search explode has
    // not been shown to match.
    return false;
  }
  if (pattern.negated) return false;
  if (captures == nullptr) return true;
  for (const auto& name : group_names(pattern.source)) {
    const auto& group = found[name];
    if (group.matched) (*captures)[name] = group.str();
  }
  return true;
}

}  // namespace

bool ReplyPattern::matches_code(int reply_code) const {
  const auto digits = std::to_string(reply_code);
  return std::equal(code.begin(), code.end(), digits.begin(), digits.end(),
                    [](char want, char have) {
                      return is_placeholder(want) || want == have;
                    });
}

bool ReplyPattern::matches(const Reply& reply, Captures* captures) const {
  if (!matches_code(reply.code)) return false;
  if (!enhanced.empty() &&
      !fits_enhanced(enhanced, enhanced_code(reply.lines.front().text))) {
    return false;
  }
  if (!text) return true;
  const std::string seen = text->sees_octets ? reply.raw() : reply.text();
  if (!text->variable.empty()) {
    if (captures == nullptr || !captures->contains(text->variable)) return false;
    const std::string& wanted = captures->at(text->variable);
    const bool fits =
        text->sees_octets ? seen.starts_with(wanted) : seen == wanted;
    return fits != text->negated;
  }
  if (!text->is_base64) return matches_text(*text, seen, captures);
  const auto octets = base::base64_decode(reply.text());
  return octets && matches_text(*text, *octets, captures);
}

std::string ReplyPattern::to_string() const {
  std::string result = code == any_code ? "any" : code;
  if (!enhanced.empty()) result += " " + enhanced;
  if (text) {
    result += text->negated ? " !~" : " ~";
    if (text->is_base64) result += "base64";
    if (text->sees_octets) result += "octets";
    result += text->variable.empty() ? " /" + text->source + "/"
                                     : " ${" + text->variable + "}";
  }
  return result;
}

std::optional<ReplyPattern> parse_reply_pattern(std::string_view text) {
  const auto space = text.find(' ');
  const auto code = text.substr(0, space);
  ReplyPattern pattern;
  if (code == "any") {
    pattern.code = any_code;
  } else if (is_code(code)) {
    pattern.code = code;
  } else {
    return {};
  }
  if (space == std::string_view::npos) return pattern;
  const auto enhanced = text.substr(space + 1);
  if (!is_enhanced_pattern(enhanced)) return {};
  pattern.enhanced = enhanced;
  return pattern;
}

std::string_view enhanced_code(std::string_view line_text) {
  const auto code = parse_enhanced(line_text);
  const bool ends = code.next == ' ' || code.next == '\0';
  return code.form == EnhancedForm::good && ends ? code.text
                                                 : std::string_view{};
}

std::vector<std::string> group_names(std::string_view regex) {
  std::vector<std::string> names;
  bool in_class = false;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == '\\') {
      ++i;
    } else if (in_class) {
      in_class = regex[i] != ']';
    } else if (regex[i] == '[') {
      in_class = true;
    } else if (regex.substr(i).starts_with("(?<")) {
      const auto name = regex.substr(i + 3, regex.find('>', i) - (i + 3));
      if (!name.empty() && base::is_alpha(name[0])) names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace smtpspec::smtp
