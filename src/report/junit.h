// The JUnit XML report, as Jenkins, GitLab, Ant and their kin read it.
// docs/junit.md is its manual. The only user of pugixml.
#pragma once

#include <string>

#include "play/verdict.h"
#include "scenario/requirements.h"

namespace smtpspec::report {

struct JunitOptions {
  /// A SHOULD broken (warned) is a failure.
  bool strict = false;
};

/// The report as one XML document in printable ASCII, valid by tests/junit.xsd.
/// It is read again before it is returned: throws std::logic_error, should it
/// not say what `report` says.
std::string to_junit(const play::RunReport& report,
                     const scenario::Requirements& requirements,
                     const JunitOptions& options = {});

}  // namespace smtpspec::report
