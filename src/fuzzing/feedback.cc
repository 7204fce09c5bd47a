#include "fuzzing/feedback.h"

#include <string_view>

#include "base/text.h"
#include "fuzzing/model.h"

namespace smtpspec::fuzzing {
namespace {

/// FNV-1a, going on from `hash`: the same on every machine.
std::uint32_t hash_of(std::string_view text, std::uint32_t hash = 2166136261u) {
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

std::uint32_t hash_of(unsigned number, std::uint32_t hash) {
  return hash_of({reinterpret_cast<const char*>(&number), sizeof number}, hash);
}

/// Its first words without what changes from session to session: numbers, names
/// and what echoes us.
std::string shape(std::string_view text) {
  std::string result;
  std::size_t count = 0;
  for (const std::string_view word : base::words(text)) {
    if (++count > 5) break;
    for (const char c : word) {
      if (base::is_alpha(c)) result += c;
      if (base::is_digit(c) || c == '@' || c == '<') {
        result += '#';
        break;
      }
    }
    result += ' ';
  }
  return result;
}

}  // namespace

void Feedback::learn(const Observation& seen,
                     std::span<std::uint8_t> counters) {
  // Nobody goes on from silence: an engine that does soon only waits.
  const bool is_news = seen.outcome != Outcome::silent;
  const auto set = [&](std::uint32_t hash) {
    if (is_news) counters[hash % counters.size()] = 1;
  };
  Model model;
  for (const Answer& answer : seen.answers) {
    const auto code = static_cast<unsigned>(answer.reply.code);
    // What is no command may hold a session's token.
    const auto reply = hash_of(code, hash_of(shape(answer.verb)));
    states_.insert(model.number());
    set(hash_of(model.number(), reply));
    // A challenge (RFC 4954 section 4) is another one each time.
    if (code != 334 && !answer.reply.lines.empty())
      set(hash_of(shape(answer.reply.lines.back().text), reply));
    if (!answer.verb.empty()) model.apply(answer);
  }
  states_.insert(model.number());
  if (seen.is_cut())
    set(hash_of(model.number(), hash_of("closed")));
}

}  // namespace smtpspec::fuzzing
