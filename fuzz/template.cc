// Fuzzes the escapes: what base::escape() writes stands in one line of ASCII,
// and the parser of dialogs reads it back.
#include "base/escape.h"
#include "outcome.h"
#include "scenario/template.h"

using namespace smtpspec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto octets = fuzz::octets(data, size);
  const std::string escaped = base::escape(octets);
  for (const char c : escaped) fuzz::require(c >= ' ' && c <= '~');
  const auto text = scenario::Template::parse(escaped, {"f", 1, 1}, escaped);
  fuzz::require(text.expand({}) == octets);

  fuzz::parses(octets, [&] {
    scenario::Template::parse(octets, {"f", 1, 1}, octets);
  });
  return 0;
}
