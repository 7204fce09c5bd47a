#include "app/target_options.h"

#include <fmt/format.h>

#include <stdexcept>

#include "app/authorization.h"
#include "app/selection.h"

namespace smtpspec::app {

void add_profile(CLI::App& app, std::string& profile) {
  app.add_option("--profile", profile,
                 "What is to be known of the server (docs/profile.md)");
}

void add_target(CLI::App& app, TargetOptions& options) {
  app.add_option("target", options.address,
                 "HOST:PORT of the server; without it the listener of the "
                 "profile, and without that the built-in reference server");
  add_profile(app, options.profile);
  app.add_option("--listener", options.listener,
                 "Which listener: mta, submission or submissions")
      ->check(CLI::IsMember({"mta", "submission", "submissions"}))
      ->capture_default_str();
}

void add_authorized(CLI::App& app, TargetOptions& options,
                    const std::string& deed) {
  app.add_option("--authorized", options.authorized,
                 fmt::format("Name the target's host again to confirm that "
                             "you may {} it; needed for addresses that are "
                             "neither loopback nor private",
                             deed));
}

scenario::Profile profile_of(const TargetOptions& options) {
  const auto listener = listener_of(options.listener);
  scenario::Profile profile;
  if (options.profile.empty()) {
    profile = scenario::default_profile(
        scenario::parse_endpoint(options.address), listener);
  } else {
    profile = scenario::load_profile(options.profile);
    if (!options.address.empty())
      profile.listeners[listener] = scenario::parse_endpoint(options.address);
  }
  const auto found = profile.listeners.find(listener);
  if (found == profile.listeners.end()) {
    throw std::invalid_argument(
        fmt::format("{} has no listener '{}', and no target was given",
                    options.profile, options.listener));
  }
  const std::string& host = found->second.host;
  require_authorization(host, options.authorized);
  profile.security.demands_trust = !is_near(host);
  return profile;
}

}  // namespace smtpspec::app
