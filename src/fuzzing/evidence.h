// A finding, and the session that shows it: what is written of it goes by this.
#pragma once

#include <cstddef>
#include <string>

#include "fuzzing/input.h"
#include "fuzzing/observation.h"
#include "scenario/scenario.h"
#include "scenario/template.h"

namespace smtpspec::fuzzing {

struct Evidence {
  Finding finding;
  Input input;              ///< minimal
  Observation observation;  ///< of that input
  /// As they were when `input` was sent.
  scenario::Variables variables;
  scenario::Listener listener = scenario::Listener::mta;
};

/// Whether the finding is a reply that did not come.
bool is_reply_missing(const Evidence& evidence);
/// Whether a login or handshake began; else it was left out: TLS was active
/// already, or the login was not for that server.
bool has_begun(const Evidence& evidence, std::size_t unit);

/// The finding's signature as a name of files and scenarios: a-z, 0-9, '-'.
std::string file_name(const Finding& finding);

}  // namespace smtpspec::fuzzing
