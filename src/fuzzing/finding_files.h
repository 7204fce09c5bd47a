// What is kept of a finding: a folder of files that a person, another run or
// another tool can go by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzzing/evidence.h"
#include "play/secrets.h"

namespace smtpspec::fuzzing {

struct FindingReport {
  Evidence evidence;
  Input first;  ///< as it was found, before it was made small
  /// So many of so many replays of the minimal input showed it again.
  std::size_t shown = 0;
  std::size_t replays = 0;
  std::string target;  ///< host:port
  std::string seed;    ///< of the run; empty: none was given
  /// A command that says the session again; empty: none.
  std::string command;
};

/// The folder of a finding below `folder`.
std::string finding_folder(const std::string& folder, const Finding& finding);
bool has_finding(const std::string& folder, const Finding& finding);

/// Makes the finding's folder:
///   session.txt    the input as it was found
///   minimal.txt    and made small
///   scenario.yaml  for smtpspec test --scenarios; not where it cannot be said
///   replay.py      for whoever has no smtpspec
///   finding.md     what was seen, how often, and how to see it again
/// All at once, so that of several processes one writes it: false where it is
/// there already. What `secrets` finds stands in none of them. Throws
/// std::runtime_error that names the file and why it cannot be written.
bool write_finding(const std::string& folder, const FindingReport& report,
                   const play::Secrets& secrets);

/// What was seen once and in no replay: FOLDER/unrepeated/SIGNATURE.txt, the
/// session with the finding's sentence in front. Throws as write_finding().
void write_unrepeated(const std::string& folder, const Finding& finding,
                      const Input& input);

}  // namespace smtpspec::fuzzing
