#include "play/target.h"

namespace smtpspec::play {

Target target_of(const scenario::Profile& profile,
                 scenario::Listener listener) {
  Target target;
  target.endpoint = profile.listeners.at(listener);
  target.listener = listener;
  target.listeners = profile.listeners;
  target.source = profile.source;
  target.trusted_source = profile.trusted_source;
  target.variables = profile.variables;
  target.security = profile.security;
  target.permits_guessing = profile.permits_guessing;
  return target;
}

std::optional<Target> Target::at(scenario::Listener other) const {
  const auto found = listeners.find(other);
  if (found == listeners.end()) return std::nullopt;
  Target result = *this;
  result.listener = other;
  result.endpoint = found->second;
  return result;
}

Secrets secrets_of(const Target& target) {
  std::vector<std::string> secrets;
  for (const char* name : {"password", "bearer"}) {
    const auto found = target.variables.find(name);
    if (found != target.variables.end()) secrets.push_back(found->second);
  }
  return Secrets(secrets);
}

}  // namespace smtpspec::play
