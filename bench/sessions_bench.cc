// Sessions a second: the two-mailbox delivery, played over and over.
//
//     sessions_bench HOST:PORT SESSIONS CONCURRENCY
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <iostream>

#include "play/runner.h"
#include "scenario/catalog.h"
#include "scenario/profile.h"

namespace {

using namespace smtpspec;

/// Plays `count` sessions and gives how many passed.
std::size_t play_sessions(const scenario::Profile& profile,
                          const scenario::Test& test, std::size_t count,
                          int concurrency) {
  net::asio::io_context io(1);
  play::RunOptions options;
  options.target = play::target_of(profile, scenario::Listener::mta);
  options.jobs = concurrency;
  std::size_t passed = 0;
  play::Runner runner(options, [&](const play::Result& result) {
    passed += result.verdict == play::Verdict::passed ? 1 : 0;
  });
  const std::vector<scenario::Test> tests(count, test);
  net::asio::co_spawn(io, runner.run(tests), [](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
  });
  io.run();
  return passed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: sessions_bench HOST:PORT SESSIONS CONCURRENCY\n";
    return 2;
  }
  auto profile = scenario::reference_profile();
  profile.listeners[scenario::Listener::mta] =
      scenario::parse_endpoint(argv[1]);
  scenario::Catalog catalog(scenario::Requirements::builtin());
  catalog.add_builtin();
  const auto tests = catalog.select({"delivery/two-mailboxes"}, {});
  const auto count = static_cast<std::size_t>(std::atoi(argv[2]));
  const auto start = std::chrono::steady_clock::now();
  const auto passed =
      play_sessions(profile, tests.front(), count, std::atoi(argv[3]));
  const std::chrono::duration<double> time =
      std::chrono::steady_clock::now() - start;
  std::cout << fmt::format("{:.0f}\n", static_cast<double>(passed) /
                                           time.count());
  return passed == count ? 0 : 1;
}
