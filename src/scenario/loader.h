// Reads scenario files: the YAML envelope and the dialogs in it.
#pragma once

#include <string>
#include <string_view>

#include "scenario/requirements.h"
#include "scenario/scenario.h"

namespace smtpspec::scenario {

/// Parses one scenario file. `path` ends in folder/name.yaml and gives the id;
/// it also stands in messages. Throws base::SourceError with line and caret:
/// unknown or duplicate keys, unknown clauses, variables, verbs, watch rules;
/// a scenario without a flaw; two commands in one write without PIPELINING.
Scenario parse_scenario(std::string_view text, const std::string& path,
                        const Requirements& requirements);

/// Reads and parses the file. Throws base::SourceError also where it cannot be
/// read.
Scenario load_scenario(const std::string& path,
                       const Requirements& requirements);

}  // namespace smtpspec::scenario
