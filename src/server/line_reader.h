// Command lines out of octets (RFC 5321 sections 2.3.8 and 4.5.3.1.4): only
// CRLF ends a line.
#pragma once

#include <optional>
#include <string>

#include "server/flaws.h"

namespace smtpspec::server {

struct CommandLine {
  /// Without its line end; of a long line the first LineReader::kept octets.
  std::string text;
  /// Octets of the whole line, line end included.
  std::size_t size = 0;
  /// A CR or LF stands alone in it.
  bool has_bare_line_end = false;
};

class LineReader {
 public:
  /// Octets of a line that are kept; above the limits of all commands.
  static constexpr std::size_t kept = 16384;

  explicit LineReader(const FlawSet& flaws) : flaws_(flaws) {}

  /// Takes an octet; gives the line that it ends.
  std::optional<CommandLine> take(char octet);
  /// The part of a line that has come, as if it were one; empty if none has.
  std::optional<CommandLine> cut();
  /// Forgets the part of a line that has come.
  void drop() { line_ = {}; }
  /// An LF that comes next belongs to what came before.
  void skip_lf() { skips_lf_ = true; }
  const std::string& pending() const { return line_.text; }

 private:
  bool ends_line(char octet) const;
  CommandLine finish();

  const FlawSet& flaws_;
  CommandLine line_;
  char last_ = '\0';
  bool skips_lf_ = false;
};

}  // namespace smtpspec::server
