#include "scenario/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "scenario/yaml.h"

namespace smtpspec::scenario {
namespace {

template <typename Number>
bool parse_digits(std::string_view text, Number& value) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

// YYYY-MM-DD.
std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !parse_digits(text.substr(0, 4), year) ||
      !parse_digits(text.substr(5, 2), month) ||
      !parse_digits(text.substr(8, 2), day)) {
    return {};
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok()) return {};
  return date;
}

std::vector<Listener> load_listeners(const YamlFile& file,
                                     const YamlNode& entry) {
  std::vector<Listener> listeners;
  const auto* node = find(entry, "listener");
  if (node == nullptr) return listeners;
  for (const auto* item : file.scalars(*node, "listener")) {
    const auto listener = parse_listener(item->scalar);
    if (!listener || *listener == Listener::any)
      file.fail(*item, "a listener is mta, submission, submissions or lmtp");
    listeners.push_back(*listener);
  }
  return listeners;
}

bool shows_on(const KnownFailure& entry, Listener listener) {
  const auto& all = entry.listeners;
  return all.empty() || std::find(all.begin(), all.end(), listener) != all.end();
}

bool overlap(const KnownFailure& a, const KnownFailure& b) {
  return a.listeners.empty() ||
         std::any_of(a.listeners.begin(), a.listeners.end(),
                     [&](Listener listener) { return shows_on(b, listener); });
}

KnownFailure parse_entry(const YamlFile& file, const YamlNode& node) {
  constexpr std::string_view keys[] = {"id", "verdict", "reason", "listener",
                                       "expires"};
  constexpr std::string_view verdicts[] = {"failed", "warned", "noted"};
  if (node.kind != YamlNode::Kind::mapping) {
    file.fail(node, "an entry has id, verdict, reason");
  }
  file.check_keys(node, keys);
  const auto& verdict = file.required(node, "verdict");
  KnownFailure entry{file.scalar(file.required(node, "id"), "id"),
                     file.scalar(verdict, "verdict"),
                     file.scalar(file.required(node, "reason"), "reason"),
                     load_listeners(file, node),
                     {}};
  if (std::find(std::begin(verdicts), std::end(verdicts), entry.verdict) ==
      std::end(verdicts)) {
    file.fail(verdict, "verdict is failed, warned or noted");
  }
  if (const auto* expires = find(node, "expires")) {
    entry.expires = parse_date(file.scalar(*expires, "expires"));
    if (!entry.expires) file.fail(*expires, "expires is a day: 2027-01-31");
  }
  return entry;
}

}  // namespace

const KnownFailure* Baseline::find(std::string_view id, Listener listener,
                                   std::chrono::year_month_day today) const {
  for (const auto& entry : entries) {
    if (entry.id != id || !shows_on(entry, listener)) continue;
    const bool expired = entry.expires && *entry.expires <= today;
    return expired ? nullptr : &entry;
  }
  return nullptr;
}

std::size_t Baseline::count(Listener listener) const {
  return static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(), [&](const auto& entry) {
        return shows_on(entry, listener);
      }));
}

Baseline parse_baseline(std::string_view text, const std::string& path) {
  constexpr std::string_view keys[] = {"target", "known"};
  const YamlFile file(text, path);
  file.check_keys(file.root(), keys);
  Baseline baseline;
  baseline.target = file.scalar(file.required(file.root(), "target"), "target");
  const auto& known = file.required(file.root(), "known");
  if (known.kind != YamlNode::Kind::list) {
    file.fail(known, "known is a list of id, verdict, reason");
  }
  for (const auto& node : known.items) {
    auto entry = parse_entry(file, node);
    for (const auto& other : baseline.entries) {
      if (other.id != entry.id || !overlap(entry, other)) continue;
      file.fail(node, fmt::format("id '{}' twice", entry.id));
    }
    baseline.entries.push_back(std::move(entry));
  }
  return baseline;
}

Baseline load_baseline(const std::string& path) {
  const auto text = read_file(path);
  return parse_baseline(text, path);
}

}  // namespace smtpspec::scenario
