// Which rows of the ledger have a scenario, which a written reason, which are
// open.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scenario/catalog.h"
#include "scenario/requirements.h"

namespace smtpspec::scenario {

enum class Coverage { scenario, reason, open };

/// The state of each row, by id. A row that says "see ID" has the state of the
/// rows that it names: open if one of them is open, else a scenario if one of
/// them has one.
std::map<std::string, Coverage> coverage(const Catalog& catalog);

/// Scenario ids by clause.
std::map<std::string, std::vector<std::string>> scenarios_by_clause(
    const Catalog& catalog);

}  // namespace smtpspec::scenario
