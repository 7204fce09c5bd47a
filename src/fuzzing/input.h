// What a fuzzed session says to a server: units in an order, and their text
// form, close to the dialogs of scenarios:
//
//   # a comment
//   C: EHLO client.example   a line; CRLF is added
//   C> octets\r\n            octets; nothing is added
//   C/: NOOP   C/> octets    the same, a segment each up to CR, LF and dot
//   TLS:                     a handshake, if STARTTLS has just drawn 220
//   AUTH: PLAIN              a whole login with the profile's user
//   AUTH: PLAIN (wrong password)   with one thing wrong (smtp::sasl_twists)
//   S:                       wait for the replies that are due
//
// C units without S between them go out without waiting. Octets are escaped as
// base::escape() does, but for `${name}`, which stands for a variable of the
// profile and is replaced when the unit is sent; with another name it is text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/template.h"

namespace smtpspec::fuzzing {

struct Unit {
  enum class Kind {
    octets,
    tls,
    login,
  };
  Kind kind = Kind::octets;
  /// What is sent, line end included, variables not yet replaced; of a login its
  /// mechanism, upper case.
  std::string octets;
  std::string twist;  ///< of a login; empty: a right one
  bool is_split = false;
  /// The replies that are due are awaited before the next unit.
  bool waits = false;

  bool operator==(const Unit&) const = default;
};

struct Input {
  std::vector<Unit> units;

  /// No session has more, and no unit.
  static constexpr std::size_t max_units = 256;
  static constexpr std::size_t max_octets = 64 * 1024;

  bool operator==(const Input&) const = default;
};

/// Of a login: "PLAIN", "PLAIN (wrong password)".
std::string login_words(const Unit& login);

/// A line each unit; parse_input() gives the same units back. A login and a
/// handshake always wait: nothing stands for it.
std::string print(const Input& input);

/// Throws base::SourceError for what is no unit; `file` is for its words.
Input parse_input(std::string_view text, const std::string& file);

/// What its units of octets send, one behind the other.
std::string octets_of(const Input& input);

/// `octets` with each `${name}` that `variables` has replaced by its value.
std::string replace_variables(std::string_view octets,
                              const scenario::Variables& variables);

}  // namespace smtpspec::fuzzing
