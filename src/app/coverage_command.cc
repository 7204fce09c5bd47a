// smtpspec coverage: which rows of the ledger have a scenario.
#include "scenario/coverage.h"

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <memory>

#include "app/app.h"
#include "app/command.h"
#include "app/selection.h"

namespace smtpspec::app {
namespace {

using scenario::Coverage;

struct Counts {
  std::array<int, 3> by_state{};

  void add(Coverage state) { ++by_state[static_cast<std::size_t>(state)]; }
  int of(Coverage state) const {
    return by_state[static_cast<std::size_t>(state)];
  }
  int all() const { return by_state[0] + by_state[1] + by_state[2]; }
};

void print_table(const char* title,
                 const std::map<std::string, Counts>& table) {
  std::cout << fmt::format("{:32} {:>6} {:>9} {:>7} {:>6}\n", title, "rows",
                           "scenario", "reason", "open");
  for (const auto& [name, counts] : table) {
    std::cout << fmt::format("{:32} {:6} {:9} {:7} {:6}\n", name, counts.all(),
                             counts.of(Coverage::scenario),
                             counts.of(Coverage::reason),
                             counts.of(Coverage::open));
  }
  std::cout << '\n';
}

std::string first_vantage(const std::string& vantage) {
  return vantage.substr(0, vantage.find('+'));
}

std::string short_level(const std::string& level) {
  return level.substr(0, level.find(','));
}

}  // namespace

std::function<int()> add_coverage(CLI::App& app) {
  auto options = std::make_shared<SelectionOptions>();
  auto show_open = std::make_shared<bool>(false);
  app.add_option("--scenarios", options->folders,
                 "A folder with scenarios of your own");
  app.add_flag("--open", *show_open, "List the open rows");
  return [options, show_open] {
    const auto catalog = load_catalog(*options);
    const auto states = scenario::coverage(*catalog);
    std::map<std::string, Counts> by_rfc, by_level, by_vantage, all;
    for (const auto& row : catalog->requirements().rows()) {
      const Coverage state = states.at(row.id);
      by_rfc[row.rfc].add(state);
      by_level[short_level(row.level_text)].add(state);
      by_vantage[first_vantage(row.vantage)].add(state);
      all["all"].add(state);
      if (*show_open && state == Coverage::open)
        std::cout << fmt::format("{}\t{}\t{}\n", row.id, row.vantage,
                                 row.requirement);
    }
    print_table("RFC", by_rfc);
    print_table("level", by_level);
    print_table("vantage", by_vantage);
    print_table("", all);
    return exit_conforming;
  };
}

}  // namespace smtpspec::app
