#include "app/selection.h"

#include <fmt/format.h>

#include <stdexcept>

namespace smtpspec::app {

const char* const selectors_help =
    "Only these: a folder 'smuggling/', a scenario 'data/dot-stuffing', a "
    "glob, 'rfc5321', 'rfc5321/4.1.1.4', 'clause:5321-4.5.2-a'";

void add_selection(CLI::App& app, SelectionOptions& options) {
  app.add_option("--exclude,-x", options.excluded, "Not these");
  app.add_option("--scenarios", options.folders,
                 "A folder with scenarios of your own, beside the built-in "
                 "ones");
}

std::unique_ptr<scenario::Catalog> load_catalog(
    const SelectionOptions& options) {
  auto catalog =
      std::make_unique<scenario::Catalog>(scenario::Requirements::builtin());
  catalog->add_builtin();
  for (const std::string& folder : options.folders)
    catalog->add_folder(folder);
  return catalog;
}

std::vector<scenario::Test> select_tests(const scenario::Catalog& catalog,
                                         const SelectionOptions& options,
                                         scenario::Listener listener) {
  auto tests = catalog.select(options.selectors, options.excluded);
  std::erase_if(tests, [&](const scenario::Test& test) {
    const auto wanted = test.scenario->listener;
    return wanted != scenario::Listener::any && wanted != listener;
  });
  return tests;
}

void require_tests(bool has_tests) {
  if (has_tests) return;
  throw std::invalid_argument(
      "no scenario is left for this listener and these selectors");
}

scenario::Listener listener_of(const std::string& name) {
  if (auto listener = scenario::parse_listener(name)) return *listener;
  throw std::invalid_argument(fmt::format(
      "unknown listener '{}': mta, submission, submissions or lmtp", name));
}

}  // namespace smtpspec::app
