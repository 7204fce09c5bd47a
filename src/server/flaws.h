// Flaws of the reference server: each makes it break one thing, so that a
// scenario can prove that it is able to fail.
#pragma once

#include <bitset>
#include <compare>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "server/flaw_table.h"

namespace smtpspec::server {

/// Names a row of the flaw table.
class FlawId {
 public:
  constexpr std::string_view name() const { return flaw_table[index_].name; }
  constexpr std::size_t index() const { return index_; }
  constexpr auto operator<=>(const FlawId&) const = default;

 private:
  explicit constexpr FlawId(std::size_t index) : index_(index) {}
  friend constexpr std::optional<FlawId> find_flaw(std::string_view name);

  std::size_t index_;
};

/// The flaw of that name, if there is one.
constexpr std::optional<FlawId> find_flaw(std::string_view name) {
  for (std::size_t i = 0; i < flaw_table.size(); ++i) {
    if (flaw_table[i].name == name) return FlawId(i);
  }
  return std::nullopt;
}

/// Whether only a sequence of commands shows the flaw of that name: it is there
/// for fuzzers, and no scenario names it.
constexpr bool is_deep(std::string_view name) {
  return name.starts_with("deep-");
}

/// All flaws, in the order of the table.
std::span<const Flaw> all_flaws();

/// Which flaws a server has; none by default.
class FlawSet {
 public:
  FlawSet() = default;
  FlawSet(std::initializer_list<FlawId> flaws) {
    for (const FlawId flaw : flaws) insert(flaw);
  }

  void insert(FlawId flaw) { flaws_.set(flaw.index()); }
  bool contains(FlawId flaw) const { return flaws_.test(flaw.index()); }
  bool empty() const { return flaws_.none(); }

 private:
  std::bitset<flaw_table.size()> flaws_;
};

inline namespace literals {

/// "two-replies"_flaw; a name that is not in the table does not compile.
consteval FlawId operator""_flaw(const char* name, std::size_t size) {
  const auto flaw = find_flaw(std::string_view(name, size));
  if (!flaw) throw std::invalid_argument("no such flaw");
  return *flaw;
}

}  // namespace literals
}  // namespace smtpspec::server
