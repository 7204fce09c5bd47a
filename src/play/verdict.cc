#include "play/verdict.h"

#include <algorithm>
#include <cassert>

namespace smtpspec::play {
namespace {

std::string_view prefix_of(TranscriptLine::Kind kind) {
  switch (kind) {
    case TranscriptLine::Kind::client:
      return "C: ";
    case TranscriptLine::Kind::client_raw:
      return "C> ";
    case TranscriptLine::Kind::server:
      return "S: ";
    case TranscriptLine::Kind::tls:
      return "TLS: ";
    case TranscriptLine::Kind::comment:
    case TranscriptLine::Kind::event:
      return "# ";
  }
  assert(false);
  return "# ";
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::fixed:
      return "fixed";
    case Verdict::known:
      return "known";
    case Verdict::skipped:
      return "skipped";
    case Verdict::blocked:
      return "blocked";
    case Verdict::noted:
      return "noted";
    case Verdict::warned:
      return "warned";
    case Verdict::failed:
      return "failed";
    case Verdict::error:
      return "error";
  }
  assert(false);
  return "error";
}

std::string_view to_string(Rung rung) {
  switch (rung) {
    case Rung::unknown: return "not told";
    case Rung::refused_at_mail: return "refused at MAIL";
    case Rung::refused_at_rcpt: return "refused at RCPT";
    case Rung::refused_at_data: return "refused at DATA";
    case Rung::bounced: return "accepted and bounced";
    case Rung::delivered: return "accepted and delivered here";
    case Rung::not_seen: return "accepted and not seen";
    case Rung::not_proved: return "accepted, not proved";
    case Rung::relayed: return "relayed";
  }
  return "not told";
}

std::string Transcript::to_string() const {
  std::string result;
  for (const TranscriptLine& line : lines) {
    result += prefix_of(line.kind);
    result += line.text;
    result += '\n';
  }
  return result;
}

std::size_t RunReport::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::count_if(
      results.begin(), results.end(),
      [&](const Result& result) { return result.verdict == verdict; }));
}

}  // namespace smtpspec::play
