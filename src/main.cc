// smtpspec: arguments to app::run, exceptions to exit codes.
#include <cstdio>
#include <exception>

#include "app/app.h"

int main(int argc, char** argv) {
  try {
    return smtpspec::app::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "smtpspec: %s\n", e.what());
    return smtpspec::app::exit_usage;
  }
}
