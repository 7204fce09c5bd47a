#include "play/judge.h"

#include <fmt/format.h>

#include "base/escape.h"

namespace smtpspec::play {
namespace {

using scenario::Grade;

/// Octets of a reply's text shown in a verdict.
constexpr std::size_t shown_octets = 200;

struct Matches {
  const Event& event;
  smtp::Captures& captures;

  bool operator()(const smtp::ReplyPattern& pattern) const {
    const auto* reply = std::get_if<smtp::Reply>(&event);
    return reply && pattern.matches(*reply, &captures);
  }
  bool operator()(const scenario::Closed& closed) const {
    const auto* ended = std::get_if<Ended>(&event);
    return ended && (ended->by_alert || !closed.by_alert);
  }
  // These stand in `then` only (arrivals.h).
  bool operator()(const scenario::Arrivals&) const { return false; }
  bool operator()(const scenario::ArrivedText&) const { return false; }
  bool operator()(scenario::Unchanged) const { return false; }
  bool operator()(scenario::NotProved) const {
    return std::holds_alternative<Unproven>(event);
  }
  bool operator()(scenario::TlsOutcome outcome) const {
    using scenario::TlsOutcome;
    if (const auto* secured = std::get_if<Secured>(&event)) {
      return outcome == TlsOutcome::handshake ||
             (outcome == TlsOutcome::trusted &&
              secured->facts.distrust.empty()) ||
             (outcome == TlsOutcome::misnamed && secured->facts.is_misnamed) ||
             (outcome == TlsOutcome::asked &&
              secured->facts.was_asked_for_certificate) ||
             (outcome == TlsOutcome::unasked &&
              !secured->facts.was_asked_for_certificate);
    }
    const auto* failed = std::get_if<NotSecured>(&event);
    if (!failed) return false;
    return outcome ==
           (failed->failure.kind == net::TlsFailure::Kind::plaintext
                ? TlsOutcome::plaintext
                : TlsOutcome::refused);
  }
  bool operator()(scenario::Silent) const {
    const auto* none = std::get_if<NoReply>(&event);
    return none && none->partial.empty();
  }
};

bool goes_on(Grade grade) {
  return grade == Grade::go_on || grade == Grade::note || grade == Grade::warn;
}

/// Whether the first part asks for success: a 2yz or 3yz.
bool wants_success(const scenario::Expect& expect) {
  for (const auto& pattern : expect.parts.front().any_of) {
    if (const auto* reply = std::get_if<smtp::ReplyPattern>(&pattern))
      return reply->code.front() == '2' || reply->code.front() == '3';
  }
  return false;
}

/// Replies that tell nothing about the requirement unless a line names them.
bool is_inconclusive(int code) { return code / 100 == 4 || code == 530; }

/// The S line has no part that fits.
Judgement judge_unnamed(const scenario::Expect& expect, const Event& event,
                        Verdict level) {
  Judgement result;
  result.verdict = level;
  result.next = Judgement::Next::stop;
  result.reason = describe(event);
  const auto* reply = std::get_if<smtp::Reply>(&event);
  const bool refused = reply && reply->code >= 400;
  result.transient = reply && reply->code / 100 == 4;
  if ((reply && is_inconclusive(reply->code)) ||
      std::holds_alternative<Unproven>(event)) {
    result.verdict = Verdict::blocked;
  } else if (expect.is_condition) {
    const bool replied_otherwise =
        reply && !(wants_success(expect) && refused);
    result.verdict = replied_otherwise ? Verdict::skipped : Verdict::blocked;
    result.transient |= !reply;
  }
  return result;
}

}  // namespace

Verdict verdict_of(Grade grade, Verdict level) {
  switch (grade) {
    case Grade::go_on:
    case Grade::pass: return Verdict::passed;
    case Grade::note: return std::min(Verdict::noted, level);
    case Grade::warn: return std::min(Verdict::warned, level);
    case Grade::fail: return level;
    case Grade::skip: return Verdict::skipped;
    case Grade::block: return Verdict::blocked;
  }
  return Verdict::error;
}

std::string describe(const Event& event) {
  if (const auto* reply = std::get_if<smtp::Reply>(&event)) {
    return fmt::format("{} {}", reply->code,
                       base::escape_up_to(reply->text(), shown_octets));
  }
  if (const auto* error = std::get_if<smtp::ReplyError>(&event)) {
    return fmt::format("no valid reply: {}: {}", smtp::describe(error->kind),
                       base::escape_up_to(error->raw, shown_octets));
  }
  if (const auto* secured = std::get_if<Secured>(&event)) {
    const auto& facts = secured->facts;
    std::string text = fmt::format("{} with {}", facts.version, facts.cipher);
    if (!facts.distrust.empty())
      text += fmt::format(", and a certificate of which OpenSSL says '{}'",
                          base::escape(facts.distrust));
    if (facts.was_asked_for_certificate)
      text += ", and a request for a certificate";
    return text;
  }
  if (const auto* unproven = std::get_if<Unproven>(&event)) {
    return fmt::format("a login that proves nothing: {}",
                       base::escape_up_to(unproven->text, shown_octets));
  }
  if (const auto* failed = std::get_if<NotSecured>(&event)) {
    const bool is_plain =
        failed->failure.kind == net::TlsFailure::Kind::plaintext;
    return fmt::format("{}: {}", is_plain ? "plain text" : "no handshake",
                       base::escape_up_to(failed->failure.text, shown_octets));
  }
  std::string partial;
  std::string text;
  if (const auto* ended = std::get_if<Ended>(&event)) {
    text = ended->ending == net::Ending::reset ? "a reset of the connection"
           : ended->ending == net::Ending::truncated
               ? "the end of the connection without a TLS alert"
               : "the end of the connection";
    partial = ended->partial;
  } else {
    text = "no reply in time";
    partial = std::get<NoReply>(event).partial;
  }
  if (!partial.empty()) {
    text += fmt::format(" in the middle of a reply: {}",
                        base::escape_up_to(partial, shown_octets));
  }
  return text;
}

namespace {

/// A class such as 5yz does not name 421 or 530, which say that nothing is
/// served here and now; only what is good can rest on it.
bool tells_nothing(Grade grade, const Event& event,
                   const scenario::Pattern& pattern) {
  const auto* reply = std::get_if<smtp::Reply>(&event);
  const auto* wanted = std::get_if<smtp::ReplyPattern>(&pattern);
  const bool is_named_by_class = reply && wanted &&
                                 (reply->code == 421 || reply->code == 530) &&
                                 wanted->code != std::to_string(reply->code);
  return is_named_by_class && (grade == Grade::note || grade == Grade::warn ||
                               grade == Grade::fail);
}

}  // namespace

Judgement judge(const scenario::Expect& expect, const Event& event,
                Verdict level, smtp::Captures& captures) {
  for (const scenario::GradedPatterns& part : expect.parts) {
    for (const scenario::Pattern& pattern : part.any_of) {
      if (!std::visit(Matches{event, captures}, pattern)) continue;
      if (tells_nothing(part.grade, event, pattern)) continue;
      Judgement result;
      result.named = true;
      result.verdict = verdict_of(part.grade, level);
      if (!goes_on(part.grade) || std::holds_alternative<Ended>(event) ||
          std::holds_alternative<NotSecured>(event))
        result.next = Judgement::Next::stop;
      if (result.verdict != Verdict::passed) result.reason = describe(event);
      return result;
    }
  }
  return judge_unnamed(expect, event, level);
}

}  // namespace smtpspec::play
