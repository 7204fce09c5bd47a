// Fuzzes what is done with replies: the rules on them and the reading of EHLO's
// keywords and of enhanced codes never fail, and find what is there.
#include "base/text.h"
#include "outcome.h"
#include "smtp/capabilities.h"
#include "smtp/enhanced.h"
#include "smtp/pattern.h"
#include "smtp/reply_rules.h"

namespace {

using namespace smtpspec;

void judge(const smtp::ReplyOrError& reply, std::uint8_t flags) {
  static constexpr const char* commands[] = {"greeting", "EHLO", "MAIL", ".",
                                             "AUTH", "QUIT", "", "HELP"};
  smtp::ReplyContext context;
  context.command = commands[flags & 7];
  context.enhanced_codes = (flags & 8) != 0;
  context.utf8 = (flags & 16) != 0;
  context.utf8_transaction = (flags & 32) != 0;
  context.unasked = (flags & 64) != 0;
  context.after_421 = (flags & 128) != 0;
  for (const smtp::ReplyRule& rule : smtp::reply_rules()) {
    const auto complaint = rule.judge(reply, context);
    if (complaint) fuzz::require(!complaint->text.empty());
  }
}

void look_at(const smtp::Reply& reply) {
  const smtp::Capabilities capabilities(reply);
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    const auto words = base::words(reply.lines[i].text);
    if (!words.empty()) fuzz::require(capabilities.has(words.front()));
  }
  for (const smtp::ReplyLine& line : reply.lines) {
    fuzz::require(
        std::string_view(line.text).starts_with(smtp::enhanced_code(line.text)));
    smtp::parse_enhanced(line.text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  smtp::ReplyParser parser;
  parser.feed(fuzz::octets(data + 1, size - 1));
  while (const auto next = parser.next()) {
    judge(*next, data[0]);
    if (const auto* reply = std::get_if<smtp::Reply>(&*next)) look_at(*reply);
  }
  return 0;
}
