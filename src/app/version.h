// The version of the program.
#pragma once

namespace smtpspec::app {

inline constexpr const char* version = SMTPSPEC_VERSION;

}  // namespace smtpspec::app
