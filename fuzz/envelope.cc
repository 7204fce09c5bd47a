// Fuzzes the reading of MAIL, RCPT and AUTH PLAIN: what is read stands in what
// was said; a path that is written plainly is read back.
#include "base/text.h"
#include "outcome.h"
#include "sink/envelope.h"

using namespace smtpspec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto text = fuzz::octets(data, size);
  const auto path = sink::parse_path(text, "FROM:");
  if (path) {
    fuzz::require(base::starts_without_case(text, "FROM:"));
    fuzz::require(text.find(path->address) != std::string_view::npos);
    fuzz::require(text.ends_with(path->parameters));
    fuzz::require(!path->parameters.starts_with(' '));
  }
  const auto user = sink::user_of_plain(text);
  if (user) fuzz::require(!user->empty() && text.find(*user) != text.npos);
  sink::local_part_begins_with(text, "token");

  if (text.find_first_of("<>\"\\ ") != text.npos) return 0;
  const auto again =
      sink::parse_path("TO:<" + std::string(text) + "> NOTIFY=NEVER", "TO:");
  fuzz::require(again && again->address == text &&
                again->parameters == "NOTIFY=NEVER");
  return 0;
}
