// The octets of an input's units as lines of a dialog.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fuzzing/input.h"
#include "scenario/template.h"

namespace smtpspec::fuzzing {

/// Literal octets, or a variable.
struct Token {
  bool is_variable = false;
  std::string text;  ///< octets, or the variable's name

  bool operator==(const Token&) const = default;
};

/// `octets` cut at the variables that scenarios know and `variables` has;
/// others that it has are replaced by their values, and all else is text.
std::vector<Token> tokens_of(std::string_view octets,
                             const scenario::Variables& variables);

/// Octets that come so many times in a row.
struct Repeat {
  std::string text;
  std::size_t times = 1;
};

/// `octets` in pieces: what is long and repeats itself, and all else once.
std::vector<Repeat> repeats_of(std::string_view octets);

/// The text of a C line that sends the tokens: escaped, ${name} for a variable,
/// ${repeat(text, n)} for what is said again and again.
std::string c_text(const std::vector<Token>& tokens);

/// The lines of a dialog that send a unit of octets: `C: ` for what ends in
/// CRLF, `C> ` for the rest, `C*n: ` for equal lines. What is split is sent
/// piece by piece, with `WAIT` between, cut behind every CR, LF and dot; where
/// that makes too many, only a comment says so.
std::vector<std::string> dialog_lines(const Unit& unit,
                                      const scenario::Variables& variables);

}  // namespace smtpspec::fuzzing
