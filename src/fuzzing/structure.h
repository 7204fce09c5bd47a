// What the units of a session are to a server: which belong together, and which
// lengths and ends must be right lest it waits for more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fuzzing/input.h"

namespace smtpspec::fuzzing {

/// A command line that a server answers, CRLF added.
Unit command(std::string_view line);

/// The first word of what a unit sends, upper case; empty for TLS and logins.
std::string verb_of(const Unit& unit);
/// Whether some RFC or server knows the verb (upper case): to take it is no
/// fault.
bool is_known_verb(std::string_view verb);
bool is_hello(const Unit& unit);

/// Where a session stands, if all went well.
enum class Phase { connected, greeted, mail, recipient, chunks, content, login };
/// Before each unit, and behind the last.
std::vector<Phase> phases(const std::vector<Unit>& units);

/// Units from `first` up to, not including, `last`.
struct Span {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t size() const { return last - first; }
};
/// Cuts a session where nothing is torn apart: DATA and its mail data, STARTTLS
/// with the handshake and the EHLO behind it, a login and its responses.
std::vector<Span> atoms(const std::vector<Unit>& units);

/// Of BDAT (RFC 3030 section 2) whose chunk stands in the same unit: the size
/// becomes that of the chunk. Other units stay as they are.
void frame_chunk(Unit& unit);
/// BDAT that is not to the letter of RFC 3030 section 2, or with a size that a
/// server may not be able to read: whether it takes what follows for a chunk, or
/// for commands, nobody can tell.
bool is_doubtful_chunk(std::string_view line);
/// Appends the end of mail data where it is missing.
void end_content(std::string& octets);

/// Takes away from behind until the limits of Input hold, and gives handshakes
/// and logins the flags that they always have.
void fit(Input& input);

}  // namespace smtpspec::fuzzing
