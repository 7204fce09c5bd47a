// Fuzzes the loader of ledger, rulings and reasons, which NUL separates here:
// any octets are a ledger, or an error that points into one of them; its rows
// are found by their ids.
#include <array>

#include "outcome.h"
#include "scenario/requirements.h"

namespace {

using namespace smtpspec;

/// Before the first NUL, before the second, the rest.
std::array<std::string_view, 3> files(std::string_view octets) {
  std::array<std::string_view, 3> result;
  for (std::string_view& file : result) {
    file = octets.substr(0, octets.find('\0'));
    octets.remove_prefix(std::min(file.size() + 1, octets.size()));
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto text = fuzz::octets(data, size);
  const auto [ledger, rulings, reasons] = files(text);
  const auto parse = [&] {
    return scenario::Requirements::parse(ledger, "ledger.tsv", rulings,
                                         "rulings.yaml", reasons,
                                         "reasons.tsv");
  };
  if (!fuzz::parses(text, parse)) return 0;
  const scenario::Requirements requirements = parse();
  for (const scenario::Requirement& row : requirements.rows()) {
    fuzz::require(requirements.find(row.id) == &row);
    for (const std::string& other : row.see)
      fuzz::require(requirements.find(other) != nullptr);
  }
  for (const scenario::Ruling& ruling : requirements.rulings())
    for (const std::string& clause : ruling.clauses)
      fuzz::require(requirements.find(clause) != nullptr);
  return 0;
}
