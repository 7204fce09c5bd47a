// What arrives of fuzzed sessions at the witness, and what should not have:
// messages that were relayed for a stranger, and more messages than were sent.
#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzzing/input.h"
#include "fuzzing/observation.h"
#include "play/target.h"
#include "sink/mailbox.h"

namespace smtpspec::fuzzing {

/// The most messages that `octets` can be: each ends in CRLF.CRLF, or in BDAT
/// LAST (RFC 5321 section 4.1.1.4, RFC 3030 section 2).
std::size_t most_messages(std::string_view octets);

class Arrivals {
 public:
  /// Looks at the witness of `target`, which outlives it, for tokens of an
  /// Executor with that prefix. Without a witness nothing arrives.
  Arrivals(const play::Target& target, std::string token_prefix);
  ~Arrivals();

  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// A session that is over; mail of it may come until many others are.
  void expect(const Input& input, const Observation& seen);

  struct Late {
    Input input;
    Finding finding;
  };
  /// What has been found since the last call.
  std::vector<Late> take();

 private:
  struct Sent {
    std::string token;
    Input input;
    std::size_t most = 0;  ///< messages
    /// Of all messages together.
    std::size_t most_copies = 0;
    /// What was for one recipient arrives once.
    bool may_be_counted = false;
    /// Mail for the foreign domain is none of a stranger's.
    bool may_go_abroad = true;
    std::size_t answers = 0;
    std::set<std::size_t> bodies;
    std::size_t copies = 0;
    bool is_too_much = false;
    bool is_relayed = false;
  };
  /// What counts of a message that arrived.
  struct Facts {
    std::string token;
    std::size_t body = 0;  ///< a hash of it
    bool is_abroad = false;
  };

  void note(const sink::Arrival& arrival);
  void judge(Sent& sent, const Facts& facts);
  bool goes_abroad(const sink::Arrival& arrival) const;

  const play::Target& target_;
  std::string token_prefix_;
  std::string foreign_domain_;  ///< lower case; empty: none is known
  std::vector<std::string> single_recipients_;  ///< in lower case
  std::deque<Sent> sent_;
  /// Mail may overtake the end of its session.
  std::deque<Facts> early_;
  std::vector<Late> found_;
};

}  // namespace smtpspec::fuzzing
