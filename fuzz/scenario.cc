// Fuzzes the loader of scenarios: any octets are a scenario, whole enough to be
// played, or an error that points into them, the same each time.
#include "fuzzing/seeds.h"
#include "outcome.h"
#include "scenario/loader.h"

namespace {

using namespace smtpspec;

scenario::Scenario parse(std::string_view text) {
  return scenario::parse_scenario(text, "scenarios/folder/name.yaml",
                                  scenario::Requirements::builtin());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto text = fuzz::octets(data, size);
  if (!fuzz::parses(text, [&] { parse(text); })) return 0;
  const scenario::Scenario scenario = parse(text);
  fuzz::require(scenario.id == "folder/name" && !scenario.clauses.empty());
  fuzz::require(!scenario.cases.empty());
  for (const scenario::Case& row : scenario.cases) {
    fuzz::require(!row.dialog.steps.empty());
    const auto seed = fuzzing::seed_of({&scenario, &row});
    if (seed) fuzz::require(!seed->units.empty());
  }
  return 0;
}
