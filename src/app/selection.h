// Which scenarios a command works on: options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "scenario/catalog.h"

namespace smtpspec::app {

struct SelectionOptions {
  std::vector<std::string> selectors;
  std::vector<std::string> excluded;
  std::vector<std::string> folders;
};

/// What a selector may be, for the help texts of positional arguments.
extern const char* const selectors_help;

/// Adds --exclude and --scenarios.
void add_selection(CLI::App& app, SelectionOptions& options);

/// The built-in scenarios and those of --scenarios.
std::unique_ptr<scenario::Catalog> load_catalog(
    const SelectionOptions& options);

/// The tests that the selectors choose for a kind of listener. Throws
/// std::invalid_argument for a selector that chooses nothing.
std::vector<scenario::Test> select_tests(const scenario::Catalog& catalog,
                                         const SelectionOptions& options,
                                         scenario::Listener listener);

/// Throws std::invalid_argument where nothing is left to do.
void require_tests(bool has_tests);

/// Throws std::invalid_argument for a name that is none of the four.
scenario::Listener listener_of(const std::string& name);

}  // namespace smtpspec::app
