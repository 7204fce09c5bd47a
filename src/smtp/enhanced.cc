#include "smtp/enhanced.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace smtpspec::smtp {
namespace {

// Highest registered detail by subject: X.0.0, X.1.0 to X.1.10, and so on.
constexpr std::array highest_detail{0, 10, 4, 6, 7, 6, 10, 30};

bool is_number(std::string_view part) {
  return !part.empty() && part.size() <= 3 &&
         std::ranges::all_of(part, base::is_digit);
}

int number(std::string_view digits) {
  int result = 0;
  for (const char c : digits) result = result * 10 + (c - '0');
  return result;
}

bool has_leading_zero(std::string_view part) {
  return part.size() > 1 && part.front() == '0';
}

}  // namespace

EnhancedCode parse_enhanced(std::string_view line_text) {
  EnhancedCode code;
  const auto end = std::min(line_text.find_first_not_of("0123456789."),
                            line_text.size());
  code.text = line_text.substr(0, end);
  code.next = end < line_text.size() ? line_text[end] : '\0';
  const auto parts = base::split(code.text, '.');
  // "127.0.0.1 is not welcome" and "250 octets" are texts, not codes.
  if (parts.size() < 2 || parts.size() > 3 || parts[0].size() != 1 ||
      code.text.ends_with('.')) {
    return {};
  }
  code.form = EnhancedForm::malformed;
  if (parts.size() != 3) return code;
  const bool class_is_good =
      parts[0] == "2" || parts[0] == "4" || parts[0] == "5";
  if (class_is_good && is_number(parts[1]) && is_number(parts[2])) {
    code.form = EnhancedForm::good;
    code.leading_zero = has_leading_zero(parts[1]) || has_leading_zero(parts[2]);
  }
  return code;
}

bool is_registered(std::string_view code) {
  const auto parts = base::split(code, '.');
  const auto subject = static_cast<std::size_t>(number(parts[1]));
  return subject < highest_detail.size() &&
         number(parts[2]) <= highest_detail[subject];
}

}  // namespace smtpspec::smtp
