// How many megabytes of replies the parser takes in a second.
#include <benchmark/benchmark.h>

#include "smtp/reply.h"

namespace smtpspec::smtp {
namespace {

const std::string session =
    "220 mx.example.test ESMTP\r\n"
    "250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n"
    "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n"
    "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
    "250 2.0.0 Ok: queued as 4B0C91A2\r\n221 2.0.0 Bye\r\n";

void parse_sessions(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::int64_t octets = 0;
  for (auto _ : state) {
    ReplyParser parser;
    for (std::string_view rest = session; !rest.empty();
         rest.remove_prefix(std::min(size, rest.size()))) {
      parser.feed(rest.substr(0, size));
      while (auto reply = parser.next()) benchmark::DoNotOptimize(reply);
    }
    octets += static_cast<std::int64_t>(session.size());
  }
  state.SetBytesProcessed(octets);
}

// Octets a read: one segment, small pieces, one octet at a time.
BENCHMARK(parse_sessions)->Arg(1460)->Arg(64)->Arg(1);

}  // namespace
}  // namespace smtpspec::smtp
