#include "play/target.h"

namespace smtpspec::play {

Target target_of(const scenario::Profile& profile,
                 scenario::Listener listener) {
  Target target;
  target.endpoint = profile.listeners.at(listener);
  target.listener = listener;
  target.source = profile.source;
  target.trusted_source = profile.trusted_source;
  target.refused_source = profile.refused_source;
  target.variables = profile.variables;
  target.security = profile.security;
  target.permits_guessing = profile.permits_guessing;
  return target;
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
