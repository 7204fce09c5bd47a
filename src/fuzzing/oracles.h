// What no server does that conforms, told from one session. Each sentence that
// accuses rests on a clause of the ledger; where the RFCs leave several answers
// open, or policy may decide, nothing is said.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fuzzing/observation.h"
#include "scenario/catalog.h"

namespace smtpspec::fuzzing {

class Oracles {
 public:
  /// The rules on replies break the clauses of `catalog`'s `watch` scenarios,
  /// and those without one are not judged. `wants_login`: without a login no
  /// mail is taken (RFC 6409 section 4.3).
  Oracles(const scenario::Catalog& catalog, bool wants_login);

  /// The first wrong answer, and every rule that a reply broke.
  std::vector<Finding> judge(const Observation& seen) const;

 private:
  std::map<std::string, std::string> rule_clauses_;
  bool wants_login_;
};

/// Behind the session no new connection is greeted.
Finding hang(const Observation& seen);

/// Whether somebody logged in.
bool has_login(const Observation& seen);

/// The first answer in which two servers differ in class; nothing is said of
/// what follows, nor where replies and commands cannot be matched. Empty
/// signature: they do not differ.
Finding compare(const Observation& seen, const Observation& other);

}  // namespace smtpspec::fuzzing
