#include "smtp/enhanced.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace smtpspec::smtp {
namespace {

// Highest registered detail by subject: X.0.0, X.1.0 to X.1.10, and so on.
constexpr std::array highest_detail{0, 10, 4, 6, 7, 6, 10, 30};

/// The reply codes that go with a detail: RFC 5248 section 2.4, table 1. What
/// it does not give is left out. It forgets the 452 that RFC 5321 section
/// 4.5.3.1.10 wants for too many recipients, and the 502 of section 4.2.4 for a
/// command that is not implemented, and 251.
struct Pairing {
  std::string_view detail;
  std::string_view reply_codes;
};

constexpr auto pairings = std::to_array<Pairing>({
    {"1.1", "451 550"},
    {"1.3", "501"},
    {"1.5", "250 251"},
    {"1.8", "451 501"},
    {"2.2", "552"},
    {"2.3", "552"},
    {"2.4", "450 452"},
    {"3.0", "221 250 421 451 550 554"},
    {"3.1", "452"},
    {"3.2", "453"},
    {"3.4", "552 554"},
    {"4.1", "451"},
    {"4.2", "421"},
    {"4.3", "451 550"},
    {"4.5", "451"},
    {"5.0", "220 250 251 252 253 451 452 454 458 459 501 502 503 554"},
    {"5.1", "430 500 501 502 503 530 550 554 555"},
    {"5.2", "500 501 502 550 555"},
    {"5.3", "451 452"},
    {"5.4", "451 501 502 503 504 550 555"},
    {"5.6", "500"},
    {"6.3", "554"},
    {"6.4", "250"},
    {"6.6", "554"},
    {"7.0", "220 235 450 454 500 501 503 504 530 535 550"},
    {"7.1", "451 454 502 503 533 550 551"},
    {"7.2", "550"},
    {"7.4", "504"},
    {"7.8", "535 554"},
    {"7.9", "534"},
    {"7.10", "523"},
    {"7.11", "524 538"},
    {"7.12", "422 432"},
    {"7.13", "525"},
    {"7.14", "535 554"},
});

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

bool may_pair(int reply_code, std::string_view code) {
  const auto found =
      std::ranges::find(pairings, code.substr(2), &Pairing::detail);
  return found == pairings.end() ||
         found->reply_codes.find(std::to_string(reply_code)) !=
             std::string_view::npos;
}

}  // namespace smtpspec::smtp
