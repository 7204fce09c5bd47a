// The listener that is tested, and what the player must know to talk to it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "play/pace.h"
#include "play/secrets.h"
#include "play/witness.h"
#include "scenario/profile.h"

namespace smtpspec::play {

struct Target {
  scenario::Endpoint endpoint;
  scenario::Listener listener = scenario::Listener::mta;
  /// All listeners of the profile.
  std::map<scenario::Listener, scenario::Endpoint> listeners;
  std::string source;  ///< local address to connect from; empty: any
  /// Whose mail the target relays; empty: unknown.
  std::string trusted_source;
  /// Where it does so, if not at `endpoint`.
  std::optional<scenario::Endpoint> trusting_endpoint;
  /// From where it takes no mail; empty: unknown.
  std::string refused_source;
  scenario::Variables variables;
  scenario::Security security;
  /// Sees what the target delivers; nullptr: nobody does.
  std::shared_ptr<Witness> witness;
  /// Of all connections to it; nullptr: as fast as they come.
  std::shared_ptr<Pace> pace;
  /// Of all mail to it; nullptr: the same.
  std::shared_ptr<Pace> mail_pace;
  bool permits_guessing = false;  ///< see scenario::Profile
  std::vector<std::string> mechanisms;  ///< see scenario::Profile
  /// It runs on our own thread, and hears nothing while that sleeps.
  bool is_on_our_thread = false;

  /// The same target's listener `other`, if the profile has it.
  std::optional<Target> at(scenario::Listener other) const;
  /// RFC 8314 section 3: TLS comes before the greeting.
  bool has_implicit_tls() const {
    return listener == scenario::Listener::submissions;
  }
  /// Mail wants a login first (RFC 6409 section 4.3).
  bool is_for_submission() const {
    return listener == scenario::Listener::submission || has_implicit_tls();
  }
};

/// The listener `listener` of `profile`, which has it.
Target target_of(const scenario::Profile& profile, scenario::Listener listener);

/// What must never be shown: the password and the token.
Secrets secrets_of(const Target& target);

}  // namespace smtpspec::play
