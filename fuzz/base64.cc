// Fuzzes base64: what is encoded is decoded to the same octets, and what is
// decoded is encoded to the same text.
#include "base/base64.h"
#include "outcome.h"

using namespace smtpspec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto octets = fuzz::octets(data, size);
  const std::string encoded = base::base64_encode(octets);
  fuzz::require(encoded.size() == (size + 2) / 3 * 4);
  fuzz::require(base::base64_decode(encoded) == octets);
  const auto decoded = base::base64_decode(octets);
  if (decoded) fuzz::require(base::base64_encode(*decoded) == octets);
  return 0;
}
