// Fuzzes the parser of dialogs: any text is a dialog or an error that points
// into it, the same each time; what is sent can be expanded, or says why not.
#include <stdexcept>

#include "outcome.h"
#include "scenario/dialog.h"

namespace {

using namespace smtpspec;

scenario::Dialog parse(std::string_view text) {
  return scenario::parse_dialog(text, "f.yaml", text, 1, 0);
}

void expand(const scenario::Dialog& dialog) {
  scenario::Variables variables;
  for (const std::string& name : dialog.variables()) variables[name] = "12";
  for (const scenario::Step& step : dialog.steps) {
    const auto* send = std::get_if<scenario::Send>(&step);
    // Megabytes would only be slow.
    if (send == nullptr || send->text.least_size() > 10'000) continue;
    try {
      const auto octets = send->text.expand(variables, 2);
      fuzz::require(octets.size() <= scenario::Template::max_size + 4);
    } catch (const scenario::MissingVariable& missing) {
      fuzz::require(!missing.name.empty());
    } catch (const std::length_error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto text = fuzz::octets(data, size);
  if (fuzz::parses(text, [&] { parse(text); })) expand(parse(text));
  return 0;
}
