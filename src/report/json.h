// The report as JSON, for programs. docs/json-report.md describes its format.
// The only user of nlohmann::json on this floor.
#pragma once

#include <string>

#include "play/verdict.h"
#include "scenario/requirements.h"

namespace smtpspec::report {

/// The report as one JSON document in printable ASCII, with a LF at its end.
std::string to_json(const play::RunReport& report,
                    const scenario::Requirements& requirements);

}  // namespace smtpspec::report
