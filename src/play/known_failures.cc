#include "play/known_failures.h"

#include <fmt/format.h>

namespace smtpspec::play {
namespace {

bool accuses(Verdict verdict) {
  return verdict == Verdict::noted || verdict == Verdict::warned ||
         verdict == Verdict::failed;
}

Verdict expected(const scenario::KnownFailure& entry) {
  if (entry.verdict == "failed") return Verdict::failed;
  return entry.verdict == "warned" ? Verdict::warned : Verdict::noted;
}

}  // namespace

void apply_baseline(RunReport& report, const scenario::Baseline& baseline,
                    std::chrono::year_month_day today) {
  const auto listener = *scenario::parse_listener(report.listener);
  report.baseline_entries = baseline.count(listener);
  for (Result& result : report.results) {
    const auto* entry = baseline.find(result.id, listener, today);
    if (!entry) continue;
    if (accuses(result.verdict) && result.verdict <= expected(*entry)) {
      result.reason =
          fmt::format("{} ({})", result.reason, to_string(result.verdict));
      result.verdict = Verdict::known;
      result.baseline_reason = entry->reason;
    } else if (result.verdict == Verdict::passed) {
      result.verdict = Verdict::fixed;
      result.baseline_reason = entry->reason;
    }
  }
}

}  // namespace smtpspec::play
