// smtpspec list and smtpspec explain: what the scenarios are.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "app/app.h"
#include "app/command.h"
#include "app/selection.h"
#include "base/text.h"

namespace smtpspec::app {
namespace {

void print_clause(const scenario::Requirements& requirements,
                  const std::string& id) {
  const auto& row = *requirements.find(id);
  const bool numbered = base::is_digit(row.rfc[0]) && row.rfc != "5321bis";
  std::cout << fmt::format("  {}  {}{} section {}, {}\n    {}\n    {}\n", id,
                           numbered ? "RFC " : "", row.rfc, row.section,
                           row.level_text, row.requirement, row.expectation);
  for (const auto* ruling : requirements.rulings_for(id))
    std::cout << fmt::format("    ruling '{}': {}\n", ruling->title,
                             ruling->text);
}

void print_block(const char* title, const std::string& text) {
  if (text.empty()) return;
  std::cout << title << ":\n";
  for (const auto line : base::split(text, '\n'))
    std::cout << (line.empty() ? "" : "  ") << line << '\n';
}

std::string joined(const std::vector<std::string>& parts) {
  std::string result;
  for (const std::string& part : parts)
    result += (result.empty() ? "" : ", ") + part;
  return result;
}

void explain(const scenario::Scenario& scenario,
             const scenario::Requirements& requirements) {
  std::cout << scenario.id << "\n" << scenario.title << "\n\nclauses:\n";
  for (const std::string& clause : scenario.clauses)
    print_clause(requirements, clause);
  if (!scenario.needs.empty())
    std::cout << "needs: " << joined(scenario.needs) << '\n';
  if (!scenario.lacks.empty())
    std::cout << "lacks: " << joined(scenario.lacks) << '\n';
  std::cout << "from: " << to_string(scenario.from)
            << "\nlistener: " << to_string(scenario.listener)
            << (scenario.found.empty() ? "\nflaw: " : "\nfound: ")
            << (scenario.found.empty() ? joined(scenario.flaws)
                                       : scenario.found)
            << '\n';
  if (!scenario.watch.empty())
    std::cout << "watches every reply of the run: " << scenario.watch << '\n';
  if (scenario.is_measured())
    std::cout << "measure: " << to_string(scenario.measure) << '\n';
  print_block("dialog", scenario.dialog_source);
  print_block("against", scenario.against_source);
  print_block("control", scenario.control_source);
  print_block("then", scenario.then_source);
  print_block("beside", scenario.beside_source);
  if (!scenario.cases.front().id.empty()) {
    std::cout << "cases:";
    for (const auto& row : scenario.cases) std::cout << ' ' << row.id;
    std::cout << '\n';
  }
}

}  // namespace

std::function<int()> add_list(CLI::App& app) {
  auto options = std::make_shared<SelectionOptions>();
  app.add_option("selectors", options->selectors, selectors_help);
  add_selection(app, *options);
  return [options] {
    const auto catalog = load_catalog(*options);
    const auto tests = catalog->select(options->selectors, options->excluded);
    const scenario::Scenario* last = nullptr;
    for (const scenario::Test& test : tests) {
      if (test.scenario == last) continue;
      last = test.scenario;
      std::cout << fmt::format("{:44} {}\n", last->id, last->title);
    }
    return exit_conforming;
  };
}

std::function<int()> add_explain(CLI::App& app) {
  auto id = std::make_shared<std::string>();
  auto options = std::make_shared<SelectionOptions>();
  app.add_option("id", *id, "A scenario: folder/name")->required();
  app.add_option("--scenarios", options->folders,
                 "A folder with scenarios of your own");
  return [id, options] {
    const auto catalog = load_catalog(*options);
    const auto* scenario = catalog->find(id->substr(0, id->find('#')));
    if (!scenario) {
      throw std::invalid_argument(fmt::format(
          "there is no scenario '{}'; 'smtpspec list' shows all", *id));
    }
    explain(*scenario, catalog->requirements());
    return exit_conforming;
  };
}

}  // namespace smtpspec::app
