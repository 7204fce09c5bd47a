// Holds the results of a run against the baseline of its target.
#pragma once

#include <chrono>

#include "play/verdict.h"
#include "scenario/baseline.h"

namespace smtpspec::play {

/// A verdict as bad as the baseline expects, or less bad, becomes `known`; a
/// pass where it expects a failure becomes `fixed`; a worse one stays. Other
/// results are left as they are.
void apply_baseline(RunReport& report, const scenario::Baseline& baseline,
                    std::chrono::year_month_day today);

}  // namespace smtpspec::play
