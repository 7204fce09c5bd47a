// smtpspec check: are these scenario files right?
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/app.h"
#include "app/command.h"
#include "base/source.h"
#include "scenario/loader.h"
#include "server/flaws.h"

namespace smtpspec::app {
namespace {

/// The first flaw of the scenario that the reference server does not have.
std::string unknown_flaw(const scenario::Scenario& scenario) {
  auto names = scenario.flaws;
  for (const auto& row : scenario.cases)
    names.insert(names.end(), row.flaws.begin(), row.flaws.end());
  for (const std::string& name : names)
    if (!server::find_flaw(name)) return name;
  return {};
}

bool check_file(const std::string& path) {
  try {
    const auto scenario =
        scenario::load_scenario(path, scenario::Requirements::builtin());
    const auto flaw = unknown_flaw(scenario);
    if (flaw.empty()) {
      std::cout << fmt::format("{}: good, {} {}\n", path,
                               scenario.cases.size(),
                               scenario.cases.size() == 1 ? "test" : "tests");
      return true;
    }
    std::cerr << fmt::format(
        "{}: the reference server has no flaw '{}'; 'smtpspec serve "
        "--list-flaws' shows all\n",
        path, flaw);
  } catch (const base::SourceError& e) {
    std::cerr << e.what() << '\n';
  }
  return false;
}

}  // namespace

std::function<int()> add_check(CLI::App& app) {
  auto files = std::make_shared<std::vector<std::string>>();
  app.add_option("files", *files, "Scenario files")->required();
  return [files] {
    bool good = true;
    for (const std::string& file : *files) good = check_file(file) && good;
    return good ? exit_conforming : exit_usage;
  };
}

}  // namespace smtpspec::app
