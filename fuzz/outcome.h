// What fuzzers of our parsers have in common: the errors that a parser may
// throw, and a way to stop.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/source.h"

namespace smtpspec::fuzz {

/// A property that does not hold is a crash: libFuzzer keeps the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string_view octets(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Runs `parse`. Nothing but base::SourceError may come out of it, the same when
/// it is run again, and it points into `text`, or behind its end. Gives whether
/// there was no error.
template <class Parse>
bool parses(std::string_view text, const Parse& parse) {
  const auto error_of = [&]() -> std::string {
    try {
      parse();
      return {};
    } catch (const base::SourceError& error) {
      const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
      require(error.position().line >= 0 && error.position().column >= 0);
      require(error.position().line <= lines + 1);
      require(!error.message().empty());
      return error.what();
    }
  };
  const std::string error = error_of();
  if (error.empty()) return true;
  require(error == error_of());
  return false;
}

}  // namespace smtpspec::fuzz
