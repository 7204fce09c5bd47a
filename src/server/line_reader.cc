#include "server/line_reader.h"

#include <utility>

namespace smtpspec::server {

bool LineReader::ends_line(char octet) const {
  if (octet == '\n') {
    return last_ == '\r' || flaws_.contains("bare-lf-ends-command"_flaw);
  }
  if (octet != '\r') return false;
  return flaws_.contains("bare-cr-ends-command"_flaw) ||
         (last_ == '\n' && flaws_.contains("lf-cr-ends-line"_flaw));
}

CommandLine LineReader::finish() {
  last_ = '\0';
  return std::exchange(line_, {});
}

std::optional<CommandLine> LineReader::take(char octet) {
  if (std::exchange(skips_lf_, false) && octet == '\n') return std::nullopt;
  ++line_.size;
  if (ends_line(octet)) {
    if (octet == '\r') {
      skips_lf_ = flaws_.contains("bare-cr-ends-command"_flaw);
      line_.has_bare_line_end = false;
    }
    const bool has_two_octets = last_ == '\r' || last_ == '\n';
    if (has_two_octets && line_.size - 1 <= kept) line_.text.pop_back();
    return finish();
  }
  if (last_ == '\r' || octet == '\n') line_.has_bare_line_end = true;
  if (line_.size <= kept) line_.text += octet;
  last_ = octet;
  return std::nullopt;
}

std::optional<CommandLine> LineReader::cut() {
  if (line_.text.empty()) return std::nullopt;
  return finish();
}

}  // namespace smtpspec::server
