#include "play/login.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace smtpspec::play {
namespace {

using net::asio::awaitable;

/// More rounds than any mechanism has.
constexpr int most_rounds = 8;

/// RFC 4954 section 4: an initial response that makes the line longer is sent
/// when it is asked for.
constexpr std::size_t longest_command = 510;

/// "=" stands for an empty initial response.
std::string encode_initial(const std::string& response) {
  return response.empty() ? "=" : base::base64_encode(response);
}

/// What answers a 334, base64 on both sides; "*" where nothing can, and why in
/// `problem`.
std::string answer(smtp::SaslClient& client, const smtp::Reply& challenge,
                   std::string& problem) {
  const auto octets = base::base64_decode(challenge.lines.back().text);
  try {
    if (octets) return base::base64_encode(client.respond(*octets));
    problem = "the challenge is no base64";
  } catch (const smtp::SaslError& error) {
    problem = error.text;
  }
  return "*";
}

}  // namespace

awaitable<Event> log_in(Session& session, const Waits& waits,
                        std::string mechanism, std::string twist,
                        smtp::SaslCredentials credentials,
                        smtp::SaslRound* last) {
  smtp::SaslClient client(mechanism, std::move(credentials), twist);
  auto initial = client.initial_response();
  std::string line = "AUTH " + mechanism;
  if (initial) {
    std::string with_response = line + " " + encode_initial(*initial);
    if (with_response.size() <= longest_command) {
      line = std::move(with_response);
      initial.reset();
    }
  }
  Event event = NoReply{};
  std::string problem;
  for (int round = 0; round < most_rounds; ++round) {
    std::string bytes = line + "\r\n";
    co_await session.send(std::move(bytes), waits.deadline(waits.reply));
    event = co_await session.receive(waits.deadline(waits.login));
    const auto* reply = std::get_if<smtp::Reply>(&event);
    if (!reply || reply->code != 334 || line == "*") break;
    line = initial ? base::base64_encode(*initial)
                   : answer(client, *reply, problem);
    initial.reset();
    if (!problem.empty()) session.remark("we cancel: " + problem);
  }
  if (last) *last = client.last_round();
  const auto* reply = std::get_if<smtp::Reply>(&event);
  if (reply && reply->reply_class() == 2 && !client.is_done())
    problem = "235 before the server's proof";
  if (reply && !problem.empty()) co_return Unproven{problem};
  co_return event;
}

std::string choose_mechanism(const smtp::Capabilities& capabilities,
                             const smtp::SaslCredentials& credentials) {
  const std::string offered =
      base::to_upper(capabilities.parameters("AUTH"));
  const auto words = base::words(offered);
  for (const std::string_view mechanism : smtp::sasl_mechanisms()) {
    if (mechanism == "EXTERNAL") continue;  // says nothing of the user
    if (std::find(words.begin(), words.end(), mechanism) != words.end() &&
        smtp::can_log_in(mechanism, credentials)) {
      return std::string(mechanism);
    }
  }
  return "";
}

}  // namespace smtpspec::play
