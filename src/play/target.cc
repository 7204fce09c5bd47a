#include "play/target.h"

namespace smtpspec::play {

Target target_of(const scenario::Profile& profile,
                 scenario::Listener listener) {
  Target target;
  target.endpoint = profile.listeners.at(listener);
  target.listener = listener;
  target.source = profile.source;
  target.variables = profile.variables;
  target.security = profile.security;
  target.permits_guessing = profile.permits_guessing;
  return target;
}

}  // namespace smtpspec::play
