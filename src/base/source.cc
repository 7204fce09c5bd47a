#include "base/source.h"

#include <fmt/format.h>

namespace smtpspec::base {
namespace {

std::string render(const SourcePosition& position, const std::string& message,
                   std::string_view line_text) {
  std::string where = position.file;
  if (position.line > 0) where += fmt::format(":{}", position.line);
  if (position.column > 0) where += fmt::format(":{}", position.column);
  std::string result = fmt::format("{}: {}", where, message);
  if (position.line == 0 || line_text.empty()) return result;
  result += fmt::format("\n  {}", line_text);
  if (position.column == 0) return result;
  // Tabs are repeated, so that the caret stands below its character.
  std::string margin;
  for (int i = 0; i + 1 < position.column; ++i) {
    const auto at = static_cast<std::size_t>(i);
    margin += at < line_text.size() && line_text[at] == '\t' ? '\t' : ' ';
  }
  return result + fmt::format("\n  {}^", margin);
}

}  // namespace

SourceError::SourceError(SourcePosition position, const std::string& message,
                         std::string_view line_text)
    : std::runtime_error(render(position, message, line_text)),
      position_(std::move(position)),
      message_(message) {}

std::string_view line_of(std::string_view text, int number) {
  while (--number > 0) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace smtpspec::base
