// Fuzzes the reader of dictionaries: any text is words, each of at least one
// octet, or an error that points into it.
#include "fuzzing/dictionary.h"
#include "outcome.h"

using namespace smtpspec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto text = fuzz::octets(data, size);
  fuzz::parses(text, [&] {
    fuzzing::Dictionary dictionary;
    dictionary.add_words(text, "f");
    for (std::size_t kind = 0; kind < fuzzing::word_kinds; ++kind)
      for (const auto& word :
           dictionary.words(static_cast<fuzzing::WordKind>(kind)))
        fuzz::require(!word.empty());
  });
  return 0;
}
