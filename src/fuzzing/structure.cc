#include "fuzzing/structure.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "play/command_tracker.h"

namespace smtpspec::fuzzing {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::string_view content_end = "\r\n.\r\n";

constexpr std::array<std::string_view, 26> known_verbs{
    "EHLO", "HELO", "LHLO",     "MAIL",     "RCPT",   "DATA", "BDAT",
    "RSET", "NOOP", "QUIT",     "VRFY",     "EXPN",   "HELP", "AUTH",
    "ETRN", "ATRN", "STARTTLS", "BURL",     "SEND",   "SOML", "SAML",
    "TURN", "VERB", "ONEX",     "XFORWARD", "XCLIENT"};

bool is_octets(const Unit& unit) { return unit.kind == Unit::Kind::octets; }

std::string_view first_line(const Unit& unit) {
  const std::string_view octets = unit.octets;
  return octets.substr(0, octets.find_first_of("\r\n"));
}

/// One command line and nothing behind it.
bool is_single_line(const Unit& unit) {
  return unit.octets.find('\n') + 1 == unit.octets.size();
}

Phase phase_after(const Unit& unit, Phase phase) {
  const std::string verb = verb_of(unit);
  if (phase == Phase::content || is_hello(unit)) return Phase::greeted;
  if (phase == Phase::login && !is_known_verb(verb)) return Phase::login;
  if (phase == Phase::login) phase = Phase::greeted;
  if (verb == "RSET" && phase != Phase::connected) return Phase::greeted;
  if (unit.kind == Unit::Kind::tls || verb == "XCLIENT")
    return Phase::connected;
  if (verb == "AUTH" && phase == Phase::greeted) return Phase::login;
  if (verb == "MAIL" && phase == Phase::greeted) return Phase::mail;
  if (verb == "RCPT" && phase == Phase::mail) return Phase::recipient;
  if (phase != Phase::recipient && phase != Phase::chunks) return phase;
  if (verb == "DATA" && phase == Phase::recipient) return Phase::content;
  if (verb != "BDAT") return phase;
  const auto words = base::words(first_line(unit));
  const bool is_last =
      words.size() > 2 && base::equal_without_case(words[2], "LAST");
  return is_last ? Phase::greeted : Phase::chunks;
}

/// How many units from `first` on belong together; `units[first]` is there.
std::size_t atom_size(const std::vector<Unit>& units, std::size_t first) {
  const std::string verb = verb_of(units[first]);
  const auto is_there = [&](std::size_t at) { return at < units.size(); };
  std::size_t last = first + 1;
  if (verb == "DATA" && is_single_line(units[first])) {
    if (is_there(last) && is_octets(units[last])) ++last;
  } else if (verb == "STARTTLS") {
    if (is_there(last) && units[last].kind == Unit::Kind::tls) ++last;
    if (last > first + 1 && is_there(last) && is_hello(units[last])) ++last;
  } else if (verb == "AUTH") {
    while (is_there(last) && last < first + 4 && is_octets(units[last]) &&
           !is_known_verb(verb_of(units[last])))
      ++last;
  }
  return last - first;
}

}  // namespace

Unit command(std::string_view line) {
  return {Unit::Kind::octets, std::string(line) + "\r\n", "", false, true};
}

std::string verb_of(const Unit& unit) {
  if (!is_octets(unit)) return {};
  return play::verb_of(first_line(unit));
}

bool is_known_verb(std::string_view verb) {
  return std::find(known_verbs.begin(), known_verbs.end(), verb) !=
         known_verbs.end();
}

bool is_hello(const Unit& unit) {
  const std::string verb = verb_of(unit);
  return verb == "EHLO" || verb == "HELO" || verb == "LHLO";
}

std::vector<Phase> phases(const std::vector<Unit>& units) {
  std::vector<Phase> result{Phase::connected};
  for (const Unit& unit : units)
    result.push_back(phase_after(unit, result.back()));
  return result;
}

std::vector<Span> atoms(const std::vector<Unit>& units) {
  std::vector<Span> result;
  for (std::size_t first = 0; first < units.size();) {
    const std::size_t last = first + atom_size(units, first);
    result.push_back({first, last});
    first = last;
  }
  return result;
}

void frame_chunk(Unit& unit) {
  if (verb_of(unit) != "BDAT") return;
  const auto line_end = unit.octets.find(crlf);
  const auto digits = unit.octets.find_first_not_of(" \t", 4);
  if (line_end == std::string::npos || digits >= line_end) return;
  const auto end = std::min(unit.octets.find_first_not_of("0123456789", digits),
                            unit.octets.size());
  if (end == digits) return;
  const auto size = unit.octets.size() - line_end - crlf.size();
  unit.octets.replace(digits, end - digits, std::to_string(size));
}

bool is_doubtful_chunk(std::string_view line) {
  constexpr std::size_t digits_of_all = 9;
  const std::string upper = base::to_upper(line);
  const auto words = base::words(upper);
  if (words.empty() || words[0] != "BDAT") return false;
  if (words.size() < 2 || words[1].size() > digits_of_all ||
      !std::ranges::all_of(words[1], base::is_digit)) {
    return true;
  }
  const auto size = std::string(words[1]);
  return upper != "BDAT " + size && upper != "BDAT " + size + " LAST";
}

void end_content(std::string& octets) {
  if (octets == ".\r\n" || octets.ends_with(content_end)) return;
  if (octets.empty()) {
    octets = ".\r\n";
  } else {
    octets += octets.ends_with(crlf) ? ".\r\n" : content_end;
  }
}

void fit(Input& input) {
  auto& units = input.units;
  if (units.size() > Input::max_units) units.resize(Input::max_units);
  std::size_t left = Input::max_octets;
  for (Unit& unit : units) {
    if (!is_octets(unit)) {
      unit.waits = true;
      unit.is_split = false;
      continue;
    }
    unit.twist.clear();
    if (unit.octets.size() > left) unit.octets.resize(left);
    left -= unit.octets.size();
  }
}

}  // namespace smtpspec::fuzzing
