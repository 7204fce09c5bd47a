// Fuzzes the text form of fuzzed sessions, and their mutator: what is read is
// written and read back the same; so is what is mutated, which keeps the limits;
// the same seed gives the same session.
#include "fuzzing/input.h"
#include "fuzzing/mutator.h"
#include "outcome.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                        std::size_t max_size);

namespace {

using namespace smtpspec;

void round_trip(const fuzzing::Input& input) {
  fuzz::require(fuzzing::parse_input(fuzzing::print(input), "f") == input);
}

fuzzing::Input mutated(fuzzing::Input input, unsigned seed) {
  fuzzing::Random random(seed);
  fuzzing::mutate(input, random, fuzzing::Dictionary::builtin(), nullptr);
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size < 4) return 0;
  const unsigned seed = data[0] + 256u * data[1] + 65536u * data[2];
  const auto text = fuzz::octets(data + 3, size - 3);
  const auto parse = [&] { return fuzzing::parse_input(text, "f"); };
  if (!fuzz::parses(text, parse)) return 0;
  const fuzzing::Input input = parse();
  round_trip(input);
  fuzzing::replace_variables(text, {{"a", "1"}, {"client", ""}});

  const fuzzing::Input other = mutated(input, seed);
  fuzz::require(other == mutated(input, seed));
  fuzz::require(!other.units.empty());
  round_trip(other);
  fuzzing::Random random(seed);
  round_trip(fuzzing::cross_over(input, other, random));
  return 0;
}

/// Mutates by structure every other time.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t max_size,
                                               unsigned seed) {
  if (size < 4 || seed % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  try {
    fuzzing::Input input =
        fuzzing::parse_input(fuzz::octets(data + 3, size - 3), "f");
    fuzzing::Random random(seed);
    fuzzing::mutate(input, random, fuzzing::Dictionary::builtin(),
                    LLVMFuzzerMutate);
    const std::string text = fuzzing::print(input);
    if (text.size() + 3 > max_size)
      return LLVMFuzzerMutate(data, size, max_size);
    std::copy(text.begin(), text.end(), data + 3);
    return text.size() + 3;
  } catch (const base::SourceError&) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
}
