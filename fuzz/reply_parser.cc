// Fuzzes the reply parser: cut anywhere, octets give the same replies, and what
// is kept stays within the limits.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "smtp/reply.h"

namespace {

using namespace smtpspec::smtp;

constexpr ReplyLimits limits{.line = 256, .lines = 16};

/// Every reply and error of `bytes`, as text; pieces of `size` octets.
std::vector<std::string> parse(std::string_view bytes, std::size_t size) {
  ReplyParser parser(limits);
  std::vector<std::string> result;
  while (!bytes.empty()) {
    parser.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
    while (const auto next = parser.next()) {
      const auto* reply = std::get_if<Reply>(&*next);
      result.push_back(reply ? reply->raw()
                             : "error " + std::get<ReplyError>(*next).raw);
      if (result.back().size() > limits.line * limits.lines + 8) std::abort();
    }
    if (parser.pending().size() > limits.line) std::abort();
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  // The first octet says how large the pieces are.
  if (parse(bytes, data[0] % 32 + 1u) != parse(bytes, size)) std::abort();
  return 0;
}
