// Sessions to begin with: what scenarios say, without what they expect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fuzzing/input.h"
#include "scenario/catalog.h"
#include "scenario/scenario.h"

namespace smtpspec::fuzzing {

/// What is said from the connection on: what `from` brings about, then the
/// dialog. Variables of profiles stand as ${name}; in base64 and other computed
/// texts they have made-up values. Nothing where the dialog says back what a server said, or
/// is too long for an input, or says nothing.
std::optional<Input> seed_of(const scenario::Test& test);

struct Seed {
  /// The test's id with '-' for '/' and '#'.
  std::string name;
  scenario::Listener listener = scenario::Listener::any;
  Input input;
};

/// Of all tests of a catalog. Of those that have the same shape, that is, the
/// same commands and parameters with other names and numbers in them, the first.
std::vector<Seed> seeds_of(const scenario::Catalog& catalog);

}  // namespace smtpspec::fuzzing
