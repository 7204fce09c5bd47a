// The command line: from arguments to an exit code.
#pragma once

namespace smtpspec::app {

// docs/verdicts.md says what they mean.
inline constexpr int exit_conforming = 0;
inline constexpr int exit_violations = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_unreachable = 3;
inline constexpr int exit_fixed = 4;
inline constexpr int exit_interrupted = 130;

/// Runs the command that the arguments name. Throws for what is wrong with the
/// world: a file that cannot be read, an unknown selector.
int run(int argc, char** argv);

}  // namespace smtpspec::app
