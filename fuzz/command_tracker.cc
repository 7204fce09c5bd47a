// Fuzzes what tells which command a reply answers: cut anywhere, octets that are
// sent wait for the same replies; verbs are what was sent.
#include <vector>

#include "outcome.h"
#include "play/command_tracker.h"

namespace {

using namespace smtpspec;

/// What each reply answers once `octets` are sent in pieces of `size`; every
/// fourth one is 354. DATA is known to be taken only when its reply is there.
std::vector<std::string> answered(std::string_view octets, std::size_t size) {
  play::CommandTracker tracker;
  while (!octets.empty()) {
    tracker.sent(octets.substr(0, size));
    octets.remove_prefix(std::min(size, octets.size()));
  }
  std::vector<std::string> result;
  for (int i = 1; tracker.unanswered() > 0; ++i) {
    const auto answer = tracker.replied(i % 4 == 0 ? 354 : 250);
    fuzz::require(tracker.reliable() || answer.verb.empty());
    result.push_back(answer.verb + ' ' + answer.line);
  }
  result.push_back(tracker.in_mail_data() ? "data" : "");
  result.push_back(tracker.inside_line() ? "inside" : "");
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  // Of a line that is not whole it is not said yet what it holds.
  const std::string octets(fuzz::octets(data + 1, size - 1));
  const std::string whole = octets + "\r\n";
  fuzz::require(answered(whole, data[0] % 32 + 1u) ==
                answered(whole, whole.size()));
  return 0;
}
