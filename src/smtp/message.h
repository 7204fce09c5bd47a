// A message as a header and a body (RFC 5322 section 2.1), read so that no
// octet is lost: print(parse_message(x)) == x for any octets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smtpspec::smtp {

/// A header field, or a line of the header section that is none.
struct Field {
  /// As written; empty where the line is no field: it has no colon, or its name
  /// holds octets outside 33 to 126 (spaces before the colon aside).
  std::string name;
  /// What stands behind the colon, folding and all, without the last line end.
  /// Where there is no name: the whole line.
  std::string body;
  /// All octets of the field, line ends included.
  std::string raw;

  /// The body with line ends taken out (RFC 5322 section 2.2.3), trimmed.
  std::string unfolded() const;
  /// Whether the field has this name, in any case.
  bool is(std::string_view wanted) const;
};

struct Message {
  std::vector<Field> fields;
  /// The empty line behind the header section; empty: there is none.
  std::string separator;
  std::string body;
};

/// Reads any octets. A line ends in CRLF or LF (mailboxes keep LF); the header
/// section ends at the first empty line, or where the octets end.
Message parse_message(std::string_view octets);
std::string print(const Message& message);

/// The first field of this name, in any case; nullptr if there is none.
const Field* find_field(const Message& message, std::string_view name);
std::size_t count_fields(const Message& message, std::string_view name);

/// The lines of `text` without their ends (CRLF or LF).
std::vector<std::string_view> lines_of(std::string_view text);
/// `text` with LF for each CRLF.
std::string with_line_feeds(std::string_view text);

/// A body part of a multipart message (RFC 2046 section 5.1).
struct Part {
  std::string type;  ///< "message/delivery-status", lower case
  std::string_view content;
};
/// The media type of a header section, in lower case; RFC 2045 section 5.2 says
/// text/plain where there is none.
std::string media_type(const Message& message);
/// A parameter of Content-Type without its quotes; empty if there is none.
std::string type_parameter(const Message& message, std::string_view name);
/// The parts of a multipart message, not their parts; views into `message`.
std::vector<Part> parts_of(const Message& message);

}  // namespace smtpspec::smtp
