#include "fuzzing/unit_mutator.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace smtpspec::fuzzing {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Octets from `at` on, `size` of them.
struct Piece {
  std::size_t at = 0;
  std::size_t size = 0;
};

/// The pieces of `octets` between any of `separators`, none of them empty.
std::vector<Piece> pieces(std::string_view octets, std::string_view separators) {
  std::vector<Piece> result;
  std::size_t at = 0;
  while ((at = octets.find_first_not_of(separators, at)) !=
         std::string_view::npos) {
    const auto end = std::min(octets.find_first_of(separators, at),
                              octets.size());
    result.push_back({at, end - at});
    at = end;
  }
  return result;
}

/// The words of the first line.
std::vector<Piece> first_words(std::string_view octets) {
  return pieces(octets.substr(0, octets.find_first_of("\r\n")), " \t");
}

/// `words`, of `octets`, are not empty.
std::string verb_in(std::string_view octets, const std::vector<Piece>& words) {
  return base::to_upper(octets.substr(words[0].at, words[0].size));
}

/// Where '<' and the '>' behind it stand: what is between them.
std::vector<Piece> addresses(std::string_view octets) {
  std::vector<Piece> result;
  for (std::size_t at = 0;
       (at = octets.find('<', at)) != std::string_view::npos;) {
    const auto end = octets.find_first_of(">\r\n", ++at);
    if (end != std::string_view::npos) result.push_back({at, end - at});
  }
  return result;
}

std::vector<Piece> numbers(std::string_view octets) {
  std::vector<Piece> result;
  for (std::size_t at = 0; at < octets.size();) {
    std::size_t end = at;
    while (end < octets.size() && base::is_digit(octets[end])) ++end;
    if (end > at) result.push_back({at, end - at});
    at = end + 1;
  }
  return result;
}

}  // namespace

WordKind UnitMutator::kind_of_word(std::string_view verb, std::size_t index) {
  if (index == 0) return WordKind::verb;
  if (verb == "EHLO" || verb == "HELO" || verb == "LHLO")
    return WordKind::greeting;
  if (verb == "AUTH")
    return index == 1 ? WordKind::mechanism : WordKind::response;
  if (verb == "MAIL") return WordKind::mail;
  if (verb == "RCPT") return WordKind::rcpt;
  if (verb == "HELP") return WordKind::keyword;
  if (verb == "VRFY" || verb == "EXPN" || verb == "ETRN")
    return WordKind::address;
  return dice_.one_in(2) ? WordKind::octets : WordKind::content;
}

bool UnitMutator::replace_word(std::string& octets) {
  const auto words = first_words(octets);
  if (words.empty()) return false;
  const std::string verb = verb_in(octets, words);
  // The verb is left alone mostly: what stands behind it is richer.
  const std::size_t index = words.size() > 1 && !dice_.one_in(6)
                                ? dice_.between(1, words.size() - 1)
                                : 0;
  const bool is_path = index == 1 && (verb == "MAIL" || verb == "RCPT");
  if (is_path && replace_address(octets)) return true;
  const Piece piece = words[index];
  octets.replace(piece.at, piece.size, word(kind_of_word(verb, index)));
  return true;
}

bool UnitMutator::add_word(std::string& octets) {
  const auto words = first_words(octets);
  if (words.empty()) return false;
  const std::string verb = verb_in(octets, words);
  const std::size_t index = dice_.between(1, words.size());
  const std::size_t at = words[index - 1].at + words[index - 1].size;
  octets.insert(at, " " + word(kind_of_word(verb, words.size())));
  return true;
}

bool UnitMutator::remove_word(std::string& octets) {
  const auto words = first_words(octets);
  if (words.size() < 2) return false;
  const std::size_t index = dice_.between(1, words.size() - 1);
  const std::size_t from = words[index - 1].at + words[index - 1].size;
  octets.erase(from, words[index].at + words[index].size - from);
  return true;
}

bool UnitMutator::replace_address(std::string& octets) {
  const auto found = addresses(octets);
  if (found.empty()) return false;
  const Piece piece = dice_.pick(found);
  octets.replace(piece.at, piece.size, word(WordKind::address));
  return true;
}

bool UnitMutator::change_end(std::string& octets) {
  std::vector<Piece> ends;
  for (std::size_t at = 0;
       (at = octets.find("\r\n", at)) != std::string::npos; at += 2) {
    const bool has_dot = octets.compare(at, 5, "\r\n.\r\n") == 0;
    ends.push_back({at, has_dot ? 5u : 2u});
  }
  if (ends.empty()) return false;
  const Piece piece = dice_.pick(ends);
  octets.replace(piece.at, piece.size, word(WordKind::end));
  return true;
}

bool UnitMutator::grow(std::string& octets) {
  static constexpr std::size_t limits[] = {64,   255,  256,  512,  512,
                                           512,  1000, 1000, 1024, 2048,
                                           4096, 12288};
  const auto words = pieces(octets, blanks);
  if (words.empty()) return false;
  const Piece piece = dice_.pick(words);
  const std::size_t start = octets.rfind('\n', piece.at) + 1;
  const std::size_t end = octets.find('\n', piece.at);
  const std::size_t length = std::min(end, octets.size() - 1) + 1 - start;
  const std::size_t wanted = dice_.pick(limits) + dice_.below(5) - 2;
  if (length >= wanted) return false;
  // An octet of it, or all of it, again and again.
  const std::size_t size = dice_.one_in(2) ? 1 : piece.size;
  const std::string filler =
      octets.substr(piece.at + piece.size - size, size);
  std::string added;
  while (added.size() < wanted - length) added += filler;
  added.resize(wanted - length);
  octets.insert(piece.at + piece.size, added);
  return true;
}

bool UnitMutator::change_number(std::string& octets) {
  static constexpr std::string_view values[] = {
      "0",          "1",          "-1",
      "2",          "9",          "10",
      "255",        "256",        "999",
      "1000",       "65535",      "65536",
      "2147483647", "2147483648", "4294967295",
      "4294967296", "00",         "9223372036854775807",
      "+1",         "0x10",       "9223372036854775808",
      "1e3",        " 1",         "18446744073709551615",
      "",           "1.5",        "18446744073709551616",
      "007",        "99999999999999999999999999"};
  const auto found = numbers(octets);
  if (found.empty()) return false;
  const Piece piece = dice_.pick(found);
  if (dice_.one_in(3) && piece.size < 9) {
    const auto value = std::stoul(octets.substr(piece.at, piece.size));
    octets.replace(piece.at, piece.size,
                   std::to_string(dice_.one_in(2) && value > 0 ? value - 1
                                                               : value + 1));
  } else {
    octets.replace(piece.at, piece.size, dice_.pick(values));
  }
  return true;
}

bool UnitMutator::change_case(std::string& octets) {
  const auto words = first_words(octets);
  if (words.empty()) return false;
  const Piece piece = words[0];
  for (std::size_t i = piece.at; i < piece.at + piece.size; ++i) {
    if (base::is_alpha(octets[i]) && dice_.one_in(2))
      octets[i] = static_cast<char>(octets[i] ^ 0x20);
  }
  return true;
}

bool UnitMutator::change_octets(std::string& octets) {
  if (octets.empty()) return insert_octets(octets);
  if (!bytes_) {
    change_octets_one_by_one(octets);
    return true;
  }
  const std::size_t size = octets.size();
  octets.resize(size + 64);
  octets.resize(std::min(
      bytes_(reinterpret_cast<std::uint8_t*>(octets.data()), size,
             octets.size()),
      octets.size()));
  return true;
}

void UnitMutator::change_octets_one_by_one(std::string& octets) {
  for (std::size_t i = dice_.between(1, 4); i > 0; --i) {
    auto& octet = octets[dice_.below(octets.size())];
    const auto changed = static_cast<unsigned char>(octet) ^
                         std::size_t{1} << dice_.below(8);
    octet = static_cast<char>(dice_.one_in(2) ? changed : dice_.below(256));
  }
}

bool UnitMutator::insert_octets(std::string& octets) {
  octets.insert(dice_.below(octets.size() + 1), word(WordKind::octets));
  return true;
}

bool UnitMutator::insert_content(std::string& octets) {
  std::vector<std::size_t> starts{0};
  for (std::size_t at = 0;
       (at = octets.find("\r\n", at)) != std::string::npos;) {
    starts.push_back(at += 2);
  }
  // Not behind the end.
  if (starts.size() > 2) starts.resize(starts.size() - 2);
  octets.insert(dice_.pick(starts), word(WordKind::content) + "\r\n");
  return true;
}

std::string UnitMutator::content() {
  std::string result;
  const std::size_t lines = dice_.below(6);
  for (std::size_t i = 0; i < lines; ++i) {
    result += word(WordKind::content);
    // A line that is a dot ends the mail data.
    result += result == "." || result.ends_with("\n.") ? ".\r\n" : "\r\n";
  }
  return result + "Subject: ${token}\r\n\r\ntext\r\n.\r\n";
}

}  // namespace smtpspec::fuzzing
