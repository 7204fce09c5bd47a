#include "fuzzing/executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "fuzzing/structure.h"
#include "play/command_tracker.h"
#include "play/login.h"
#include "play/proof.h"
#include "smtp/sasl.h"

namespace smtpspec::fuzzing {
namespace {

using net::asio::awaitable;
using play::Event;

/// With these wrong no server may log us in. The others may be understood, or
/// are for a server to decide.
constexpr std::array<std::string_view, 8> fatal_twists = {
    "wrong password", "unknown user", "wrong token",         "wrong proof",
    "wrong nonce",    "wrong binding", "mandatory extension", "short digest"};

/// Bounds of an adaptive wait. A server that writes replies one by one without
/// TCP_NODELAY has the second one held back for the 40 ms of a delayed
/// acknowledgement.
constexpr std::chrono::milliseconds shortest_wait{50};
/// Where it is not known whether a reply is due at all.
constexpr std::chrono::milliseconds shortest_doubtful_wait{10};
constexpr std::chrono::milliseconds longest_wait{1000};
/// And of one before something is called silent.
constexpr std::chrono::milliseconds shortest_patience{500};
constexpr std::chrono::milliseconds longest_patience{30'000};
/// A new connection is greeted within that.
constexpr std::chrono::milliseconds greeting_time{1000};
constexpr std::chrono::milliseconds patient_greeting_time{10'000};

/// Ends a session early.
struct SessionOver {};

/// One session.
class Sitting {
 public:
  Sitting(net::asio::any_io_executor executor, const play::Target& target,
          const net::TlsContext& tls, ReplyTime& reply_time, bool is_patient,
          std::string token)
      : target_(target),
        tls_(tls),
        reply_time_(reply_time),
        is_patient_(is_patient),
        variables_(scenario::numbered(target.variables, 1)),
        session_(executor, play::Segmentation::as_written,
                 play::secrets_of(target)) {
    if (!target.is_on_our_thread) session_.have_thread_alone();
    variables_["token"] = token;
    seen_.token = std::move(token);
  }

  awaitable<Observation> run(const Input& input) {
    if (target_.pace) co_await target_.pace->turn();
    co_await session_.connect(target_.endpoint, target_.source,
                              waits_.deadline(waits_.connect));
    try {
      co_await greet();
      for (; seen_.unit < input.units.size(); ++seen_.unit)
        co_await say(input.units[seen_.unit]);
      co_await take_replies();
    } catch (const SessionOver&) {
    }
    if (!session_.tracker().reliable()) seen_.is_reliable = false;
    co_await session_.finish(deadline());
    if (is_confused_) {
      seen_.is_reliable = false;
    } else {
      seen_.breaches = session_.breaches();
    }
    seen_.transcript = std::move(session_.transcript());
    co_return std::move(seen_);
  }

 private:
  net::Deadline deadline() const {
    // What was sent behind STARTTLS is dropped (RFC 3207 section 4.2).
    return deadline(!is_confused_ && !is_ready_for_tls() &&
                    session_.tracker().reliable());
  }

  net::Deadline deadline(bool is_certain) const {
    return net::Clock::now() + (is_patient_ ? reply_time_.patience()
                                            : reply_time_.wait(is_certain));
  }

  awaitable<void> greet() {
    if (target_.has_implicit_tls()) co_await handshake();
    co_await take_reply();
  }

  awaitable<void> say(const Unit& unit) {
    if (unit.kind != Unit::Kind::octets) {
      co_await take_replies();
      if (unit.kind == Unit::Kind::tls) {
        if (is_ready_for_tls()) co_await handshake();
      } else {
        co_await log_in(unit);
      }
      co_return;
    }
    if (unit.is_split) co_await flush();
    outgoing_ += replace_variables(unit.octets, variables_);
    if (unit.is_split) {
      session_.cut(play::Segmentation::at_borders);
      co_await flush();
      session_.cut(play::Segmentation::as_written);
    }
    if (unit.waits) co_await take_replies();
  }

  /// Elsewhere a handshake is noise that ends the session.
  bool is_ready_for_tls() const {
    return !session_.tls() && !seen_.answers.empty() &&
           seen_.answers.back().verb == "STARTTLS" &&
           seen_.answers.back().reply.code == 220;
  }

  awaitable<void> flush() {
    if (outgoing_.empty()) co_return;
    look_at_lines();
    std::string octets;
    octets.swap(outgoing_);
    co_await session_.send(std::move(octets), deadline());
    if (is_unwanted_group()) is_confused_ = true;
  }

  /// More than one command at once, which nobody has offered to take (RFC 2920
  /// section 3.1): any answer is right.
  bool is_unwanted_group() const {
    const auto& tracker = session_.tracker();
    const bool is_group = tracker.unanswered() > 1 ||
                          (tracker.unanswered() == 1 && tracker.inside_line());
    return is_group && !session_.capabilities().has("PIPELINING");
  }

  void look_at_lines() {
    if (session_.tracker().in_mail_data()) return;
    for (std::string_view line : base::split(outgoing_, '\n')) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!play::is_plain(line)) seen_.is_plain = false;
      note_chunk(line);
    }
  }

  void note_chunk(std::string_view line) {
    if (play::verb_of(line) != "BDAT") return;
    // Who does not offer chunks may take them for commands.
    if (!session_.capabilities().has("CHUNKING") || is_doubtful_chunk(line))
      is_confused_ = true;
  }

  /// All that are due, and what came besides.
  awaitable<void> take_replies() {
    co_await flush();
    while (session_.tracker().unanswered() > 0 || session_.has_unread())
      co_await take_reply();
  }

  /// A greeting has its time: much may be looked up before.
  net::Deadline reply_deadline() const {
    return seen_.answers.empty() ? waits_.deadline(waits_.reply) : deadline();
  }

  awaitable<void> take_reply() {
    const bool is_due = session_.tracker().unanswered() > 0;
    Event event = co_await session_.receive(reply_deadline());
    if (auto* reply = std::get_if<smtp::Reply>(&event)) {
      // Nothing was sent before the greeting.
      if (!seen_.answers.empty()) reply_time_.took(session_.last_wait());
      note_answer(std::move(*reply));
      co_return;
    }
    if (is_due) seen_.unanswered = session_.tracker().next_line();
    if (std::holds_alternative<play::NoReply>(event)) {
      co_await note_silence(is_due);
    } else if (const auto* ended = std::get_if<play::Ended>(&event)) {
      seen_.outcome = ended->ending == net::Ending::reset ? Outcome::reset
                                                          : Outcome::closed;
    } else {
      seen_.outcome = Outcome::malformed;
    }
    throw SessionOver();
  }

  void note_answer(smtp::Reply reply) {
    Answer answer;
    answer.line = session_.last_command();
    // It may have been sent in pieces.
    note_chunk(answer.line);
    if (seen_.answers.empty() || answer.line == "connect") {
      answer.verb = "greeting";
    } else if (session_.tracker().reliable() && !is_confused_) {
      answer.verb = play::verb_of(answer.line);
    }
    answer.reply = std::move(reply);
    answer.unit = seen_.unit;
    seen_.answers.push_back(std::move(answer));
  }

  /// Who is silent answers a NOOP behind, once: two replies are due. Who is slow
  /// answers twice, or with the farewell of a QUIT.
  awaitable<void> note_silence(bool is_due) {
    const auto& tracker = session_.tracker();
    if (!tracker.reliable()) seen_.is_reliable = false;
    seen_.outcome = Outcome::silent;
    if (!is_due || !tracker.reliable() || tracker.in_mail_data() ||
        tracker.inside_line() || session_.in_login()) {
      co_return;
    }
    co_await session_.send("NOOP\r\n", deadline());
    const Event first = co_await session_.receive(deadline());
    if (!std::holds_alternative<smtp::Reply>(first)) co_return;
    const Event second = co_await session_.receive(deadline(false));
    seen_.is_alive_after_silence =
        std::holds_alternative<play::NoReply>(second);
  }

  awaitable<void> handshake() {
    const auto host = target_.variables.find("host");
    const std::string name =
        host == target_.variables.end() ? "" : host->second;
    // A handshake takes a server longer than a reply; it has said that it waits.
    const auto patient = net::Clock::now() + reply_time_.patience();
    const Event event = co_await session_.start_tls(tls_, name, patient);
    if (!std::holds_alternative<play::Secured>(event)) {
      seen_.outcome = Outcome::no_tls;
      throw SessionOver();
    }
    const bool is_of_unit = !seen_.answers.empty();
    seen_.answers.push_back({"TLS", "TLS", false, {}, seen_.unit, is_of_unit});
  }

  /// Nothing is said where the credentials are missing, or where a secret would
  /// go to a host far away that is not trusted.
  awaitable<void> log_in(const Unit& unit) {
    const auto& tls = session_.tls();
    auto credentials = play::credentials_of(target_, tls);
    const auto& security = target_.security;
    const bool is_confident =
        !security.demands_trust ||
        (tls && play::distrust_of(*tls, security).empty());
    if (!is_confident || (!unit.twist.empty() && !may_guess()) ||
        !smtp::can_log_in(unit.octets, credentials)) {
      co_return;
    }
    play::Waits waits;
    if (!is_patient_) waits.reply = waits.login = reply_time_.wait(true);
    Event event = co_await play::log_in(session_, waits, unit.octets,
                                        unit.twist, std::move(credentials));
    note_login(unit, std::move(event));
  }

  bool may_guess() const {
    return target_.permits_guessing || !target_.security.demands_trust;
  }

  void note_login(const Unit& unit, Event event) {
    auto* reply = std::get_if<smtp::Reply>(&event);
    if (!reply) {
      if (std::holds_alternative<play::Unproven>(event)) return;
      seen_.unanswered = "AUTH " + unit.octets;
      if (std::holds_alternative<play::NoReply>(event)) {
        seen_.outcome = Outcome::silent;
      } else {
        seen_.outcome = std::holds_alternative<play::Ended>(event)
                            ? Outcome::closed
                            : Outcome::malformed;
      }
      throw SessionOver();
    }
    std::string line = "AUTH " + login_words(unit);
    const bool is_fatal = std::ranges::find(fatal_twists, unit.twist) !=
                          fatal_twists.end();
    seen_.answers.push_back({"AUTH", std::move(line), is_fatal,
                             std::move(*reply), seen_.unit, true});
  }

  const play::Target& target_;
  const net::TlsContext& tls_;
  ReplyTime& reply_time_;
  bool is_patient_;
  play::Waits waits_;
  scenario::Variables variables_;
  play::Session session_;
  std::string outgoing_;
  /// Which command a reply answers is not known any more.
  bool is_confused_ = false;
  Observation seen_;
};

}  // namespace

void ReplyTime::took(std::chrono::nanoseconds time) {
  slowest_ = std::max(time, slowest_ - slowest_ / 16);
}

std::chrono::milliseconds ReplyTime::wait(bool is_certain) const {
  const auto shortest = is_certain ? shortest_wait : shortest_doubtful_wait;
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(slowest_ * 10),
                    shortest, longest_wait);
}

std::chrono::milliseconds ReplyTime::patience() const {
  return std::clamp(
      std::chrono::ceil<std::chrono::milliseconds>(slowest_ * 100),
      shortest_patience, longest_patience);
}

Executor::Executor(const play::Target& target, std::string token_prefix)
    : target_(target),
      token_prefix_(std::move(token_prefix)),
      tls_(net::TlsContext::Role::client, play::tls_options(target)) {}

/// Of one length, so that it changes no line's.
std::string Executor::next_token() {
  return fmt::format("{}{:08x}", token_prefix_, ++sessions_ & 0xffffffff);
}

awaitable<Observation> Executor::run(const Input& input, Patience patience) {
  const auto executor = co_await net::asio::this_coro::executor;
  Sitting sitting(executor, target_, tls_, reply_time_,
                  patience == Patience::full, next_token());
  co_return co_await sitting.run(input);
}

awaitable<bool> Executor::is_greeted(Patience patience) {
  const auto executor = co_await net::asio::this_coro::executor;
  play::Session session(executor);
  const auto deadline =
      net::Clock::now() +
      (patience == Patience::full ? patient_greeting_time : greeting_time);
  bool is_greeted = false;
  try {
    co_await session.connect(target_.endpoint, target_.source, deadline);
    if (target_.has_implicit_tls())
      co_await session.start_tls(tls_, "", deadline);
    const Event event = co_await session.receive(deadline);
    is_greeted = std::holds_alternative<smtp::Reply>(event);
  } catch (const boost::system::system_error&) {
  }
  session.hang_up();
  co_return is_greeted;
}

}  // namespace smtpspec::fuzzing
