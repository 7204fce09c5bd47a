#include "fuzzing/evidence.h"

#include <algorithm>

#include "base/text.h"

namespace smtpspec::fuzzing {

bool is_reply_missing(const Evidence& evidence) {
  const Observation& seen = evidence.observation;
  return evidence.finding.answer >= seen.answers.size() &&
         seen.outcome != Outcome::finished;
}

bool has_begun(const Evidence& evidence, std::size_t unit) {
  const Observation& seen = evidence.observation;
  const Unit& it = evidence.input.units[unit];
  if (seen.outcome != Outcome::finished && seen.unit == unit) {
    if (it.kind == Unit::Kind::tls && seen.outcome == Outcome::no_tls)
      return true;
    if (it.kind == Unit::Kind::login && seen.unanswered == "AUTH " + it.octets)
      return true;
  }
  return std::ranges::any_of(seen.answers, [&](const Answer& answer) {
    return answer.unit == unit && answer.is_outcome;
  });
}

std::string file_name(const Finding& finding) {
  std::string name = base::to_lower(finding.signature);
  for (char& c : name)
    if (!base::is_digit(c) && !base::is_alpha(c)) c = '-';
  return name.empty() ? "finding" : name;
}

}  // namespace smtpspec::fuzzing
