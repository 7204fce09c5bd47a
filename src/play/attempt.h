// One try at a dialog: one connection, from the greeting to the farewell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "play/mail_record.h"
#include "play/player.h"
#include "play/segmentation.h"

namespace smtpspec::play {

/// What to find a dialog's mail by, and to hold it against.
struct Sent {
  std::string token;
  MailRecord mail;
  scenario::Variables variables;
  std::string client_name;     ///< in the last HELO, EHLO or LHLO
  std::string client_address;  ///< ours, as the target saw it
  bool is_extended = false;    ///< EHLO or LHLO, not HELO
  bool has_login = false;
  /// Of the target, in its greeting and its reply to EHLO.
  std::vector<std::string> target_names;
  std::optional<net::TlsFacts> tls;
};

struct Attempt {
  Verdict verdict = Verdict::passed;
  std::string reason;
  int line = 0;
  /// A second connection may do better.
  bool transient = false;
  Transcript transcript;
  /// Of the session beside it, or before it; without lines where there was none.
  Transcript beside;
  std::vector<Breach> breaches;
  /// The dialog was said to its end.
  bool is_complete = false;
  /// Where the mail of a test with `then` ended.
  Rung rung = Rung::unknown;
  Sent sent;
  /// Why nobody could know what was still to arrive; empty: a barrier came.
  std::string unknown_arrivals;
  /// What the dialog itself came to, and how many messages of its session were
  /// there, when what arrived was judged.
  struct {
    Verdict verdict = Verdict::passed;
    std::string reason;
    int line = 0;
    std::size_t arrived = 0;
  } at_judgement;
  /// How often the dialog was begun.
  int said = 0;
  /// How long the last reply took each time that it passed.
  std::vector<std::chrono::nanoseconds> waits;
  /// From the connecting to the end of the dialog.
  std::chrono::nanoseconds lasted{0};
  /// What the dialog captured as `fresh`, each time that it passed.
  std::vector<std::string> fresh;
  /// The octets of the last reply before the farewell.
  std::string last_reply;
  /// In the last reply to EHLO or LHLO.
  smtp::Capabilities capabilities;
  Offers offers;
};

/// Keeps what was said and seen in an attempt, whatever it came to.
void keep(Played& played, Attempt& attempt);
/// Makes what an attempt came to the result.
void take(Played& played, Attempt& attempt);

/// Says `dialog` on a fresh connection, once `test`'s scenario's conditions
/// (from, needs, lacks) hold; with the scenario's `beside` open meanwhile,
/// unless `dialog` is the control. Throws for cancellation only.
net::asio::awaitable<Attempt> attempt(const scenario::Test& test,
                                      const scenario::Dialog& dialog,
                                      const Target& target,
                                      const Waits& waits,
                                      Segmentation segmentation =
                                          Segmentation::as_written);

/// Says `dialog` on one connection again and again, at most `times` times, for
/// as long as it passes.
net::asio::awaitable<Attempt> attempt_again(const scenario::Test& test,
                                            const scenario::Dialog& dialog,
                                            const Target& target,
                                            const Waits& waits, int times);

}  // namespace smtpspec::play
