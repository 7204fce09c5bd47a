// A command of the program, as a row of the table in app.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace smtpspec::app {

/// Adds a command's options to its CLI::App and gives what runs it, which
/// returns the exit code.
using Command = std::function<int()> (*)(CLI::App&);

std::function<int()> add_test(CLI::App& app);
std::function<int()> add_audit(CLI::App& app);
std::function<int()> add_fuzz(CLI::App& app);
std::function<int()> add_replay(CLI::App& app);
std::function<int()> add_serve(CLI::App& app);
std::function<int()> add_sink(CLI::App& app);
std::function<int()> add_selftest(CLI::App& app);
std::function<int()> add_list(CLI::App& app);
std::function<int()> add_explain(CLI::App& app);
std::function<int()> add_check(CLI::App& app);
std::function<int()> add_coverage(CLI::App& app);

}  // namespace smtpspec::app
