#include "smtp/delivered.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/escape.h"
#include "base/text.h"

namespace smtpspec::smtp {
namespace {

/// A field in the spellings that are compared.
struct Spelling {
  std::string name;   ///< lower case; empty: no field
  std::string exact;  ///< all octets but for the last line end, LF for CRLF
  std::string loose;  ///< body, runs of white space made one space
};

Spelling spell(const Field& field) {
  Spelling spelling;
  spelling.name = base::to_lower(field.name);
  spelling.exact = with_line_feeds(field.raw);
  if (spelling.exact.ends_with('\n')) spelling.exact.pop_back();
  const auto unfolded = field.unfolded();
  for (const auto word : base::words(unfolded)) {
    spelling.loose += word;
    spelling.loose += ' ';
  }
  return spelling;
}

std::vector<Spelling> spell_all(const Message& message) {
  std::vector<Spelling> all;
  for (const Field& field : message.fields) all.push_back(spell(field));
  return all;
}

/// Whether one Received line is the other one, changed: a new one of the target
/// has another host in BY and another date.
bool is_same_hop(const Message& a, std::size_t i, const Message& b,
                 std::size_t k) {
  const Stamp one = parse_stamp(a.fields[i].unfolded());
  const Stamp other = parse_stamp(b.fields[k].unfolded());
  if (!one.date_text.empty() && one.date_text == other.date_text) return true;
  const Clause* by_one = one.find("by");
  const Clause* by_other = other.find("by");
  return by_one && by_other && !by_one->values.empty() &&
         base::equal_without_case(by_one->value(), by_other->value());
}

class Alignment {
 public:
  Alignment(const Message& sent, const Message& arrived)
      : sent_(sent),
        arrived_(arrived),
        sent_spellings_(spell_all(sent)),
        arrived_spellings_(spell_all(arrived)),
        is_taken_(arrived.fields.size()),
        ours_(sent.fields.size()) {}

  std::vector<OurField> align() {
    match(Fate::same, [](const Spelling& a, const Spelling& b) {
      return a.exact == b.exact;
    });
    match(Fate::refolded, [](const Spelling& a, const Spelling& b) {
      return !a.name.empty() && a.name == b.name && a.loose == b.loose;
    });
    give_up_return_paths();
    pair_changed();
    return std::move(ours_);
  }

 private:
  /// From the bottom: what a target adds stands above ours.
  template <class AreEqual>
  void match(Fate fate, AreEqual are_equal) {
    std::size_t bound = arrived_.fields.size();
    for (std::size_t i = ours_.size(); i-- > 0;) {
      if (ours_[i].fate != Fate::gone) {
        bound = ours_[i].at;
        continue;
      }
      auto at = find(i, bound, are_equal);
      if (!at) at = find(i, arrived_.fields.size(), are_equal);
      if (!at) continue;
      take(i, *at, fate);
      bound = *at;
    }
  }

  template <class AreEqual>
  std::optional<std::size_t> find(std::size_t i, std::size_t bound,
                                  AreEqual are_equal) const {
    for (std::size_t at = bound; at-- > 0;)
      if (!is_taken_[at] &&
          are_equal(sent_spellings_[i], arrived_spellings_[at]))
        return at;
    return std::nullopt;
  }

  void take(std::size_t i, std::size_t at, Fate fate) {
    is_taken_[at] = true;
    ours_[i] = {fate, at};
  }

  /// A Return-Path above fields that the target added is the target's own, even
  /// if we sent the same.
  void give_up_return_paths() {
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      if (sent_spellings_[i].name != "return-path" ||
          ours_[i].fate == Fate::gone)
        continue;
      const auto next = ours_[i].at + 1;
      if (next >= is_taken_.size() || is_taken_[next]) continue;
      is_taken_[ours_[i].at] = false;
      ours_[i] = {};
    }
  }

  void pair_changed() {
    for (std::size_t i = ours_.size(); i-- > 0;) {
      const auto& name = sent_spellings_[i].name;
      if (ours_[i].fate != Fate::gone || name.empty() || name == "return-path")
        continue;
      const auto at = find(i, arrived_.fields.size(),
                           [&](const Spelling& a, const Spelling& b) {
                             return a.name == b.name && is_heir(i, b);
                           });
      if (at) take(i, *at, Fate::changed);
    }
  }

  bool is_heir(std::size_t i, const Spelling& heir) const {
    if (heir.name != "received") return true;
    return is_same_hop(
        sent_, i, arrived_,
        static_cast<std::size_t>(&heir - arrived_spellings_.data()));
  }

  const Message& sent_;
  const Message& arrived_;
  std::vector<Spelling> sent_spellings_;
  std::vector<Spelling> arrived_spellings_;
  std::vector<bool> is_taken_;
  std::vector<OurField> ours_;
};

constexpr std::size_t snippet_limit = 60;

std::string snippet(std::string_view text) {
  return base::escape_up_to(text, snippet_limit);
}

bool is_quoted_from_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
  return line.starts_with("From ");
}

/// Takes a line with its end off `text`.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line =
      text.substr(0, end == std::string_view::npos ? end : end + 1);
  text.remove_prefix(line.size());
  return line;
}

bool is_same_line(std::string_view sent, std::string_view arrived,
                  bool is_mailbox) {
  if (sent == arrived) return true;
  return is_mailbox && arrived.starts_with('>') && arrived.substr(1) == sent &&
         is_quoted_from_line(sent);
}

bool is_line_end(std::string_view text) {
  return text.empty() || text == "\n" || text == "\r\n";
}

ContentChange body_change(std::size_t offset, std::string_view sent,
                          std::string_view arrived) {
  const auto same = static_cast<std::size_t>(
      std::ranges::mismatch(sent, arrived).in1 - sent.begin());
  return {{},
          offset + same,
          snippet(sent.substr(same)),
          snippet(arrived.substr(same))};
}

std::optional<ContentChange> compare_bodies(std::string_view sent,
                                            std::string_view arrived,
                                            bool is_mailbox) {
  std::size_t offset = 0;
  while (!sent.empty()) {
    const auto rest_sent = sent;
    const auto rest_arrived = arrived;
    const auto line = take_line(sent);
    const auto other = take_line(arrived);
    const bool is_same =
        is_same_line(line, other, is_mailbox) ||
        // The last line, to which a line end was added.
        (sent.empty() && !line.ends_with('\n') && other.ends_with('\n') &&
         (is_same_line(line, other.substr(0, other.size() - 1), is_mailbox) ||
          (other.ends_with("\r\n") &&
           is_same_line(line, other.substr(0, other.size() - 2), is_mailbox))));
    if (!is_same) return body_change(offset, rest_sent, rest_arrived);
    offset += line.size();
  }
  if (is_line_end(arrived)) return std::nullopt;
  return body_change(offset, sent, arrived);
}

std::optional<ContentChange> compare_fields(const Message& sent,
                                            const Message& arrived) {
  const auto ours = Alignment(sent, arrived).align();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const Field& field = sent.fields[i];
    if (ours[i].fate == Fate::same || field.is("Return-Path")) continue;
    const bool is_there = ours[i].fate != Fate::gone;
    return ContentChange{
        field.name.empty() ? "a line of the header" : field.name, 0,
        snippet(field.raw),
        is_there ? snippet(arrived.fields[ours[i].at].raw) : std::string{}};
  }
  return std::nullopt;
}

}  // namespace

Delivered::Delivered(const Message& arrived_message,
                     std::string_view sent_octets, DeliveryFacts delivery_facts)
    : arrived(arrived_message), facts(std::move(delivery_facts)) {
  if (!facts.is_generated) sent = parse_message(sent_octets);
  ours = Alignment(sent, arrived).align();
  std::vector<bool> is_ours(arrived.fields.size());
  for (const OurField& field : ours)
    if (field.fate != Fate::gone) is_ours[field.at] = true;
  for (std::size_t at = 0; at < is_ours.size(); ++at) {
    if (is_ours[at]) continue;
    added.push_back(at);
    if (arrived.fields[at].is("Received"))
      stamps.push_back({at, parse_stamp(arrived.fields[at].unfolded())});
  }
}

const Stamp* Delivered::hop() const {
  if (stamps.empty() || facts.is_generated) return nullptr;
  return &stamps.back().stamp;
}

std::string ContentChange::text() const {
  if (field.empty())
    return fmt::format(
        "at octet {} of the body we sent \"{}\", and \"{}\" "
        "arrived",
        offset, sent, arrived);
  if (arrived.empty()) return fmt::format("{} is gone: \"{}\"", field, sent);
  return fmt::format("{}: we sent \"{}\", and \"{}\" arrived", field, sent,
                     arrived);
}

std::optional<ContentChange> content_changes(std::string_view sent,
                                             const Message& arrived,
                                             bool is_mailbox) {
  const Message before = parse_message(sent);
  const bool has_header =
      !before.fields.empty() && !before.fields.front().name.empty();
  if (has_header || before.fields.empty()) {
    if (auto change = compare_fields(before, arrived)) return change;
    return body_changes(before, arrived, is_mailbox);
  }
  if (!compare_fields(before, arrived) &&
      !body_changes(before, arrived, is_mailbox))
    return std::nullopt;
  // No header: a target may end its own with an empty line.
  Message all_body;
  all_body.body = sent;
  return body_changes(all_body, arrived, is_mailbox);
}

std::optional<ContentChange> body_changes(const Message& sent,
                                          const Message& arrived,
                                          bool is_mailbox) {
  if (!is_mailbox) return compare_bodies(sent.body, arrived.body, false);
  return compare_bodies(with_line_feeds(sent.body),
                        with_line_feeds(arrived.body), true);
}

}  // namespace smtpspec::smtp
