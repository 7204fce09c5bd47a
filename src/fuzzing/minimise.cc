#include "fuzzing/minimise.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fuzzing/structure.h"

namespace smtpspec::fuzzing {
namespace {

/// A word that is longer is worth being made plain.
constexpr std::size_t long_value = 12;

using Pieces = std::vector<std::string>;

std::string join(const Pieces& pieces) {
  std::string result;
  for (const std::string& piece : pieces) result += piece;
  return result;
}

Pieces lines_of(const std::string& octets) {
  Pieces lines;
  for (std::size_t at = 0; at < octets.size();) {
    const auto end = std::min(octets.find('\n', at), octets.size() - 1) + 1;
    lines.push_back(octets.substr(at, end - at));
    at = end;
  }
  return lines;
}

/// Each with the space in front of it: a parameter without its last letter is
/// another one, which servers refuse. Line ends stand alone.
Pieces words_of(const std::string& octets) {
  Pieces words;
  for (std::size_t at = 0; at < octets.size();) {
    const bool is_end = octets[at] == '\r' || octets[at] == '\n';
    const auto end = std::min(
        is_end ? octets.find_first_not_of("\r\n", at)
               : octets.find_first_of(" \r\n", at + 1),
        octets.size());
    words.push_back(octets.substr(at, end - at));
    at = end;
  }
  return words;
}

/// How many octets at `at` stand and fall together: a variable, a line end.
std::size_t atom_size(const std::string& octets, std::size_t at) {
  if (octets.compare(at, 2, "\r\n") == 0) return 2;
  if (octets.compare(at, 2, "${") != 0) return 1;
  const auto end =
      octets.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at + 2);
  return end != std::string::npos && octets[end] == '}' ? end + 1 - at : 1;
}

Pieces atoms_of(const std::string& octets) {
  Pieces atoms;
  for (std::size_t at = 0; at < octets.size(); at += atoms.back().size())
    atoms.push_back(octets.substr(at, atom_size(octets, at)));
  return atoms;
}

/// No chunk, or one of which BDAT gives the size. A size that is wrong on purpose
/// stays as it is.
bool is_framed(const Unit& unit) {
  Unit framed = unit;
  frame_chunk(framed);
  return framed == unit;
}

bool is_word(char c) {
  return std::string_view(" \r\n<>:=").find(c) == std::string_view::npos;
}

class Minimiser {
 public:
  Minimiser(Input input, const Shows& shows, const MinimiseLimits& limits)
      : best_(std::move(input)), shows_(shows), limits_(limits) {}

  Input run() {
    reduce_units(best_.units.size() / 2);
    bool has_changed = true;
    while (has_changed && !is_spent()) {
      has_changed = reduce_octets(lines_of);
      has_changed |= reduce_octets(words_of);
      has_changed |= reduce_octets(atoms_of);
      has_changed |= simplify();
      // A shorter unit may have made another one needless.
      if (has_changed) reduce_units(1);
    }
    return std::move(best_);
  }

 private:
  bool is_spent() const {
    return executions_ >= limits_.executions ||
           std::chrono::steady_clock::now() >= limits_.deadline;
  }

  static bool is_whole(const Input& input) {
    return !input.units.empty() &&
           std::ranges::none_of(input.units, [](const Unit& unit) {
             return unit.kind == Unit::Kind::octets && unit.octets.empty();
           });
  }

  /// Whether `candidate` shows it, and is now the best.
  bool accept(Input candidate) {
    if (is_spent() || candidate == best_ || !is_whole(candidate)) return false;
    if (!tried_.insert(std::hash<std::string>{}(print(candidate))).second)
      return false;
    ++executions_;
    if (!shows_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  /// Takes pieces away, from `size` at a time down to single ones, until none
  /// of them can be missed: `build(pieces)` gives the input of these alone.
  template <class Piece, class Build>
  bool reduce(std::vector<Piece> pieces, std::size_t size, Build build) {
    bool has_changed = false;
    size = std::max<std::size_t>(size, 1);
    while (!is_spent()) {
      const bool is_smaller = take_away(pieces, size, build);
      has_changed |= is_smaller;
      if (size == 1 && !is_smaller) break;
      size = std::max<std::size_t>(std::min(size, pieces.size()) / 2, 1);
    }
    return has_changed;
  }

  /// From the end: what comes behind the finding goes first.
  template <class Piece, class Build>
  bool take_away(std::vector<Piece>& pieces, std::size_t size, Build build) {
    bool has_changed = false;
    for (std::size_t end = pieces.size(); end > 0 && !is_spent();) {
      const std::size_t start = end - std::min(end, size);
      // Of equal neighbours it does not matter which one goes.
      const bool is_same = size == 1 && end < pieces.size() &&
                           pieces[start] == pieces[end];
      if (!is_same) {
        std::vector<Piece> rest(pieces.begin(), pieces.begin() + diff(start));
        rest.insert(rest.end(), pieces.begin() + diff(end), pieces.end());
        if (accept(build(rest))) {
          pieces = std::move(rest);
          has_changed = true;
        }
      }
      end = start;
    }
    return has_changed;
  }

  static std::ptrdiff_t diff(std::size_t index) {
    return static_cast<std::ptrdiff_t>(index);
  }

  void reduce_units(std::size_t size) {
    reduce(best_.units, size,
           [](const std::vector<Unit>& units) { return Input{units}; });
  }

  /// In each unit of octets, the pieces into which `cut` cuts it.
  bool reduce_octets(Pieces (*cut)(const std::string&)) {
    bool has_changed = false;
    for (std::size_t i = 0; i < best_.units.size(); ++i) {
      if (best_.units[i].kind != Unit::Kind::octets) continue;
      auto pieces = cut(best_.units[i].octets);
      if (pieces.size() < 2) continue;
      const std::size_t half = pieces.size() / 2;
      const bool was_framed = is_framed(best_.units[i]);
      has_changed |= reduce(std::move(pieces), half, [&](const Pieces& rest) {
        Input candidate = best_;
        candidate.units[i].octets = join(rest);
        if (was_framed) frame_chunk(candidate.units[i]);
        return candidate;
      });
    }
    return has_changed;
  }

  template <class Change>
  bool try_change(std::size_t unit, Change change) {
    Input candidate = best_;
    change(candidate.units[unit]);
    return accept(std::move(candidate));
  }

  bool simplify() {
    bool has_changed = false;
    for (std::size_t i = 0; i < best_.units.size(); ++i) {
      if (best_.units[i].kind != Unit::Kind::octets) continue;
      has_changed |= try_change(i, [](Unit& unit) { unit.is_split = false; });
      has_changed |= try_change(i, [](Unit& unit) { unit.waits = true; });
      has_changed |= simplify_words(i);
    }
    return has_changed;
  }

  /// What must be long need not be strange.
  bool simplify_words(std::size_t i) {
    bool has_changed = false;
    const std::string octets = best_.units[i].octets;
    for (std::size_t at = 0; at < octets.size();) {
      auto end = at;
      while (end < octets.size() && is_word(octets[end])) ++end;
      const std::size_t size = end - at;
      if (size > long_value) {
        has_changed |= try_change(i, [&](Unit& unit) {
          unit.octets.replace(at, size, std::string(size, 'x'));
        });
      }
      at = end + 1;
    }
    return has_changed;
  }

  Input best_;
  const Shows& shows_;
  const MinimiseLimits& limits_;
  std::size_t executions_ = 0;
  /// Hashes of what was tried: no session is held twice.
  std::unordered_set<std::size_t> tried_;
};

}  // namespace

Input minimise(Input input, const Shows& shows, const MinimiseLimits& limits) {
  return Minimiser(std::move(input), shows, limits).run();
}

}  // namespace smtpspec::fuzzing
