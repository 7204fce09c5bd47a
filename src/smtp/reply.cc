#include "smtp/reply.h"

#include "base/text.h"

namespace smtpspec::smtp {
namespace {

/// The line without its end: CRLF, or the bare LF that the rules accuse.
std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool has_code(std::string_view line) {
  return line.size() >= 3 && line[0] != '0' && base::is_digit(line[0]) &&
         base::is_digit(line[1]) && base::is_digit(line[2]);
}

}  // namespace

std::string Reply::text() const {
  std::string result;
  for (const ReplyLine& line : lines) {
    if (&line != &lines.front()) result += '\n';
    result += line.text;
  }
  return result;
}

std::string Reply::raw() const {
  std::string result;
  for (const ReplyLine& line : lines) result += line.raw;
  return result;
}

std::string_view describe(ReplyErrorKind kind) {
  switch (kind) {
    case ReplyErrorKind::no_code:
      return "a line of the reply does not begin with a reply code";
    case ReplyErrorKind::bad_separator:
      return "the reply code is followed by neither space, hyphen nor line end";
    case ReplyErrorKind::line_too_long:
      return "a line of the reply is longer than the limit of the suite";
    case ReplyErrorKind::too_many_lines:
      return "the reply has more lines than the limit of the suite";
  }
  return {};
}

void ReplyParser::feed(std::string_view bytes) {
  while (!failed_ && !bytes.empty()) {
    const auto end = bytes.find('\n');
    const bool whole = end != std::string_view::npos;
    const auto piece = bytes.substr(0, whole ? end + 1 : bytes.size());
    bytes.remove_prefix(piece.size());
    if (pending_.size() + piece.size() > limits_.line) {
      pending_.append(piece.substr(0, limits_.line - pending_.size()));
      return fail(ReplyErrorKind::line_too_long, std::move(pending_));
    }
    pending_.append(piece);
    if (whole) take_line(std::exchange(pending_, {}));
  }
}

void ReplyParser::take_line(std::string raw) {
  const std::string_view line = without_line_end(raw);
  if (!has_code(line))
    return fail(ReplyErrorKind::no_code, std::move(raw));
  const char separator = line.size() > 3 ? line[3] : '\0';
  if (separator != '\0' && separator != ' ' && separator != '-')
    return fail(ReplyErrorKind::bad_separator, std::move(raw));
  if (partial_.lines.size() >= limits_.lines)
    return fail(ReplyErrorKind::too_many_lines, std::move(raw));

  ReplyLine parsed;
  parsed.text = line.size() > 4 ? line.substr(4) : std::string_view{};
  parsed.separator = separator;
  parsed.code =
      (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  parsed.raw = std::move(raw);
  partial_.code = parsed.code;
  partial_.lines.push_back(std::move(parsed));
  if (separator != '-') ready_.emplace_back(std::exchange(partial_, {}));
}

void ReplyParser::fail(ReplyErrorKind kind, std::string raw) {
  failed_ = true;
  partial_ = {};
  pending_.clear();
  ready_.emplace_back(ReplyError{kind, std::move(raw)});
}

std::optional<std::variant<Reply, ReplyError>> ReplyParser::next() {
  if (ready_.empty()) return std::nullopt;
  auto result = std::move(ready_.front());
  ready_.pop_front();
  return result;
}

bool ReplyParser::empty() const {
  return ready_.empty() && pending_.empty() && partial_.lines.empty();
}

}  // namespace smtpspec::smtp
