#include "play/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/escape.h"
#include "base/text.h"
#include "play/judge.h"
#include "smtp/delivered.h"
#include "smtp/message.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;
using scenario::Assertion;
using scenario::Subject;
using ArrivalPtr = std::shared_ptr<const sink::Arrival>;

/// Octets of what arrived that are shown in a verdict, and arrivals in a
/// transcript.
constexpr std::size_t shown_octets = 200;
constexpr std::size_t shown_arrivals = 10;

// -- barriers

constexpr const char* barrier_dialog =
    "C: MAIL FROM:<${sender}>\n"
    "S? 2yz\n"
    "C: RCPT TO:<%RECIPIENT%>\n"
    "S? 2yz\n"
    "C: DATA\n"
    "S? 354\n"
    "C: From: <${sender}>\n"
    "C: To: <%RECIPIENT%>\n"
    "C: Subject: smtpspec ${token}\n"
    "C:\n"
    "C: This message shows that mail arrives.\n"
    "C: .\n"
    "S? 2yz\n";

scenario::Scenario make_barrier(std::string_view recipient) {
  std::string text = barrier_dialog;
  constexpr std::string_view place = "%RECIPIENT%";
  for (auto at = text.find(place); at != text.npos; at = text.find(place))
    text.replace(at, place.size(), recipient);
  scenario::Scenario result;
  result.id = "barrier";
  result.cases.emplace_back();
  result.cases.front().dialog =
      scenario::parse_dialog(text, "barrier", text, 1, 0);
  return result;
}

/// On a listener for submission the login lets us relay, elsewhere our address.
const scenario::Scenario& barrier_of(Route route, const Target& target) {
  static const auto home = make_barrier("${recipient}");
  static const auto onward = make_barrier("${token}@${foreign_domain}");
  static const auto trusted = [] {
    auto scenario = make_barrier("${token}@${foreign_domain}");
    scenario.source = scenario::Source::trusted;
    return scenario;
  }();
  if (route == Route::home) return home;
  return target.is_for_submission() ? onward : trusted;
}

bool can_relay(const Target& target) {
  return target.variables.contains("foreign_domain") &&
         (target.is_for_submission() ? target.variables.contains("user")
                                     : !target.trusted_source.empty());
}

/// Sends mail that is known to be good, and waits until it arrives. Gives why
/// it does not; empty: it has arrived.
awaitable<std::string> try_barrier(Route route, const Target& target,
                                   const Waits& waits) {
  const scenario::Scenario& barrier = barrier_of(route, target);
  const scenario::Test test{&barrier, &barrier.cases.front()};
  Attempt sent =
      co_await attempt(test, test.row->dialog, target, waits);
  if (sent.verdict != Verdict::passed) {
    co_return fmt::format("mail that should arrive is not taken: {}",
                          sent.reason);
  }
  const auto found = co_await target.witness->mailbox().wait_for(
      sent.sent.token, 1, waits.deadline(waits.barrier));
  if (!found.empty()) co_return "";
  co_return fmt::format(
      "mail that should arrive was taken, but not seen: does the target "
      "deliver {} to the profile's sink?",
      route == Route::home ? "to its mailboxes, and those"
                           : "mail for foreign_domain");
}

// -- what arrived

std::string without_brackets(std::string_view path) {
  if (path.starts_with('<') && path.ends_with('>'))
    path = path.substr(1, path.size() - 2);
  return std::string(path);
}

/// Whether mail for the address stays with the target, as far as its names tell.
bool is_home(std::string_view address, const scenario::Variables& variables) {
  const auto at = address.rfind('@');
  if (at == address.npos) return true;
  const auto domain = address.substr(at + 1);
  const auto is = [&](const char* name, std::string_view form) {
    const auto own = variables.find(name);
    return own != variables.end() &&
           base::equal_without_case(
               domain, fmt::format(fmt::runtime(form), own->second));
  };
  return is("domain", "{}") || is("host", "{}") ||
         is("target_ipv4", "[{}]") ||
         base::equal_without_case(domain, "localhost");
}

/// A report to the reverse-path: of a null sender (RFC 5321 section 4.5.5).
bool is_bounce(const sink::Arrival& arrival, const Sent& sent) {
  const std::string reverse = without_brackets(sent.mail.reverse_path());
  if (reverse.empty()) return false;
  if (arrival.witness == sink::Witness::mailbox) {
    const auto message = smtp::parse_message(arrival.octets);
    const smtp::Field* path = smtp::find_field(message, "Return-Path");
    return path != nullptr && path->unfolded() == "<>";
  }
  return arrival.sender.address.empty() &&
         std::ranges::any_of(arrival.recipients, [&](const auto& path) {
           return base::equal_without_case(path.address, reverse);
         });
}

bool is_relayed(const sink::Arrival& arrival, const Sent& sent) {
  return arrival.witness == sink::Witness::smtp &&
         std::ranges::any_of(arrival.recipients, [&](const auto& path) {
           return !is_home(path.address, sent.variables);
         });
}

/// A message that arrived, and what it is: bounced, relayed or delivered.
struct Seen {
  ArrivalPtr arrival;
  Subject kind;
};

Subject kind_of(const sink::Arrival& arrival, const Sent& sent) {
  if (is_bounce(arrival, sent)) return Subject::bounced;
  return is_relayed(arrival, sent) ? Subject::relayed : Subject::delivered;
}

bool is_about(Subject subject, const Seen& seen) {
  switch (subject) {
    case Subject::bounced:
    case Subject::report: return seen.kind == Subject::bounced;
    case Subject::relayed:
    case Subject::delivered: return seen.kind == subject;
    default: return seen.kind != Subject::bounced;
  }
}

std::string envelope_of(const sink::Arrival& arrival) {
  const auto line = [](std::string_view verb, const sink::EnvelopePath& path) {
    return fmt::format("{}:<{}>{}{}\n", verb, path.address,
                       path.parameters.empty() ? "" : " ", path.parameters);
  };
  if (arrival.witness == sink::Witness::mailbox) return "";
  std::string result = line("MAIL FROM", arrival.sender);
  for (const auto& path : arrival.recipients) result += line("RCPT TO", path);
  return result;
}

std::string describe(const sink::Arrival& arrival) {
  std::string text = fmt::format("{} octets", arrival.octets.size());
  if (arrival.witness == sink::Witness::mailbox)
    return fmt::format("a message in {}, {}", arrival.folder, text);
  std::string envelope = envelope_of(arrival);
  std::ranges::replace(envelope, '\n', ' ');
  return fmt::format("a message by {} from {}, {}{}",
                     arrival.witness == sink::Witness::lmtp ? "LMTP" : "SMTP",
                     arrival.peer, envelope, text);
}

// -- the judgement

/// Whether more mail could change what the assertion comes to.
bool depends_on_more(const Assertion& assertion) {
  return scenario::counts(assertion.subject) || assertion.reads_reports();
}

/// What an assertion came to.
struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string got;
};

class ArrivalsJudge {
 public:
  ArrivalsJudge(const scenario::Test& test, const Target& target,
                const Waits& waits, Attempt& said)
      : then_(test.row->then),
        level_(verdict_of(test.scenario->level)),
        target_(target),
        waits_(waits),
        said_(said),
        secrets_(secrets_of(target)) {}

  awaitable<void> run() {
    auto& before = said_.at_judgement;
    before.verdict = said_.verdict;
    before.reason = said_.reason;
    before.line = said_.line;
    said_.unknown_arrivals = co_await settle();
    conclude(said_.unknown_arrivals);
  }

  /// After the end of the test; whether there is anything new.
  bool run_again() {
    look();
    const auto& before = said_.at_judgement;
    if (seen_.size() <= before.arrived) return false;
    said_.verdict = before.verdict;
    said_.reason = before.reason;
    said_.line = before.line;
    said_.transcript.lines.clear();
    const bool is_known = is_settled() || has_too_many();
    conclude(is_known ? "" : said_.unknown_arrivals);
    return true;
  }

 private:
  void conclude(const std::string& blocked) {
    said_.at_judgement.arrived = seen_.size();
    show_arrivals();
    said_.rung = count(Subject::relayed) > 0     ? Rung::relayed
                 : count(Subject::bounced) > 0   ? Rung::bounced
                 : count(Subject::delivered) > 0 ? Rung::delivered
                 : blocked.empty()               ? Rung::not_seen
                                                 : Rung::not_proved;
    if (!blocked.empty()) {
      worsen(Verdict::blocked, blocked, then_.front().expect.line);
      return;
    }
    for (const Assertion& assertion : then_) {
      const Outcome outcome = judge(assertion);
      if (outcome.verdict == Verdict::passed) continue;
      worsen(outcome.verdict,
             fmt::format("{}: wanted {}, got {}",
                         to_string(assertion.subject),
                         assertion.expect.source, outcome.got),
             assertion.expect.line);
      if (assertion.expect.is_condition) return;
    }
  }

  void look() { take(target_.witness->mailbox().with(said_.sent.token)); }

  void take(const sink::Mailbox::Found& found) {
    seen_.clear();
    for (const ArrivalPtr& arrival : found)
      seen_.push_back({arrival, kind_of(*arrival, said_.sent)});
  }

  std::size_t count(Subject subject) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(seen_, [subject](const Seen& seen) {
          return is_about(subject, seen);
        }));
  }

  /// Whether as many have arrived as the assertion wants at least.
  bool has_enough(const Assertion& assertion) const {
    if (assertion.reads_reports()) {
      const auto& wanted = assertion.expect.parts.front().any_of;
      const std::string reports = all_reports();
      return !reports.empty() &&
             std::ranges::any_of(wanted, [&](const auto& pattern) {
               return fits_text(pattern, reports);
             });
    }
    if (!scenario::counts(assertion.subject))
      return count(assertion.subject) > 0;
    std::size_t least = std::size_t(-1);
    for (const auto& pattern : assertion.expect.parts.front().any_of)
      least = std::min(least, std::get<scenario::Arrivals>(pattern).least);
    return count(assertion.subject) >= least;
  }
  bool has_enough() const {
    return std::ranges::all_of(then_, [this](const Assertion& assertion) {
      return has_enough(assertion);
    });
  }

  /// Whether one more message could change what the assertion comes to.
  static bool is_open(const Assertion& assertion) {
    if (!depends_on_more(assertion)) return false;
    return std::ranges::any_of(
        assertion.expect.parts.front().any_of, [](const auto& pattern) {
          if (const auto* text = std::get_if<scenario::ArrivedText>(&pattern))
            return text->negated;
          return std::get<scenario::Arrivals>(pattern).most !=
                 std::size_t(-1);
        });
  }

  /// More have arrived than any answer that is wanted: waiting mends nothing.
  bool has_too_many() const {
    return std::ranges::any_of(then_, [this](const Assertion& assertion) {
      if (!scenario::counts(assertion.subject)) return false;
      std::size_t most = 0;
      for (const auto& pattern : assertion.expect.parts.front().any_of)
        most = std::max(most, std::get<scenario::Arrivals>(pattern).most);
      return count(assertion.subject) > most;
    });
  }

  /// Nothing that may still come changes anything.
  bool is_settled() const {
    return has_enough() && std::ranges::none_of(then_, is_open);
  }

  awaitable<void> wait_until(net::Deadline deadline) {
    look();
    while (!has_enough() && !has_too_many() && net::Clock::now() < deadline) {
      co_await target_.witness->mailbox().wait_for(
          said_.sent.token, seen_.size() + 1, deadline);
      look();
    }
  }

  /// Waits until no more is to come. Gives why nobody can know; else empty.
  awaitable<std::string> settle() {
    co_await wait_until(waits_.deadline(waits_.farewell));
    if (is_settled()) co_return "";
    std::string blocked = co_await pass_barrier();
    co_await wait_until(waits_.deadline(waits_.delivery));
    if (seen_.empty()) {
      // Where it went is worth a moment, though nobody asks for it.
      const auto found = co_await target_.witness->mailbox().wait_for(
          said_.sent.token, 1, waits_.deadline(waits_.farewell));
      take(found);
    }
    // What was seen needs no barrier.
    if (is_settled()) co_return "";
    co_return blocked;
  }

  bool asks_about(Subject subject) const {
    return std::ranges::any_of(then_, [subject](const Assertion& assertion) {
      return assertion.subject == subject;
    });
  }

  /// What is to leave the target waits for mail that does; what is to stay, for
  /// mail that stays.
  std::vector<Route> routes() const {
    const auto& paths = said_.sent.mail.forward_paths();
    const auto homeward =
        std::ranges::count_if(paths, [this](const std::string& path) {
          return is_home(without_brackets(path), said_.sent.variables);
        });
    const bool may_leave = asks_about(Subject::relayed) ||
                           asks_about(Subject::bounced) ||
                           asks_about(Subject::report);
    const bool leaves =
        may_leave || static_cast<std::size_t>(homeward) < paths.size();
    if (!leaves || !can_relay(target_)) return {Route::home};
    if (may_leave || homeward == 0) return {Route::onward};
    return {Route::onward, Route::home};
  }

  /// Gives why nobody can know; empty: all that was sent before is there.
  awaitable<std::string> pass_barrier() {
    Witness& witness = *target_.witness;
    for (const Route route : routes()) {
      if (witness.blocked(route).empty()) {
        std::string reason = co_await try_barrier(route, target_, waits_);
        // One failure is enough: others would wait as long for as little.
        if (!reason.empty()) witness.block(route, std::move(reason));
      }
      if (!witness.blocked(route).empty()) co_return witness.blocked(route);
    }
    co_return "";
  }

  Outcome judge(const Assertion& assertion) const {
    if (scenario::counts(assertion.subject)) return judge_count(assertion);
    if (assertion.reads_reports()) return judge_reports(assertion);
    Outcome worst;
    bool any = false;
    for (const Seen& seen : seen_) {
      if (!is_about(assertion.subject, seen)) continue;
      any = true;
      Outcome outcome = judge_message(assertion, seen);
      if (outcome.verdict > worst.verdict) worst = std::move(outcome);
    }
    if (!any) return {Verdict::blocked, "no message"};
    return worst;
  }

  Outcome judge_count(const Assertion& assertion) const {
    const std::size_t number = count(assertion.subject);
    const auto fits = [number](const scenario::Pattern& pattern) {
      const auto& wanted = std::get<scenario::Arrivals>(pattern);
      return wanted.least <= number && number <= wanted.most;
    };
    return {grade(assertion, fits), std::to_string(number)};
  }

  Outcome judge_message(const Assertion& assertion, const Seen& seen) const {
    const sink::Arrival& arrival = *seen.arrival;
    if (assertion.rule) return judge_by_rule(*assertion.rule, seen);
    if (assertion.subject == Subject::content)
      return judge_content(assertion, arrival);
    const std::string text = assertion.subject == Subject::envelope
                                 ? envelope_of(arrival)
                                 : arrival.octets;
    return judge_text(assertion, text);
  }

  Outcome judge_text(const Assertion& assertion,
                     const std::string& text) const {
    const auto fits = [&](const scenario::Pattern& pattern) {
      return fits_text(pattern, text);
    };
    return {grade(assertion, fits), shown(text)};
  }

  bool fits_text(const scenario::Pattern& pattern,
                 const std::string& text) const {
    const auto& wanted = std::get<scenario::ArrivedText>(pattern);
    const bool is_found =
        boost::regex_search(text, wanted.regex(said_.sent.variables),
                            boost::match_not_dot_newline);
    return is_found != wanted.negated;
  }

  /// What they say together: one may be about several recipients, or each of
  /// them may have his own (RFC 3461 section 5.2.8).
  std::string all_reports() const {
    std::string result;
    for (const Seen& seen : seen_)
      if (seen.kind == Subject::bounced) result += seen.arrival->octets + "\n";
    return result;
  }

  Outcome judge_reports(const Assertion& assertion) const {
    const std::string reports = all_reports();
    if (reports.empty()) return {Verdict::blocked, "no message"};
    return judge_text(assertion, reports);
  }

  Outcome judge_content(const Assertion& assertion,
                        const sink::Arrival& arrival) const {
    const auto change = smtp::content_changes(
        said_.sent.mail.mail_data(), smtp::parse_message(arrival.octets),
        arrival.witness == sink::Witness::mailbox);
    const auto fits = [&change](const scenario::Pattern& pattern) {
      return std::get<scenario::Unchanged>(pattern).negated ==
             change.has_value();
    };
    return {grade(assertion, fits),
            change ? shown(change->text()) : "what was sent"};
  }

  Outcome judge_by_rule(const smtp::DeliveryRule& rule,
                        const Seen& seen) const {
    const auto message = smtp::parse_message(seen.arrival->octets);
    const smtp::Delivered delivered(message, said_.sent.mail.mail_data(),
                                    facts_of(seen));
    const auto complaint = rule.judge(delivered);
    if (!complaint) return {};
    return {complaint->only_noted ? std::min(Verdict::noted, level_) : level_,
            shown(complaint->text)};
  }

  smtp::DeliveryFacts facts_of(const Seen& seen) const {
    const sink::Arrival& arrival = *seen.arrival;
    const Sent& sent = said_.sent;
    smtp::DeliveryFacts facts;
    facts.client_name = sent.client_name;
    facts.client_address = sent.client_address;
    facts.sender = without_brackets(sent.mail.reverse_path());
    for (const std::string& path : sent.mail.forward_paths())
      facts.recipients.push_back(without_brackets(path));
    if (arrival.recipients.size() == 1)
      facts.recipient = arrival.recipients.front().address;
    facts.extended = sent.is_extended;
    facts.lmtp = target_.listener == scenario::Listener::lmtp;
    facts.tls = sent.tls.has_value();
    if (sent.tls) facts.tls_suite = sent.tls->cipher;
    facts.authenticated = sent.has_login;
    facts.utf8 = sent.mail.has_parameter("SMTPUTF8");
    facts.priority = sent.mail.priority();
    facts.target_names = sent.target_names;
    facts.final_delivery = arrival.witness == sink::Witness::mailbox;
    facts.is_generated = seen.kind == Subject::bounced;
    for (const Seen& other : seen_) {
      if (other.kind == Subject::bounced && other.arrival != seen.arrival)
        facts.other_reports.push_back(other.arrival->octets);
    }
    facts.via_next_hop = arrival.witness == sink::Witness::smtp;
    return facts;
  }

  /// The first part that fits says what it means.
  template <class Fits>
  Verdict grade(const Assertion& assertion, Fits fits) const {
    for (const auto& part : assertion.expect.parts) {
      if (std::ranges::any_of(part.any_of, fits))
        return verdict_of(part.grade, level_);
    }
    return assertion.expect.is_condition ? Verdict::blocked : level_;
  }

  std::string shown(std::string text) const {
    return base::escape_up_to(secrets_.hide(std::move(text)), shown_octets);
  }

  void worsen(Verdict verdict, const std::string& reason, int line) {
    if (verdict <= said_.verdict) return;
    said_.verdict = verdict;
    said_.reason = reason;
    said_.line = line;
  }

  /// The evidence, behind what was said.
  void show_arrivals() {
    auto& lines = said_.transcript.lines;
    const auto remark = [&lines](std::string text) {
      lines.push_back({TranscriptLine::Kind::event, std::move(text)});
    };
    for (std::size_t i = 0; i < std::min(seen_.size(), shown_arrivals); ++i)
      remark("arrived: " + shown(describe(*seen_[i].arrival)));
    if (seen_.empty()) remark("nothing arrived");
  }

  const std::vector<Assertion>& then_;
  Verdict level_;
  const Target& target_;
  const Waits& waits_;
  Attempt& said_;
  Secrets secrets_;
  std::vector<Seen> seen_;
};

/// A variable of `then` without a value; nothing: all have one.
std::optional<std::string> missing_value(const scenario::Test& test,
                                         const Attempt& said) {
  for (const Assertion& assertion : test.row->then) {
    for (const std::string& name : assertion.variables())
      if (!said.sent.variables.contains(name)) return name;
  }
  return std::nullopt;
}

}  // namespace

awaitable<void> judge_arrivals(const scenario::Test& test,
                               const Target& target, const Waits& waits,
                               Attempt& said) {
  if (test.row->then.empty() || !said.is_complete) co_return;
  if (!target.witness) {
    said.verdict = std::max(said.verdict, Verdict::blocked);
    said.reason = "accepted, not proved: the profile names no sink";
    said.rung = Rung::not_proved;
    co_return;
  }
  if (const auto missing = missing_value(test, said)) {
    if (said.verdict == Verdict::passed) {
      said.verdict = Verdict::skipped;
      said.reason = fmt::format("the profile gives no value for {}", *missing);
    }
    said.rung = Rung::not_proved;
    co_return;
  }
  ArrivalsJudge judge(test, target, waits, said);
  co_await judge.run();
}

bool may_change(const scenario::Test& test, const Attempt& said) {
  return said.is_complete && !missing_value(test, said) &&
         std::ranges::any_of(test.row->then, depends_on_more);
}

bool judge_late_arrivals(const scenario::Test& test, const Target& target,
                         const Waits& waits, Attempt& said) {
  ArrivalsJudge judge(test, target, waits, said);
  return judge.run_again();
}

}  // namespace smtpspec::play
