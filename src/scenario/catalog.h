// All scenarios of a run, and the selectors that choose among them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/requirements.h"
#include "scenario/scenario.h"

namespace smtpspec::scenario {

class Catalog {
 public:
  explicit Catalog(const Requirements& requirements)
      : requirements_(&requirements) {}

  /// Adds the scenarios that are built into the program.
  void add_builtin();
  /// Adds every *.yaml below `folder`, in the order of their names. Throws
  /// base::SourceError, also for an id that is there already.
  void add_folder(const std::string& folder);
  void add(Scenario scenario);

  const std::vector<std::unique_ptr<Scenario>>& scenarios() const {
    return scenarios_;
  }
  /// nullptr if there is none.
  const Scenario* find(std::string_view id) const;
  const Requirements& requirements() const { return *requirements_; }

  /// The tests that fit at least one of `selectors` (all, if there are none)
  /// and none of `excluded`, in the order of their ids. A selector is
  ///   smuggling/             a folder
  ///   smuggling/lf-dot-crlf  a scenario, or one case of it: a/b#case
  ///   commands/*-case        a glob over ids: * and ?
  ///   rfc5321, rfc5321/4.1   an RFC, or a section of it with those below
  ///   clause:5321-4.5.2-a    a clause
  /// Throws std::invalid_argument naming a selector (or exclusion) that fits
  /// nothing.
  std::vector<Test> select(const std::vector<std::string>& selectors,
                           const std::vector<std::string>& excluded) const;

 private:
  const Requirements* requirements_;
  std::vector<std::unique_ptr<Scenario>> scenarios_;
};

}  // namespace smtpspec::scenario
