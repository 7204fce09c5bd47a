// A place in an input file, and the error that points at it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace smtpspec::base {

/// A position in a named text. Lines and columns count from 1; 0 means "the
/// whole file" (or "the whole line").
struct SourcePosition {
  std::string file;
  int line = 0;
  int column = 0;
};

/// An error in a file that a person wrote. what() shows the file, the line,
/// the line's text and a caret below the column:
///
///     scenarios/x.yaml:12:6: unknown verb 'Q'
///       Q: QUIT
///       ^
class SourceError : public std::runtime_error {
 public:
  /// `line_text` is the line at `position`, without its line end; empty where
  /// there is none to show.
  SourceError(SourcePosition position, const std::string& message,
              std::string_view line_text);

  const SourcePosition& position() const { return position_; }
  const std::string& message() const { return message_; }

 private:
  SourcePosition position_;
  std::string message_;
};

/// The `number`-th line of `text` (from 1), without its line end.
std::string_view line_of(std::string_view text, int number);

}  // namespace smtpspec::base
