#include "scenario/coverage.h"

#include <algorithm>

namespace smtpspec::scenario {
namespace {

/// "see" leads to a row with a verdict of its own in a few steps.
constexpr int longest_chain = 8;

class Judge {
 public:
  explicit Judge(const Catalog& catalog)
      : requirements_(catalog.requirements()),
        cited_(scenarios_by_clause(catalog)) {}

  Coverage state(const Requirement& row, int depth = 0) const {
    if (cited_.contains(row.id)) return Coverage::scenario;
    if (!requirements_.reason(row.id).empty()) return Coverage::reason;
    if (row.see.empty() || depth == longest_chain) return Coverage::open;
    Coverage best = Coverage::reason;
    for (const std::string& id : row.see) {
      const Coverage named = state(*requirements_.find(id), depth + 1);
      if (named == Coverage::open) return Coverage::open;
      best = std::min(best, named);
    }
    return best;
  }

 private:
  const Requirements& requirements_;
  std::map<std::string, std::vector<std::string>> cited_;
};

}  // namespace

std::map<std::string, Coverage> coverage(const Catalog& catalog) {
  const Judge judge(catalog);
  std::map<std::string, Coverage> result;
  for (const Requirement& row : catalog.requirements().rows())
    result[row.id] = judge.state(row);
  return result;
}

std::map<std::string, std::vector<std::string>> scenarios_by_clause(
    const Catalog& catalog) {
  std::map<std::string, std::vector<std::string>> result;
  for (const auto& scenario : catalog.scenarios())
    for (const std::string& clause : scenario->clauses)
      result[clause].push_back(scenario->id);
  return result;
}

}  // namespace smtpspec::scenario
