// Text with escapes, variables and functions: the part of a dialog line that is
// sent, and values of a profile.
//
//   \r \n \t \0 \\ \$ \xHH        octets
//   ${name}                       a variable
//   ${repeat(text, n)}            n times text; n, or ${name}, or ${name} / 10
//   ${pad(text, n)}               text repeated up to a line of n octets, its
//                                 CRLF counted; once a line
//   ${upper(text)} ${lower(text)} ASCII letters in one case
//   ${base64(text)}               base64 of the octets (RFC 4648)
//   ${utc(seconds)}               now + seconds: 2026-11-21T12:00:00Z
//
// A text argument is a template itself; `\,` and `\)` stand for the characters
// in it. n and seconds are decimal numbers. A '$' without '{' is itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"

namespace smtpspec::scenario {

/// Values of variables by name. Values are octets: no escapes are left.
using Variables = std::map<std::string, std::string>;

/// Thrown by expand() for a variable without a value.
struct MissingVariable {
  std::string name;
};

class Template {
 public:
  /// A text that is longer is an error: of the file, where it can be seen.
  static constexpr std::size_t max_size = 10 * 1024 * 1024;

  Template() = default;

  /// Parses `text`, which stands at `position` in the line `line_text`.
  /// Throws base::SourceError for an unknown escape or function, a bad
  /// argument or an unclosed brace.
  static Template parse(std::string_view text,
                        const base::SourcePosition& position,
                        std::string_view line_text);

  /// The octets, variables replaced. `line_end` octets follow them on the wire
  /// (2 for CRLF) and count for pad(). Where there is a `time`, it stands for
  /// every ${utc(seconds)}. Throws MissingVariable, and std::length_error where
  /// more than max_size octets come of it.
  std::string expand(const Variables& variables, std::size_t line_end = 0,
                     std::optional<std::string_view> time = {}) const;

  /// The names of all variables used.
  std::set<std::string> names() const;
  /// The octets that expand() yields at least, whatever the variables hold.
  std::size_t least_size() const;
  /// As written.
  const std::string& source() const { return source_; }

  struct Part;  // an implementation detail: literal, variable or function

 private:
  std::string source_;
  std::shared_ptr<const std::vector<Part>> parts_;
};

}  // namespace smtpspec::scenario
