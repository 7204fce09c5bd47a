#include "play/target.h"

#include <algorithm>

#include "base/text.h"

namespace smtpspec::play {
namespace {

/// offered_scram_sha_1 is SCRAM-SHA-1 where that is one of `mechanisms`.
void add_offered(scenario::Variables& variables,
                 const std::vector<std::string>& mechanisms) {
  for (const std::string& mechanism : mechanisms) {
    std::string name = "offered_" + base::to_lower(mechanism);
    std::replace(name.begin(), name.end(), '-', '_');
    variables.emplace(std::move(name), mechanism);
  }
}

}  // namespace

Target target_of(const scenario::Profile& profile,
                 scenario::Listener listener) {
  Target target;
  target.endpoint = profile.listeners.at(listener);
  target.listener = listener;
  target.listeners = profile.listeners;
  target.source = profile.source;
  target.trusted_source = profile.trusted_source;
  target.refused_source = profile.refused_source;
  target.variables = profile.variables;
  target.security = profile.security;
  target.permits_guessing = profile.permits_guessing;
  target.mechanisms = profile.mechanisms;
  add_offered(target.variables, profile.mechanisms);
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
