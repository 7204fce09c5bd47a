#include "play/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/escape.h"
#include "base/text.h"
#include "play/approach.h"
#include "play/judge.h"
#include "scenario/template.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;

std::string random_token() {
  static std::mt19937_64 random{std::random_device{}()};
  return fmt::format("t{:012x}", random() & 0xffffffffffff);
}

class Attempter {
 public:
  Attempter(net::asio::any_io_executor executor, const scenario::Test& test,
            const Target& target, const Waits& waits,
            Segmentation segmentation)
      : test_(test),
        scenario_(*test.scenario),
        target_(target),
        waits_(waits),
        segmentation_(segmentation),
        session_(executor, segmentation, secrets_of(target)),
        variables_(scenario::numbered(target.variables, 1)),
        level_(verdict_of(test.scenario->level)) {
    variables_["token"] = random_token();
  }

  awaitable<Attempt> run(const scenario::Dialog& dialog, int times = 1) {
    Attempt result = co_await begin(dialog, true, times);
    co_await end(result);
    co_return result;
  }

  /// Says `dialog`, from where the scenario begins or from the greeting, and
  /// leaves the connection open.
  awaitable<Attempt> begin(const scenario::Dialog& dialog, bool prepares,
                           int times = 1) {
    Attempt result;
    try {
      co_await open();
      if (prepares) {
        co_await approach_.run();
        checked_needs_ = session_.has_capabilities();
      } else if (scenario_.from != scenario::Start::connect) {
        co_await approach_.secure_first();
      }
      while (result.said < times) {
        ++result.said;
        co_await say(dialog);
        result.waits.push_back(session_.last_wait());
        const auto fresh = variables_.find("fresh");
        if (fresh != variables_.end()) result.fresh.push_back(fresh->second);
      }
      result.is_complete = true;
      result.verdict = worst_;
      result.reason = worst_reason_;
      result.line = worst_line_;
    } catch (const Verdicted& end) {
      result.verdict = end.verdict;
      result.reason = end.reason;
      result.line = end.line;
      result.transient = end.transient;
      result.rung = refused_at();
    } catch (const scenario::MissingVariable& missing) {
      result.verdict = Verdict::skipped;
      result.reason =
          fmt::format("the profile gives no value for {}", missing.name);
    }
    result.last_reply = session_.last_reply();
    result.lasted = net::Clock::now() - begun_;
    co_return result;
  }

  awaitable<void> end(Attempt& result) {
    result.sent = sent();
    result.capabilities = session_.capabilities();
    result.offers = session_.offers();
    co_await session_.finish(waits_.deadline(waits_.farewell));
    result.sent.mail = std::move(session_.mail_record());
    result.transcript = std::move(session_.transcript());
    result.beside = std::move(overheard_);
    result.breaches = session_.breaches();
  }

 private:
  /// But for the mail.
  Sent sent() const;
  Rung refused_at() const;
  const std::string& source() const;
  awaitable<void> open();
  void learn_addresses();
  awaitable<void> say(const scenario::Dialog& dialog);
  awaitable<void> say_step(const scenario::Step& step);
  void collect(const scenario::Send& send);
  awaitable<void> flush();
  awaitable<void> start_tls(const scenario::StartTls& step);
  awaitable<void> expect(const scenario::Expect& expect);
  awaitable<void> judge_event(const scenario::Expect& expect,
                              const Event& event);
  awaitable<void> judge_silence(const scenario::Expect& expect,
                                Judgement& judgement);
  awaitable<bool> answers_noop();
  void check_needs_once();
  awaitable<void> log_in(const scenario::Authenticate& step);
  awaitable<void> overhear(const scenario::Authenticate& step);
  void note_verdict(const Judgement& judgement, int line,
                    const std::string& wanted);

  const scenario::Test& test_;
  const scenario::Scenario& scenario_;
  const Target& target_;
  const Waits& waits_;
  Segmentation segmentation_;
  Session session_;
  scenario::Variables variables_;
  Approach approach_{session_, scenario_, target_, waits_, variables_};
  Verdict level_;
  /// What an AUTH line drew, for the S line behind it.
  std::optional<Event> answered_;
  /// The last round of a login: to be said again, or what was said.
  smtp::SaslRound round_;
  /// Of the session whose login is replayed.
  Transcript overheard_;
  net::Clock::time_point begun_;
  bool checked_needs_ = false;
  bool said_something_ = false;
  std::string outgoing_;
  Verdict worst_ = Verdict::passed;
  std::string worst_reason_;
  int worst_line_ = 0;
};

/// Variables that a connection gives. A literal of RFC 5321 section 4.1.3 has
/// another form for IPv6: there they have no value.
void Attempter::learn_addresses() {
  const auto learn = [&](const char* name, std::string address) {
    if (address.find('.') != std::string::npos &&
        address.find(':') == std::string::npos)
      variables_[name] = std::move(address);
  };
  learn("own_ipv4", session_.connection().local_address());
  learn("target_ipv4", session_.connection().remote_address());
}

/// Where a server stops mail that it does not take.
Rung Attempter::refused_at() const {
  const std::string verb = verb_of(session_.last_command());
  if (verb == "RCPT") return Rung::refused_at_rcpt;
  if (verb == "DATA" || verb == "BDAT" || verb == ".")
    return Rung::refused_at_data;
  return Rung::refused_at_mail;
}

Sent Attempter::sent() const {
  Sent result;
  result.token = variables_.at("token");
  result.variables = variables_;
  const auto hello = base::words(session_.hello());
  if (hello.size() > 1) {
    result.client_name = hello[1];
    result.is_extended = !base::equal_without_case(hello[0], "HELO");
  }
  result.client_address = session_.connection().local_address();
  result.has_login = session_.has_login();
  result.tls = session_.tls();
  result.target_names = session_.target_names();
  return result;
}

/// The address of ours that the scenario comes from; throws Verdicted where the
/// profile has none.
const std::string& Attempter::source() const {
  if (scenario_.source == scenario::Source::outside) return target_.source;
  const bool is_trusted = scenario_.source == scenario::Source::trusted;
  const std::string& source =
      is_trusted ? target_.trusted_source : target_.refused_source;
  if (!source.empty()) return source;
  throw Verdicted{Verdict::skipped,
                  fmt::format("the profile names no source that the target {}",
                              is_trusted ? "trusts" : "refuses")};
}

awaitable<void> Attempter::open() {
  const std::string& source = this->source();
  const bool is_trusted = scenario_.source == scenario::Source::trusted;
  const bool goes_elsewhere = is_trusted && target_.trusting_endpoint;
  const scenario::Endpoint& endpoint =
      goes_elsewhere ? *target_.trusting_endpoint : target_.endpoint;
  if (target_.pace) co_await target_.pace->turn();
  begun_ = net::Clock::now();
  std::string problem;
  bool is_refused = false;
  try {
    co_await session_.connect(endpoint, source,
                              waits_.deadline(waits_.connect));
  } catch (const boost::system::system_error& e) {
    if (e.code() == net::asio::error::operation_aborted) throw;
    problem = e.code().message();
    is_refused = e.code() == net::asio::error::connection_refused ||
                 e.code() == net::asio::error::connection_reset ||
                 e.code() == net::asio::error::timed_out;
  }
  if (is_refused && scenario_.source == scenario::Source::refused)
    throw Verdicted{Verdict::passed, ""};
  if (!problem.empty()) {
    throw Verdicted{Verdict::error,
                    fmt::format("cannot connect to {}: {}",
                                to_string(endpoint), problem),
                    0, true};
  }
  learn_addresses();
}

void Attempter::check_needs_once() {
  if (checked_needs_ || !session_.has_capabilities()) return;
  checked_needs_ = true;
  check_needs(scenario_, session_.capabilities(), target_.mechanisms);
}

awaitable<void> Attempter::say(const scenario::Dialog& dialog) {
  for (const scenario::Step& step : dialog.steps) co_await say_step(step);
  co_await flush();
}

awaitable<void> Attempter::say_step(const scenario::Step& step) {
  if (const auto* lines = std::get_if<scenario::Send>(&step)) {
    collect(*lines);
    co_return;
  }
  const auto* wait = std::get_if<scenario::Wait>(&step);
  if (wait && segmentation_ == Segmentation::coalesced) co_return;
  co_await flush();
  if (wait) {
    co_await net::sleep_until(waits_.deadline(wait->time));
  } else if (const auto* wanted = std::get_if<scenario::Expect>(&step)) {
    for (int i = 0; i < wanted->repeat; ++i) co_await expect(*wanted);
  } else if (const auto* tls = std::get_if<scenario::StartTls>(&step)) {
    co_await start_tls(*tls);
  } else if (const auto* login = std::get_if<scenario::Authenticate>(&step)) {
    co_await log_in(*login);
  } else if (std::holds_alternative<scenario::HangUp>(step)) {
    session_.hang_up();
  }
}

awaitable<void> Attempter::log_in(const scenario::Authenticate& step) {
  if (step.twist == "replayed response") co_await overhear(step);
  said_something_ = true;
  answered_ = co_await approach_.log_in(step, round_);
}

/// Logs in rightly on a connection of its own, and keeps what was said there.
awaitable<void> Attempter::overhear(const scenario::Authenticate& step) {
  const auto executor = co_await net::asio::this_coro::executor;
  Attempter other(executor, test_, target_, waits_, segmentation_);
  scenario::Dialog right;
  right.steps.push_back(
      scenario::Authenticate{step.mechanism, "", step.line});
  Attempt login = co_await other.begin(right, true);
  const bool is_blocked = login.verdict != Verdict::passed;
  std::string outcome = login.reason;
  if (!is_blocked && other.answered_) {
    const auto* reply = std::get_if<smtp::Reply>(&*other.answered_);
    if (!reply || reply->code != 235) outcome = describe(*other.answered_);
  }
  round_ = other.round_;
  co_await other.end(login);
  overheard_ = std::move(login.transcript);
  if (!outcome.empty()) {
    throw Verdicted{is_blocked ? login.verdict : Verdict::blocked,
                    "the login that is to be replayed came to " + outcome,
                    step.line, login.transient};
  }
}

void Attempter::collect(const scenario::Send& send) {
  if (target_.security.demands_trust) {
    const auto names = send.text.names();
    if (names.contains("password") || names.contains("bearer"))
      approach_.require_confidence();
  }
  const std::size_t line_end = send.adds_crlf ? 2 : 0;
  for (int n = 1; n <= send.repeat; ++n) {
    outgoing_ += send.repeat == 1
                     ? send.text.expand(variables_, line_end)
                     : send.text.expand(scenario::numbered(variables_, n),
                                        line_end);
    if (send.adds_crlf) outgoing_ += "\r\n";
  }
}

/// Lines that begin a message, or would if a server took them for commands.
std::size_t messages_in(std::string_view octets) {
  const auto lines = base::split(octets, '\n');
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [](std::string_view line) {
        return base::starts_without_case(line, "MAIL FROM:");
      }));
}

awaitable<void> Attempter::flush() {
  if (outgoing_.empty()) co_return;
  said_something_ = true;
  const auto messages = target_.mail_pace ? messages_in(outgoing_) : 0;
  for (std::size_t i = 0; i < messages; ++i) co_await target_.mail_pace->turn();
  auto bytes = std::exchange(outgoing_, {});
  co_await session_.send(std::move(bytes), waits_.deadline(waits_.reply));
}

bool wants_trust(const scenario::Expect& expect) {
  using scenario::TlsOutcome;
  for (const auto& part : expect.parts) {
    for (const auto& pattern : part.any_of) {
      const auto* outcome = std::get_if<TlsOutcome>(&pattern);
      if (outcome && (*outcome == TlsOutcome::trusted ||
                      *outcome == TlsOutcome::misnamed)) {
        return true;
      }
    }
  }
  return false;
}

awaitable<void> Attempter::start_tls(const scenario::StartTls& step) {
  if (wants_trust(step.expect) && !target_.security.has_trust()) {
    throw Verdicted{Verdict::skipped,
                    "the profile does not say which certificate to trust"};
  }
  const Event event = co_await approach_.start_tls(step);
  said_something_ = true;
  co_await judge_event(step.expect, event);
}

awaitable<void> Attempter::expect(const scenario::Expect& expect) {
  if (answered_) {
    const Event event = *std::exchange(answered_, std::nullopt);
    co_await judge_event(expect, event);
    co_return;
  }
  std::chrono::milliseconds wait =
      session_.in_login() ? waits_.login : waits_.reply;
  for (const auto& part : expect.parts) {
    for (const auto& pattern : part.any_of)
      if (const auto* silent = std::get_if<scenario::Silent>(&pattern))
        wait = std::min(silent->time, waits_.silence);
  }
  const Event event = co_await session_.receive(waits_.deadline(wait));
  co_await judge_event(expect, event);
}

awaitable<void> Attempter::judge_event(const scenario::Expect& expect,
                                       const Event& event) {
  Judgement judgement = judge(expect, event, level_, variables_);
  const bool refused_at_the_door =
      !said_something_ && !judgement.named &&
      !std::holds_alternative<NoReply>(event);
  if (refused_at_the_door && !std::holds_alternative<smtp::ReplyError>(event)) {
    judgement.verdict = Verdict::blocked;
    judgement.transient = true;
  }
  if (std::holds_alternative<NoReply>(event) && !judgement.named)
    co_await judge_silence(expect, judgement);
  check_needs_once();
  note_verdict(judgement, expect.line, expect.source);
}

/// What is not seen in time is not observed, unless a later command is answered:
/// replies come in order, so the one before it was left out.
awaitable<void> Attempter::judge_silence(const scenario::Expect& expect,
                                         Judgement& judgement) {
  bool is_missing = !expect.is_condition &&
                    !session_.tracker().in_mail_data() &&
                    !session_.tracker().inside_line();
  if (is_missing) is_missing = co_await answers_noop();
  if (!is_missing) {
    judgement.verdict = Verdict::blocked;
    judgement.reason += "; a server may take minutes (RFC 5321 4.5.3.2)";
    judgement.transient = true;
  } else {
    judgement.reason = "no reply, though a NOOP behind it was answered";
  }
}

/// Whether a NOOP draws one reply, and only one.
awaitable<bool> Attempter::answers_noop() {
  co_await session_.send("NOOP\r\n", waits_.deadline(waits_.reply));
  const Event first = co_await session_.receive(waits_.deadline(waits_.reply));
  if (!std::holds_alternative<smtp::Reply>(first)) co_return false;
  const Event second =
      co_await session_.receive(waits_.deadline(waits_.farewell));
  co_return std::holds_alternative<NoReply>(second);
}

void Attempter::note_verdict(const Judgement& judgement, int line,
                             const std::string& wanted) {
  std::string reason;
  if (judgement.verdict != Verdict::passed) {
    const std::string& command = session_.last_command();
    reason = fmt::format("wanted {}, got {}", wanted, judgement.reason);
    if (!command.empty())
      reason = fmt::format("{}: {}", base::escape_up_to(command, 80), reason);
  }
  if (judgement.verdict > worst_) {
    worst_ = judgement.verdict;
    worst_reason_ = reason;
    worst_line_ = line;
  }
  if (judgement.next == Judgement::Next::stop)
    throw Verdicted{worst_, worst_reason_, worst_line_, judgement.transient};
}

}  // namespace

void keep(Played& played, Attempt& attempt) {
  played.offers.merge(attempt.offers);
  if (!attempt.beside.lines.empty())
    played.result.transcripts.push_back(std::move(attempt.beside));
  played.result.transcripts.push_back(std::move(attempt.transcript));
  for (Breach& breach : attempt.breaches)
    played.breaches.push_back(std::move(breach));
}

void take(Played& played, Attempt& attempt) {
  played.result.verdict = attempt.verdict;
  played.result.reason = attempt.reason;
  played.result.line = attempt.line;
  if (!played.result.test.row->then.empty())
    played.result.rung = attempt.rung;
  keep(played, attempt);
}

awaitable<Attempt> attempt_again(const scenario::Test& test,
                                 const scenario::Dialog& dialog,
                                 const Target& target, const Waits& waits,
                                 int times) {
  const auto executor = co_await net::asio::this_coro::executor;
  Attempter attempter(executor, test, target, waits, Segmentation::as_written);
  co_return co_await attempter.run(dialog, times);
}

awaitable<Attempt> attempt(const scenario::Test& test,
                           const scenario::Dialog& dialog, const Target& target,
                           const Waits& waits, Segmentation segmentation) {
  const auto executor = co_await net::asio::this_coro::executor;
  Attempter attempter(executor, test, target, waits, segmentation);
  const scenario::Dialog& beside = test.scenario->beside;
  if (beside.steps.empty() || &dialog == &test.row->control)
    co_return co_await attempter.run(dialog);

  Attempter other(executor, test, target, waits, segmentation);
  Attempt held = co_await other.begin(beside, false);
  const bool is_open = held.verdict == Verdict::passed;
  Attempt result;
  if (is_open) result = co_await attempter.run(dialog);
  co_await other.end(held);
  if (!is_open) {
    held.verdict = std::min(held.verdict, Verdict::blocked);
    co_return held;
  }
  result.beside = std::move(held.transcript);
  for (Breach& breach : held.breaches)
    result.breaches.push_back(std::move(breach));
  co_return result;
}

}  // namespace smtpspec::play
