// Fuzzes the reader of mail data: cut anywhere, octets give the same message and
// the same end; what is dot-stuffed is read back; no more is kept than may be.
#include "outcome.h"
#include "sink/mail_data.h"

namespace {

using namespace smtpspec;

struct Read {
  sink::MailData data;
  std::size_t taken = 0;
  bool is_done = false;

  bool operator==(const Read& other) const {
    return data.octets == other.data.octets &&
           data.is_cut == other.data.is_cut && taken == other.taken &&
           is_done == other.is_done;
  }
};

/// Reads `octets` in pieces of `size`.
Read read(std::string_view octets, std::size_t size, std::size_t limit) {
  sink::DotReader reader;
  Read result;
  while (!octets.empty() && !reader.is_done()) {
    const auto piece = octets.substr(0, size);
    const std::size_t taken = reader.take(piece, result.data, limit);
    fuzz::require(taken == piece.size() || reader.is_done());
    result.taken += taken;
    octets.remove_prefix(taken);
  }
  result.is_done = reader.is_done();
  return result;
}

/// RFC 5321 section 4.5.2, with the end of the mail data.
std::string stuffed(std::string_view message) {
  std::string result;
  bool at_start = true;
  for (const char c : message) {
    if (at_start && c == '.') result += '.';
    result += c;
    at_start = result.ends_with("\r\n");
  }
  return result + (at_start ? ".\r\n" : "\r\n.\r\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size < 2) return 0;
  const auto octets = fuzz::octets(data + 2, size - 2);
  const std::size_t piece = data[0] % 32 + 1u;
  const std::size_t limit = data[1] < 128 ? data[1] : octets.size() + 2;
  const Read whole = read(octets, octets.size(), limit);
  fuzz::require(read(octets, piece, limit) == whole);
  fuzz::require(whole.data.octets.size() <= limit);

  std::string message(octets);
  if (!message.empty() && !message.ends_with("\r\n")) message += "\r\n";
  const std::string sent = stuffed(message);
  const Read arrived = read(sent, piece, sent.size());
  fuzz::require(arrived.is_done && arrived.taken == sent.size());
  fuzz::require(arrived.data.octets == message && !arrived.data.is_cut);
  return 0;
}
