// Fuzzes the patterns of S lines: any text is an expectation or an error that
// points into it; a pattern is written as it is read, and fits a reply or not.
#include "outcome.h"
#include "scenario/expect.h"

namespace {

using namespace smtpspec;

const smtp::Reply& reply() {
  static const smtp::Reply result{
      250,
      {{"250-2.1.0 a\r\n", "2.1.0 a", '-', 250},
       {"250 2.1.0 eGFhYWFhYWFh\r\n", "2.1.0 eGFhYWFhYWFh", ' ', 250}}};
  return result;
}

void fit(const scenario::Expect& expect) {
  for (const auto& part : expect.parts) {
    for (const auto& pattern : part.any_of) {
      const auto* wanted = std::get_if<smtp::ReplyPattern>(&pattern);
      if (wanted == nullptr) continue;
      smtp::Captures captures;
      const bool fits = wanted->matches(reply(), &captures);
      fuzz::require(!fits || wanted->matches_code(reply().code));
      if (wanted->text) continue;
      const auto again = smtp::parse_reply_pattern(wanted->to_string());
      fuzz::require(again && again->to_string() == wanted->to_string());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const auto kind = static_cast<scenario::ExpectKind>(data[0] % 5);
  const auto text = fuzz::octets(data + 1, size - 1);
  const auto parse = [&] {
    return scenario::parse_expect(text, {"f", 1, 1}, text, kind);
  };
  if (!fuzz::parses(text, parse)) return 0;
  const scenario::Expect expect = parse();
  fuzz::require(!expect.parts.empty());
  scenario::captures(expect);
  fit(expect);
  return 0;
}
