// The content of a message: where DATA ends (RFC 5321 section 4.1.1.4), dot
// transparency (4.5.2), and what may be wrong with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/flaws.h"
#include "server/reply.h"

namespace smtpspec::server {

/// Reads what follows 354, octet by octet: only CRLF . CRLF ends it.
class DataReader {
 public:
  /// Keeps at most `limit` octets; the rest is counted.
  DataReader(const FlawSet& flaws, std::uint64_t limit);

  /// Takes an octet; true if it ends the data.
  bool take(char octet);
  /// A read begins: nothing to a right server.
  void begin_read();

  /// Without stuffed dots and the final one.
  std::string& content() { return content_; }
  /// Octets of the content, those not kept included (RFC 1870 section 5).
  std::uint64_t size() const { return size_; }
  /// A CR or LF stood alone (2.3.8).
  bool has_bare_line_end() const { return has_bare_line_end_; }

 private:
  enum class State { text, cr, line_start, dot, dot_cr };

  bool flawed(FlawId flaw) const { return flaws_.contains(flaw); }
  bool ends_wrongly(char octet);
  void keep(char octet);
  State after_text(char octet);

  const FlawSet& flaws_;
  std::uint64_t limit_;
  State state_ = State::line_start;
  std::string content_;
  std::uint64_t size_ = 0;
  std::string tail_ = "\r\n";
  bool has_bare_line_end_ = false;
  bool has_begun_ = false;
  bool has_eight_bit_ = false;
};

/// What is judged when content is complete.
struct Content {
  std::string_view octets;
  std::uint64_t size = 0;
  bool has_bare_line_end = false;  ///< in DATA; BDAT may hold anything
  bool is_binary = false;          ///< BODY=BINARYMIME
  std::optional<std::uint64_t> declared_size;
};

/// Largest content, as SIZE announces it (RFC 1870 section 3).
constexpr std::uint64_t size_limit = 1024 * 1024;

/// The reply that refuses `content`, if it must be refused.
std::optional<Reply> refusal_of(const Content& content, const FlawSet& flaws);

/// With a flaw only: `octets` with CRLF for each CR or LF that stood alone, and
/// without a dot behind it.
std::string split_at_bare_line_ends(std::string_view octets);

/// The header of `octets`, its last CRLF included.
std::string_view header_of(std::string_view octets);
/// The fields of a header, folded lines joined to theirs.
std::vector<std::string_view> fields_of(std::string_view header);

/// The body of the first field `name` in the header of `octets`, folded lines
/// and its last CRLF included; empty if there is none.
std::string_view field_body(std::string_view octets, std::string_view name);

/// Some flaws leave other mail alone, so that one can see that it is delivered.
bool has_message_id_field(std::string_view octets);

/// The reply to content or chunks above size_limit.
Reply too_large();

}  // namespace smtpspec::server
