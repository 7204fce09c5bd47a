#include "smtp/trace.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"

namespace smtpspec::smtp {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Takes a comment with the comments in it off `text`, which begins with '('.
/// Returns what is in it; `is_open` if its end is missing.
std::string take_comment(std::string_view& text, bool& is_open) {
  std::size_t depth = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      break;
    }
  }
  is_open = at >= text.size();
  at = std::min(at, text.size());
  std::string comment(text.substr(1, at - 1));
  text.remove_prefix(std::min(at + 1, text.size()));
  return comment;
}

/// Takes a word off `text`: up to a space, '(' or ';' outside quotes.
std::string_view take_word(std::string_view& text) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      ++at;
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (is_space(c) || c == '(' || c == ';')) break;
  }
  at = std::min(at, text.size());
  const auto word = text.substr(0, at);
  text.remove_prefix(at);
  return word;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

// --- date-time ---

constexpr std::array months{"jan", "feb", "mar", "apr", "may", "jun",
                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array weekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

template <class Names>
std::optional<std::size_t> index_of(const Names& names, std::string_view word) {
  const auto lower = base::to_lower(word);
  const auto found = std::ranges::find(names, lower);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}

  /// Skips spaces and comments; notes a comment as an obsolete layout.
  void skip() {
    for (;;) {
      skip_spaces(text_);
      if (!text_.starts_with('(')) return;
      bool is_open = false;
      take_comment(text_, is_open);
      saw_comment_ = true;
    }
  }
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool at_space() const { return !text_.empty() && is_space(text_.front()); }
  bool saw_comment() const { return saw_comment_; }
  std::string_view letters() { return run(base::is_alpha); }
  std::string_view digits() { return run(base::is_digit); }
  std::string_view rest() const { return text_; }

 private:
  std::string_view run(bool (*wanted)(char)) {
    const auto end = std::ranges::find_if_not(text_, wanted) - text_.begin();
    const auto taken = text_.substr(0, static_cast<std::size_t>(end));
    text_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view text_;
  bool saw_comment_ = false;
};

/// A number of `low` to `high` digits; no more than nine count.
std::optional<int> number(std::string_view digits, std::size_t low,
                          std::size_t high) {
  if (digits.size() < low || digits.size() > high) return std::nullopt;
  int value = 0;
  for (const char c : digits.substr(0, 9)) value = value * 10 + (c - '0');
  return value;
}

bool read_weekday(DateReader& reader, DateTime& date) {
  reader.skip();
  const auto word = reader.letters();
  if (word.empty()) return true;
  if (!index_of(weekdays, word)) return false;
  date.weekday = word;
  reader.skip();
  return reader.take(',');
}

bool read_date(DateReader& reader, DateTime& date) {
  reader.skip();
  const auto day = number(reader.digits(), 1, 2);
  reader.skip();
  const auto month = index_of(months, reader.letters());
  reader.skip();
  const auto digits = reader.digits();
  const auto year = number(digits, 2, digits.size());
  if (!day || !month || !year || !reader.at_space()) return false;
  date.day = *day;
  date.month = static_cast<int>(*month) + 1;
  date.year = *year;
  date.year_digits = digits.size();
  return true;
}

/// One colon; spaces beside it are of the obs- forms.
bool read_colon(DateReader& reader, DateTime& date) {
  DateReader ahead = reader;
  ahead.skip();
  if (!ahead.take(':')) return false;
  if (reader.at_space() || ahead.at_space()) date.is_obsolete_layout = true;
  ahead.skip();
  reader = ahead;
  return true;
}

bool read_time(DateReader& reader, DateTime& date) {
  reader.skip();
  const auto hour = number(reader.digits(), 2, 2);
  if (!hour || !read_colon(reader, date)) return false;
  const auto minute = number(reader.digits(), 2, 2);
  if (!minute) return false;
  date.hour = *hour;
  date.minute = *minute;
  if (!read_colon(reader, date)) return true;
  date.second = number(reader.digits(), 2, 2);
  return date.second.has_value();
}

void read_zone(DateReader& reader, DateTime& date) {
  reader.skip();
  if (reader.saw_comment()) date.is_obsolete_layout = true;
  for (const char sign : {'+', '-'})
    if (reader.take(sign)) date.zone = sign + std::string(reader.digits());
  if (date.zone.empty()) date.zone = reader.letters();
  reader.skip();
  date.rest = reader.rest();
}

int full_year(const DateTime& date) {
  if (date.year_digits == 2) return date.year + (date.year < 50 ? 2000 : 1900);
  return date.year_digits == 3 ? date.year + 1900 : date.year;
}

std::string wrong_weekday(const DateTime& date,
                          std::chrono::year_month_day day) {
  if (date.weekday.empty()) return {};
  const auto right =
      std::chrono::weekday(std::chrono::sys_days(day)).c_encoding();
  if (index_of(weekdays, date.weekday) == right) return {};
  return fmt::format("that day is no {}", date.weekday);
}

}  // namespace

bool DateTime::has_numeric_zone() const {
  return zone.starts_with('+') || zone.starts_with('-');
}

std::string DateTime::impossibility() const {
  const int whole_year = full_year(*this);
  if (whole_year < 1900) return "the year is before 1900";
  if (hour > 23 || minute > 59 || second.value_or(0) > 60)
    return "there is no such time of day";
  if (has_numeric_zone() && zone.size() == 5 && zone[3] > '5')
    return "the zone has more than 59 minutes";
  if (whole_year > 9999) return {};
  const std::chrono::year_month_day whole_date{
      std::chrono::year(whole_year),
      std::chrono::month(static_cast<unsigned>(month)),
      std::chrono::day(static_cast<unsigned>(day))};
  if (!whole_date.ok()) return "there is no such day";
  return wrong_weekday(*this, whole_date);
}

std::optional<DateTime> parse_date_time(std::string_view text) {
  DateReader reader(text);
  DateTime date;
  if (!read_weekday(reader, date) || !read_date(reader, date) ||
      !read_time(reader, date))
    return std::nullopt;
  read_zone(reader, date);
  return date;
}

// --- Received ---

namespace {

bool is_path(std::string_view word) {
  return word.starts_with('<') || word.starts_with(',') ||
         word.find('@') != std::string_view::npos;
}

bool is_atom(std::string_view word) {
  return std::ranges::all_of(word, [](char c) {
    return base::is_alpha(c) || base::is_digit(c) ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) !=
               std::string_view::npos;
  });
}

/// `word` split at commas outside quotes and angle brackets; no empty parts.
std::vector<std::string> split_paths(std::string_view word) {
  std::vector<std::string> paths(1);
  bool quoted = false;
  bool angled = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '<' || c == '>')) angled = c == '<';
    if (c == ',' && !quoted && !angled) {
      paths.emplace_back();
      continue;
    }
    paths.back() += c;
    if (quoted && c == '\\' && i + 1 < word.size()) paths.back() += word[++i];
  }
  std::erase(paths, "");
  return paths;
}

class StampReader {
 public:
  Stamp read(std::string_view text) {
    while (skip_spaces(text), !text.empty()) {
      if (text.starts_with('(')) {
        add_comment(take_comment(text, stamp_.has_open_comment));
      } else if (text.starts_with(';')) {
        text.remove_prefix(1);
        ++stamp_.semicolons;
        if (!has_semicolon_ahead(text)) {
          skip_spaces(text);
          stamp_.date_text = text;
          stamp_.date = parse_date_time(text);
          return std::move(stamp_);
        }
      } else {
        add_word(take_word(text));
      }
    }
    return std::move(stamp_);
  }

 private:
  static bool has_semicolon_ahead(std::string_view text) {
    bool is_open = false;
    while (skip_spaces(text), !text.empty()) {
      if (text.starts_with(';')) return true;
      if (text.starts_with('(')) {
        take_comment(text, is_open);
      } else {
        take_word(text);
      }
    }
    return false;
  }

  void add_comment(std::string comment) {
    auto& place = stamp_.clauses.empty() ? stamp_.comments
                                         : stamp_.clauses.back().comments;
    place.push_back(std::move(comment));
  }

  void add_word(std::string_view word) {
    Clause* last = stamp_.clauses.empty() ? nullptr : &stamp_.clauses.back();
    const bool is_keyword = is_stamp_keyword(word);
    const bool is_value = last && !is_keyword &&
                          (last->values.empty() || !is_atom(word) ||
                           (last->name == "for" && is_path(word)));
    if (!is_value) {
      stamp_.clauses.push_back({base::to_lower(word), {}, {}});
    } else if (last->name == "for") {
      for (auto& path : split_paths(word)) last->values.push_back(path);
    } else {
      last->values.emplace_back(word);
    }
  }

  Stamp stamp_;
};

}  // namespace

std::string Clause::text() const {
  std::string all;
  for (const auto& word : values) all += word + ' ';
  for (const auto& comment : comments) all += '(' + comment + ") ";
  return all;
}

const Clause* Stamp::find(std::string_view name) const {
  const auto found = std::ranges::find(clauses, name, &Clause::name);
  return found == clauses.end() ? nullptr : &*found;
}

bool is_stamp_keyword(std::string_view word) {
  constexpr std::array keywords{"from", "by", "via", "with", "id", "for"};
  return word.size() <= 4 && index_of(keywords, word).has_value();
}

Stamp parse_stamp(std::string_view text) { return StampReader().read(text); }

// --- addresses ---

namespace {

/// The place behind the path that `text` begins with, outside quotes.
std::size_t end_of_path(std::string_view text) {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (text[at] == '>' && !quoted) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// The route of "@a,@b:mailbox", with its colon.
std::string_view route_of(std::string_view address) {
  if (!address.starts_with('@')) return {};
  const auto colon = address.find(':');
  return colon == std::string_view::npos ? std::string_view{}
                                         : address.substr(0, colon + 1);
}

std::string unquoted_local_part(std::string_view local) {
  if (!local.starts_with('"')) return std::string(local);
  std::string plain;
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '"') continue;
    if (local[i] == '\\' && i + 1 < local.size()) ++i;
    plain += local[i];
  }
  return plain;
}

bool is_word_octet(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_';
}

bool is_ip_octet(char c) {
  const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return base::is_digit(c) || (low >= 'a' && low <= 'f') || c == ':' ||
         c == '.';
}

std::optional<IpAddress> parse_plain_ip(std::string_view text) {
  // Longer than any spelling of an address.
  if (text.empty() || text.size() > 45) return std::nullopt;
  const std::string copy(text);
  IpAddress address{};
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  address = {};
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, copy.c_str(), address.data() + 12) == 1)
    return address;
  return std::nullopt;
}

bool is_v4(const IpAddress& address) {
  constexpr IpAddress prefix{0, 0, 0,    0,    0, 0, 0, 0,
                             0, 0, 0xff, 0xff, 0, 0, 0, 0};
  return std::equal(prefix.begin(), prefix.begin() + 12, address.begin());
}

/// The address in a run of octets that addresses are made of.
std::optional<IpAddress> ip_of_run(std::string_view run) {
  if (const auto address = parse_plain_ip(run)) return address;
  while (run.ends_with('.') || run.ends_with(':')) run.remove_suffix(1);
  if (const auto address = parse_plain_ip(run)) return address;
  // "192.0.2.1:25"
  return parse_plain_ip(run.substr(0, run.find(':')));
}

}  // namespace

ReturnPath parse_return_path(std::string_view body) {
  ReturnPath path;
  path.has_leading_blank = !body.empty() && is_space(body.front());
  skip_spaces(body);
  while (!body.empty() && is_space(body.back())) body.remove_suffix(1);
  path.is_angled =
      body.starts_with('<') && end_of_path(body) != std::string_view::npos;
  if (!path.is_angled) {
    path.address = body;
    return path;
  }
  const auto end = end_of_path(body);
  path.rest = base::trim(body.substr(end));
  auto inside = body.substr(1, end - 2);
  const auto route = route_of(inside);
  inside.remove_prefix(route.size());
  path.route = route.substr(0, route.empty() ? 0 : route.size() - 1);
  path.address = inside;
  return path;
}

std::string mailbox_of(std::string_view path) {
  return parse_return_path(path.starts_with('<') ? std::string(path)
                                                 : fmt::format("<{}>", path))
      .address;
}

bool same_mailbox(std::string_view a, std::string_view b) {
  const auto at_a = std::min(a.rfind('@'), a.size());
  const auto at_b = std::min(b.rfind('@'), b.size());
  return unquoted_local_part(a.substr(0, at_a)) ==
             unquoted_local_part(b.substr(0, at_b)) &&
         base::equal_without_case(a.substr(at_a), b.substr(at_b));
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']'))
    text = text.substr(1, text.size() - 2);
  if (base::starts_without_case(text, "IPv6:")) text.remove_prefix(5);
  return parse_plain_ip(text.substr(0, text.find('%')));
}

std::vector<IpAddress> ips_in(std::string_view text) {
  std::vector<IpAddress> found;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    if (!is_ip_octet(text[begin])) continue;
    std::size_t end = begin;
    while (end < text.size() && is_ip_octet(text[end])) ++end;
    auto run = text.substr(begin, end - begin);
    const bool is_tagged =
        begin >= 3 && run.starts_with("6:") &&
        base::equal_without_case(text.substr(begin - 3, 3), "IPv");
    if (is_tagged) run.remove_prefix(2);
    const bool is_apart =
        (is_tagged || begin == 0 || !is_word_octet(text[begin - 1])) &&
        (end == text.size() || !is_word_octet(text[end]));
    begin = end;
    if (!is_apart) continue;
    if (const auto address = ip_of_run(run)) found.push_back(*address);
  }
  return found;
}

bool is_loopback(const IpAddress& address) {
  if (is_v4(address)) return address[12] == 127;
  IpAddress one{};
  one[15] = 1;
  return address == one;
}

}  // namespace smtpspec::smtp
