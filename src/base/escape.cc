#include "base/escape.h"

#include <fmt/format.h>

namespace smtpspec::base {

std::string escape(std::string_view bytes) {
  std::string result;
  result.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    switch (c) {
      case '\r': result += "\\r"; break;
      case '\n': result += "\\n"; break;
      case '\t': result += "\\t"; break;
      case '\0': result += "\\0"; break;
      case '\\': result += "\\\\"; break;
      default: {
        const auto octet = static_cast<unsigned char>(c);
        if (octet >= 32 && octet < 127) {
          if (c == '$' && bytes.substr(i).starts_with("${")) result += '\\';
          result += c;
        } else {
          result += fmt::format("\\x{:02x}", octet);
        }
      }
    }
  }
  return result;
}

std::string escape_up_to(std::string_view bytes, std::size_t limit) {
  if (bytes.size() <= limit) return escape(bytes);
  return fmt::format("{}... ({} more octets)", escape(bytes.substr(0, limit)),
                     bytes.size() - limit);
}

}  // namespace smtpspec::base
