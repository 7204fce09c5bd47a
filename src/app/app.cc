#include "app/app.h"

#include <fmt/format.h>

#include "app/command.h"
#include "app/version.h"

namespace smtpspec::app {
namespace {

struct Row {
  const char* name;
  const char* description;
  Command add;
};

constexpr Row commands[] = {
    {"test", "Run scenarios against a server and report what it breaks",
     add_test},
    {"audit", "Find out whether a server is misconfigured: relaying, smuggling, "
              "ports", add_audit},
    {"fuzz", "Find what nobody wrote a scenario for", add_fuzz},
    {"replay", "Have a fuzzed session again", add_replay},
    {"serve", "Run the built-in reference server by itself", add_serve},
    {"sink", "Take mail by SMTP or LMTP, read maildirs, and show what arrives",
     add_sink},
    {"selftest", "Prove that every scenario passes on the reference server and "
                 "fails under its flaw", add_selftest},
    {"list", "List scenarios", add_list},
    {"explain", "Show a scenario: requirement, dialog, flaw, ruling",
     add_explain},
    {"check", "Check scenario files", add_check},
    {"coverage", "Show which requirements have a scenario", add_coverage},
};

}  // namespace

int run(int argc, char** argv) {
  CLI::App app(
      "smtpspec checks mail servers against the SMTP standards.\n"
      "With no target, 'smtpspec test' checks its own reference server.");
  app.set_version_flag("--version", fmt::format("smtpspec {}", version));
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  std::function<int()> chosen;
  for (const Row& row : commands) {
    CLI::App* command = app.add_subcommand(row.name, row.description);
    auto run_command = row.add(*command);
    command->callback([&chosen, run_command] { chosen = run_command; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    app.exit(e);
    return exit_usage;
  }
  return chosen();
}

}  // namespace smtpspec::app
