// Fuzzes the loaders of profiles and baselines: any octets are one, or an error
// that points into them, the same each time; listeners have ports.
#include "outcome.h"
#include "scenario/baseline.h"
#include "scenario/profile.h"

using namespace smtpspec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::octets(data + 1, size - 1);
  // A profile may name files: not the ones that never end.
  for (const std::string_view folder : {"/dev", "/proc", "/sys"})
    if (text.find(folder) != std::string_view::npos) return 0;

  if (data[0] % 2 == 0) {
    const auto parse = [&] { return scenario::parse_baseline(text, "b.yaml"); };
    if (!fuzz::parses(text, parse)) return 0;
    for (const auto& entry : parse().entries)
      fuzz::require(!entry.id.empty() && !entry.reason.empty());
    return 0;
  }
  const auto parse = [&] {
    return scenario::parse_profile(text, "no-such-folder/p.yaml");
  };
  if (!fuzz::parses(text, parse)) return 0;
  const scenario::Profile profile = parse();
  fuzz::require(!profile.name.empty());
  for (const auto& [listener, endpoint] : profile.listeners)
    fuzz::require(endpoint.port != 0 && !endpoint.host.empty());
  return 0;
}
