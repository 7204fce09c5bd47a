// A finding as a program of its own: Python 3, its standard library alone.
#pragma once

#include <string>

#include "fuzzing/evidence.h"

namespace smtpspec::fuzzing {

/// A script that says the input to HOST and PORT, waits where replies came, and
/// prints the conversation. Variables stand there with their values, but for
/// user, password and bearer token: those it takes from the environment.
std::string to_script(const Evidence& evidence);

}  // namespace smtpspec::fuzzing
