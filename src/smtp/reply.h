// SMTP replies as they come from a server (RFC 5321 section 4.2): a parser that
// takes octets in pieces of any size and never trusts them.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace smtpspec::smtp {

/// One line of a reply: "250-text". `raw` holds all its octets, line end
/// included; `text` what stands behind code and separator.
struct ReplyLine {
  std::string raw;
  std::string text;
  /// '-' or ' ', or 0 where the line ends behind the code.
  char separator = 0;
  int code = 0;
};

/// A whole reply. Its grammar is judged elsewhere (reply_rules.h): a line end
/// of bare LF or different codes on its lines still make a Reply.
struct Reply {
  /// Code of the last line, 100 to 999.
  int code = 0;
  /// At least one.
  std::vector<ReplyLine> lines;

  int reply_class() const { return code / 100; }
  /// The texts of the lines, joined by LF, without codes.
  std::string text() const;
  /// All octets as they came.
  std::string raw() const;
};

/// Why octets are no reply. They are kept for the transcript.
enum class ReplyErrorKind {
  no_code,         ///< a line does not begin with three digits
  bad_separator,   ///< the fourth octet is no '-', space or line end
  line_too_long,   ///< no line end within ReplyLimits::line octets
  too_many_lines,  ///< more than ReplyLimits::lines lines
};

struct ReplyError {
  ReplyErrorKind kind;
  /// The offending octets; of a long line the first ReplyLimits::line.
  std::string raw;
};

/// "a line of the reply has no reply code", for verdicts.
std::string_view describe(ReplyErrorKind kind);

/// Far above the 512 octets of RFC 5321 section 4.5.3.1.5, so that an over-long
/// reply is seen and judged, and far below what would hurt.
struct ReplyLimits {
  std::size_t line = 16'384;
  std::size_t lines = 256;
};

class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits = {}) : limits_(limits) {}

  /// Takes the next octets from the server. Memory is bounded: after an error
  /// everything that follows is dropped.
  void feed(std::string_view bytes);

  /// The next whole reply or error, if there is one. After an error nothing
  /// follows: the session cannot be kept in step.
  std::optional<std::variant<Reply, ReplyError>> next();

  /// Octets of a reply that is not yet whole.
  const std::string& pending() const { return pending_; }
  /// Whether nothing is left: no whole reply and no part of one.
  bool empty() const;

 private:
  void take_line(std::string line);
  void fail(ReplyErrorKind kind, std::string raw);

  ReplyLimits limits_;
  std::string pending_;
  Reply partial_;
  std::deque<std::variant<Reply, ReplyError>> ready_;
  bool failed_ = false;
};

}  // namespace smtpspec::smtp
