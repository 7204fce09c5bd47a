// Which server a command works on: options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "scenario/profile.h"

namespace smtpspec::app {

struct TargetOptions {
  std::string address;  ///< HOST:PORT; empty: as the profile has it
  std::string profile;  ///< a file; empty: only what every server has
  std::string listener = "mta";
  std::string authorized;

  /// Nothing is named: it is the built-in reference server.
  bool is_reference() const { return address.empty() && profile.empty(); }
};

/// Adds --profile.
void add_profile(CLI::App& app, std::string& profile);

/// Adds HOST:PORT, --profile and --listener, which is none of LMTP.
void add_target(CLI::App& app, TargetOptions& options);

/// Adds --authorized; `deed` is what the host is named for: "test".
void add_authorized(CLI::App& app, TargetOptions& options,
                    const std::string& deed);

/// What is to be known of a server that is not the reference server; it has the
/// listener that is named. Throws std::invalid_argument where neither address
/// nor profile say where that is, and as require_authorization() does.
scenario::Profile profile_of(const TargetOptions& options);

}  // namespace smtpspec::app
