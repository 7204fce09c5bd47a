#include "server/reply.h"

#include <fmt/format.h>

namespace smtpspec::server {

std::string encode(const Reply& reply, std::size_t line_limit) {
  std::string octets;
  for (std::size_t i = 0; i < reply.lines.size(); ++i) {
    const char separator = i + 1 < reply.lines.size() ? '-' : ' ';
    std::string line = fmt::format("{}{}", reply.code, separator);
    if (!reply.enhanced.empty()) line += fmt::format("{} ", reply.enhanced);
    line += reply.lines[i];
    if (line.size() > line_limit - 2) line.resize(line_limit - 2);
    octets += line + "\r\n";
  }
  return octets;
}

}  // namespace smtpspec::server
