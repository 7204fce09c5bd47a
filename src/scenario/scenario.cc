#include "scenario/scenario.h"

#include <algorithm>
#include <iterator>

namespace smtpspec::scenario {
namespace {

constexpr std::string_view start_names[] = {
    "connect", "greeting", "clear", "ehlo", "tls",
    "auth",    "mail",     "rcpt",  "data"};
constexpr std::string_view listener_names[] = {"any", "mta", "submission",
                                               "submissions", "lmtp"};
constexpr std::string_view measure_names[] = {
    "",      "keywords",   "mechanisms", "certificates", "replies",
    "times", "throttling", "spread",     "repeats"};

// The enumerator whose name it is: names stand in the order of enumerators.
template <typename Enum, std::size_t size>
std::optional<Enum> parse_name(const std::string_view (&names)[size],
                               std::string_view text) {
  const auto* found = std::find(std::begin(names), std::end(names), text);
  if (found == std::end(names)) return {};
  return static_cast<Enum>(found - std::begin(names));
}

}  // namespace

std::string Test::id() const {
  return row->id.empty() ? scenario->id : scenario->id + "#" + row->id;
}

std::string_view to_string(Start start) {
  return start_names[static_cast<std::size_t>(start)];
}

std::string_view to_string(Listener listener) {
  return listener_names[static_cast<std::size_t>(listener)];
}

std::optional<Listener> parse_listener(std::string_view text) {
  return parse_name<Listener>(listener_names, text);
}

std::optional<Start> parse_start(std::string_view text) {
  return parse_name<Start>(start_names, text);
}

std::string_view to_string(Measure measure) {
  return measure_names[static_cast<std::size_t>(measure)];
}

std::optional<Measure> parse_measure(std::string_view text) {
  if (text.empty()) return {};
  return parse_name<Measure>(measure_names, text);
}

}  // namespace smtpspec::scenario
