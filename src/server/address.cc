#include "server/address.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace smtpspec::server {

namespace {

// Limits of RFC 5321 section 4.5.3.1, in octets.
constexpr std::size_t local_part_limit = 64;
constexpr std::size_t domain_limit = 255;
constexpr std::size_t path_limit = 256;

constexpr std::string_view specials = "!#$%&'*/=?^`{}|~";

bool is_non_ascii(char c) { return static_cast<unsigned char>(c) >= 128; }
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 32 || c == '\x7f';
}

/// atext of RFC 5322, with UTF8-non-ascii of RFC 6531 section 3.3.
bool is_atext(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '+' || c == '-' ||
         c == '_' || specials.find(c) != std::string_view::npos ||
         is_non_ascii(c);
}

/// One address, read from its left end.
class AddressParser {
 public:
  AddressParser(std::string_view text, const FlawSet& flaws)
      : text_(text), flaws_(flaws) {}

  AddressResult<Path> path(PathKind kind);
  AddressResult<Mailbox> whole_mailbox();

 private:
  bool flawed(FlawId flaw) const { return flaws_.contains(flaw); }
  bool at_end() const { return position_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[position_]; }
  bool take(char c) {
    if (at_end() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  std::optional<AddressError> bad_octet(std::string_view part) const;
  std::optional<AddressError> source_route();
  AddressResult<Mailbox> mailbox(PathKind kind);
  AddressResult<std::string> local_part();
  AddressResult<std::string> quoted_string();
  AddressResult<std::string> dot_string();
  std::string_view up_to(std::string_view ends);
  std::string up_to_last_at();
  bool accepts_domain(std::string_view domain) const;

  std::string_view text_;
  const FlawSet& flaws_;
  std::size_t position_ = 0;
};

/// The first octet that may stand nowhere in an address. NUL and other
/// controls are no part of any rule of 4.1.2.
std::optional<AddressError> AddressParser::bad_octet(
    std::string_view part) const {
  const bool takes_line_end = flawed("address-line-end-accepted"_flaw);
  const auto is_bad = [takes_line_end](char c) {
    return is_control(c) && !(takes_line_end && (c == '\r' || c == '\n'));
  };
  if (!flawed("address-control-characters-accepted"_flaw) &&
      std::any_of(part.begin(), part.end(), is_bad)) {
    return AddressError::control_character;
  }
  if (!is_utf8(part) && !flawed("eight-bit-address-accepted"_flaw) &&
      !flawed("smtputf8-malformed-accepted"_flaw)) {
    return AddressError::malformed_utf8;
  }
  return std::nullopt;
}

std::string_view AddressParser::up_to(std::string_view ends) {
  const std::size_t begin = position_;
  position_ = std::min(text_.find_first_of(ends, begin), text_.size());
  return text_.substr(begin, position_ - begin);
}

std::string AddressParser::up_to_last_at() {
  const auto path = text_.substr(0, text_.find('>', position_));
  const auto at = path.rfind('@');
  if (at == std::string_view::npos || at < position_)
    return std::string(up_to(">"));
  std::string result(text_.substr(position_, at - position_));
  position_ = at;
  return result;
}

AddressResult<Path> AddressParser::path(PathKind kind) {
  if (!take('<')) return AddressError::syntax;
  Path result;
  if (take('>')) {
    if (kind == PathKind::forward) return AddressError::syntax;
    result.is_null = true;
    result.length = position_;
    return result;
  }
  if (const auto error = source_route()) return *error;
  const std::size_t begin = position_;
  auto found = mailbox(kind);
  if (!found) return found.error();
  result.text = text_.substr(begin, position_ - begin);
  if (!take('>')) return AddressError::syntax;
  if (const auto error = bad_octet(text_.substr(0, position_))) return *error;
  const std::size_t limit = flawed("path-256-refused"_flaw) ? path_limit - 1
                                                            : path_limit;
  if (position_ > limit) return AddressError::too_long;
  result.mailbox = std::move(*found);
  result.length = position_;
  return result;
}

/// A-d-l: must be accepted, should be ignored (appendix C).
std::optional<AddressError> AddressParser::source_route() {
  if (peek() != '@') return std::nullopt;
  if (flawed("malformed-local-part-accepted"_flaw) &&
      text_.find(':') == std::string_view::npos) {
    return std::nullopt;
  }
  if (flawed("source-route-refused"_flaw)) return AddressError::syntax;
  do {
    if (!take('@')) return AddressError::syntax;
    const auto domain = up_to(",:>");
    if (!accepts_domain(domain)) return AddressError::domain;
  } while (take(','));
  if (!take(':')) return AddressError::syntax;
  return std::nullopt;
}

AddressResult<Mailbox> AddressParser::mailbox(PathKind kind) {
  const std::size_t begin = position_;
  auto local = local_part();
  if (!local) return local.error();
  const std::size_t length = position_ - begin;
  const bool refuses_64 = flawed("local-part-64-refused"_flaw);
  if (length > local_part_limit - (refuses_64 ? 1 : 0))
    return AddressError::too_long;

  Mailbox result;
  result.local_part = std::move(*local);
  if (!take('@')) {
    const bool is_postmaster =
        kind == PathKind::forward && peek() == '>' &&
        base::equal_without_case(result.local_part, "postmaster");
    if (!is_postmaster) return AddressError::syntax;
    return result;
  }
  auto domain = up_to(">");
  if (kind == PathKind::forward && flawed("rcpt-junk-accepted"_flaw))
    domain = domain.substr(0, domain.find(','));
  if (domain.size() > (flawed("domain-255-refused"_flaw) ? 200 : domain_limit))
    return AddressError::too_long;
  if (!accepts_domain(domain)) return AddressError::domain;
  result.domain = domain;
  result.non_ascii = has_non_ascii(text_.substr(begin, position_ - begin));
  return result;
}

AddressResult<Mailbox> AddressParser::whole_mailbox() {
  auto result = mailbox(PathKind::reverse);
  if (!result) return result;
  if (!at_end()) return AddressError::syntax;
  if (const auto error = bad_octet(text_)) return *error;
  return result;
}

AddressResult<std::string> AddressParser::local_part() {
  if (peek() == '"' && !flawed("malformed-local-part-accepted"_flaw))
    return quoted_string();
  return dot_string();
}

AddressResult<std::string> AddressParser::quoted_string() {
  if (flawed("quoted-local-part-refused"_flaw)) return AddressError::syntax;
  std::string result;
  take('"');
  while (!take('"')) {
    if (at_end()) return AddressError::syntax;
    if (take('\\')) {
      if (at_end()) return AddressError::syntax;
      if (flawed("quoted-pair-kept"_flaw)) result += '\\';
    }
    result += text_[position_++];
  }
  // Erratum 5414: the quoted string of a local part is not empty.
  if (result.empty()) return AddressError::syntax;
  return result;
}

AddressResult<std::string> AddressParser::dot_string() {
  if (flawed("malformed-local-part-accepted"_flaw)) return up_to_last_at();
  const auto part = up_to("@>");
  const bool lenient = flawed("smtputf8-specials-accepted"_flaw) &&
                       has_non_ascii(part);
  for (const std::string_view atom : base::split(part, '.')) {
    if (atom.empty()) return AddressError::syntax;
    for (const char c : atom) {
      const bool refused =
          (flawed("atom-specials-refused"_flaw) &&
           specials.find(c) != std::string_view::npos) ||
          (flawed("smtputf8-mailbox-refused"_flaw) && is_non_ascii(c));
      const bool fits =
          is_atext(c) || (lenient && !is_control(c)) ||
          (flawed("address-control-characters-accepted"_flaw) &&
           is_control(c));
      if (is_control(c) && !fits) return AddressError::control_character;
      if (refused || !fits) return AddressError::syntax;
    }
  }
  return std::string(part);
}

/// Whether `label` is one of a domain; `utf8` allows U-labels.
bool is_label(std::string_view label, bool utf8) {
  if (label.empty() || label.size() > 63) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [utf8](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' ||
           (utf8 && is_non_ascii(c));
  });
}

bool all_labels(std::string_view domain, bool utf8) {
  const auto labels = base::split(domain, '.');
  return std::all_of(labels.begin(), labels.end(), [utf8](auto label) {
    return is_label(label, utf8);
  });
}

bool AddressParser::accepts_domain(std::string_view domain) const {
  if (!domain.empty() && domain.front() == '[') {
    if (domain.back() != ']' && flawed("malformed-domain-accepted"_flaw))
      return true;
    return !flawed("address-literal-refused"_flaw) &&
           is_address_literal(domain);
  }
  if (flawed("invalid-domain-accepted"_flaw) && !domain.empty()) return true;
  if (flawed("address-control-characters-accepted"_flaw) &&
      std::any_of(domain.begin(), domain.end(), is_control)) {
    return true;
  }
  if (flawed("malformed-domain-accepted"_flaw)) {
    return std::all_of(domain.begin(), domain.end(), [](char c) {
      return c == '.' || c == '-' || is_label(std::string_view(&c, 1), true);
    });
  }
  return all_labels(domain, !flawed("smtputf8-domain-refused"_flaw));
}

bool is_hex_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const char lower = static_cast<char>(c | 0x20);
           return base::is_digit(c) || (lower >= 'a' && lower <= 'f');
         });
}

/// The number of 16-bit groups in "1:2:192.0.2.1" (an IPv4 address counts two
/// and stands last, where `may_end_in_ipv4`), or nothing if it is malformed.
std::optional<std::size_t> count_groups(std::string_view text,
                                        bool may_end_in_ipv4) {
  if (text.empty()) return 0;
  const auto groups = base::split(text, ':');
  std::size_t count = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const bool is_last = i + 1 == groups.size();
    if (is_last && may_end_in_ipv4 && is_ipv4_address(groups[i])) {
      count += 2;
    } else if (is_hex_group(groups[i])) {
      ++count;
    } else {
      return std::nullopt;
    }
  }
  return count;
}

}  // namespace

AddressResult<Path> parse_path(std::string_view input, PathKind kind,
                               const FlawSet& flaws) {
  return AddressParser(input, flaws).path(kind);
}

AddressResult<Mailbox> parse_mailbox(std::string_view input,
                                     const FlawSet& flaws) {
  return AddressParser(input, flaws).whole_mailbox();
}

bool is_domain(std::string_view text) {
  return text.size() <= domain_limit && all_labels(text, false);
}

bool is_address_literal(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']')
    return false;
  text = text.substr(1, text.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  if (base::starts_without_case(text, tag))
    return is_ipv6_address(text.substr(tag.size()));
  return is_ipv4_address(text);
}

bool is_ipv4_address(std::string_view text) {
  const auto numbers = base::split(text, '.');
  if (numbers.size() != 4) return false;
  return std::all_of(numbers.begin(), numbers.end(), [](auto number) {
    if (number.empty() || number.size() > 3) return false;
    int value = 0;
    for (const char c : number) {
      if (!base::is_digit(c)) return false;
      value = value * 10 + (c - '0');
    }
    return value <= 255;
  });
}

bool is_ipv6_address(std::string_view text) {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8u;
  const auto left = count_groups(text.substr(0, gap), false);
  const auto right = count_groups(text.substr(gap + 2), true);
  // 4.1.3: "::" stands for at least two groups.
  return left && right && *left + *right <= 6;
}

bool is_atom(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_atext);
}

bool has_non_ascii(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_non_ascii);
}

/// RFC 3629 section 4, by its table of ranges.
bool is_utf8(std::string_view text) {
  const auto octet = [&text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  for (std::size_t i = 0; i < text.size();) {
    const int first = octet(i);
    const int second = octet(i + 1);
    std::size_t length = 1;
    if (first >= 0xc2 && first <= 0xdf) length = 2;
    if (first >= 0xe0 && first <= 0xef) length = 3;
    if (first >= 0xf0 && first <= 0xf4) length = 4;
    if (first >= 0x80 && length == 1) return false;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((octet(i + k) & 0xc0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

}  // namespace smtpspec::server
