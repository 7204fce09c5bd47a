// CRAM-MD5 (RFC 2195).
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "server/sasl.h"
#include "server/sasl_crypto.h"
#include "server/store.h"
#include "server/users.h"

namespace smtpspec::server {

namespace {

/// Random digits, a time, and the host: in the form of a msg-id.
std::string make_challenge(const SaslWorld& world) {
  if (world.flawed("cram-challenge-grammar"_flaw))
    return to_hex(world.random(8));
  std::uint64_t number = 0;
  std::string octets = world.random(8);
  const bool is_timeless = world.flawed("cram-challenge-repeated"_flaw) ||
                           world.flawed("cram-challenges-few"_flaw);
  if (world.flawed("cram-challenge-repeated"_flaw)) octets = "constant";
  for (const char c : octets)
    number = number << 8 | static_cast<unsigned char>(c);
  if (world.flawed("cram-challenges-few"_flaw)) number %= 16;
  const auto time = std::chrono::floor<std::chrono::seconds>(world.now);
  const auto seconds = is_timeless ? 0 : time.time_since_epoch().count();
  return fmt::format("<{}.{}@{}>", number, seconds, host_name);
}

class Cram : public SaslExchange {
 public:
  explicit Cram(SaslWorld world) : world_(std::move(world)) {}

  SaslStep step(std::string_view message) override {
    if (challenge_.empty()) {
      challenge_ = make_challenge(world_);
      if (takes_replays()) world_.challenges->push_back(challenge_);
      return SaslChallenge{challenge_};
    }
    // A name may hold spaces, a digest none.
    const auto space = message.rfind(' ');
    if (space == std::string_view::npos) return SaslFailure{};
    const auto name = prepare(world_, message.substr(0, space));
    const User* user = name ? find_user(*name) : nullptr;
    // As much work for a user who is unknown.
    const auto password = user ? user->password : "";
    const auto digest = message.substr(space + 1);
    const bool is_right = accepts(digest, cram_md5(password, challenge_)) ||
                          is_replay(digest, password);
    // What would be compared with is not there yet: finish_login() says so.
    const bool is_unknown = user && user->standing == Standing::transition;
    if (!user || !(is_right || is_unknown)) return SaslFailure{};
    return SaslSuccess{std::string(user->name)};
  }

 private:
  bool takes_replays() const {
    return world_.challenges &&
           world_.flawed("cram-replayed-response-accepted"_flaw);
  }
  bool is_replay(std::string_view digest, std::string_view password) const {
    if (!takes_replays()) return false;
    return std::any_of(world_.challenges->begin(), world_.challenges->end(),
                       [=](const std::string& challenge) {
                         return digest == cram_md5(password, challenge);
                       });
  }
  bool accepts(std::string_view digest, const std::string& right) const {
    if (are_equal(digest, right)) return true;
    if (digest.size() == right.size())
      return world_.flawed("cram-wrong-digest-accepted"_flaw);
    return !digest.empty() && right.starts_with(digest) &&
           world_.flawed("cram-short-digest-accepted"_flaw);
  }

  SaslWorld world_;
  std::string challenge_;
};

}  // namespace

std::string cram_md5(std::string_view password, std::string_view challenge) {
  return to_hex(hmac(Digest::md5, password, challenge));
}

std::unique_ptr<SaslExchange> begin_cram_md5(SaslWorld world) {
  return std::make_unique<Cram>(std::move(world));
}

}  // namespace smtpspec::server
