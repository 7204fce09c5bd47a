// A finding as a scenario, which fails on the server that showed it and passes
// on one that does it right.
#pragma once

#include <string>

#include "fuzzing/evidence.h"

namespace smtpspec::fuzzing {

/// The text of a scenario file; the loader takes it. Throws
/// std::invalid_argument where the finding cannot be said in that language: a
/// clause that the ledger does not have, mail that no ${token} tells apart,
/// what shows in no reply.
std::string to_scenario(const Evidence& evidence);

}  // namespace smtpspec::fuzzing
