// Rules on the clauses of an added Received field (RFC 5321 section 4.4, RFC
// 2505 section 2.2).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

bool contains(std::string_view text, std::string_view wanted) {
  return base::to_lower(text).find(base::to_lower(wanted)) != std::string::npos;
}

Judgement received_added(const Delivered& delivered) {
  if (delivered.facts.is_generated || !delivered.stamps.empty())
    return std::nullopt;
  return complain("the target added no Received field");
}

/// After AUTH a target may hide who sent; LMTP is no SMTP environment.
bool may_hide_client(const DeliveryFacts& facts) {
  return facts.authenticated || facts.lmtp;
}

Judgement received_from(const Delivered& delivered) {
  return any_stamp(delivered, [&](const Stamp& stamp) -> Judgement {
    const Clause* from = stamp.find("from");
    if (from && !from->text().empty()) return std::nullopt;
    if (delivered.facts.is_generated) return std::nullopt;
    return complain_or_note(may_hide_client(delivered.facts),
                            "a Received field has no FROM clause");
  });
}

// --- the client ---

/// What the FROM clause of the hop says of our address.
enum class Seen { ours, other, none };

Seen address_in(const Clause& from, const DeliveryFacts& facts) {
  const auto ours = parse_ip(facts.client_address);
  const auto found = ips_in(from.text());
  if (ours && std::ranges::find(found, *ours) != found.end()) return Seen::ours;
  // A literal in EHLO is no address that the target saw.
  const auto claimed = parse_ip(facts.client_name);
  const bool has_other = std::ranges::any_of(
      found, [&](const IpAddress& ip) { return !claimed || ip != *claimed; });
  return has_other ? Seen::other : Seen::none;
}

bool names_client(const Clause& from, const DeliveryFacts& facts) {
  if (facts.client_name.empty()) return true;
  if (contains(from.text(), facts.client_name)) return true;
  const auto literal = parse_ip(facts.client_name);
  const auto found = ips_in(from.text());
  return literal && std::ranges::find(found, *literal) != found.end();
}

/// Whether RFC 2505 demands the caller's address of this mail.
bool is_stranger(const DeliveryFacts& facts) {
  const auto address = parse_ip(facts.client_address);
  return !facts.authenticated && !facts.lmtp && address &&
         !is_loopback(*address);
}

const Clause* from_clause(const Delivered& delivered) {
  const Stamp* hop = delivered.hop();
  return hop ? hop->find("from") : nullptr;
}

Judgement received_client(const Delivered& delivered) {
  const Clause* from = from_clause(delivered);
  if (!from) return std::nullopt;
  const auto& facts = delivered.facts;
  if (!names_client(*from, facts))
    return complain_or_note(
        may_hide_client(facts),
        fmt::format("the FROM clause does not hold the name "
                    "given in EHLO, {}",
                    facts.client_name));
  const Seen seen = address_in(*from, facts);
  if (seen == Seen::ours || !parse_ip(facts.client_address))
    return std::nullopt;
  if (seen == Seen::other)
    return note("the FROM clause holds another address than ours");
  // The rule received-caller-address judges it, by RFC 2505.
  if (is_stranger(facts)) return std::nullopt;
  return complain_or_note(may_hide_client(facts),
                          fmt::format("the FROM clause does not hold our "
                                      "address, {}",
                                      facts.client_address));
}

Judgement received_caller_address(const Delivered& delivered) {
  const Clause* from = from_clause(delivered);
  if (!from || !is_stranger(delivered.facts)) return std::nullopt;
  switch (address_in(*from, delivered.facts)) {
    case Seen::ours:
      return std::nullopt;
    case Seen::other:
      return note("the FROM clause holds another address than ours");
    case Seen::none:
      break;
  }
  return complain("the FROM clause holds no IP address of the caller");
}

/// Whether an authentication shows in a Received field.
bool shows_authentication(const Stamp& stamp) {
  const Clause* with = stamp.find("with");
  if (with && contains(with->value(), "mtp") &&
      base::to_upper(with->value()).ends_with('A'))
    return true;
  return std::ranges::any_of(stamp.clauses, [](const Clause& clause) {
    return contains(clause.name, "auth") || contains(clause.text(), "auth");
  });
}

Judgement received_caller_details(const Delivered& delivered) {
  const Stamp* hop = delivered.hop();
  const Clause* from = from_clause(delivered);
  if (!from || delivered.facts.lmtp) return std::nullopt;
  if (!names_client(*from, delivered.facts))
    return note("the Received field does not hold the argument of EHLO");
  if (delivered.facts.authenticated && !shows_authentication(*hop))
    return note("the Received field does not show the authentication");
  return std::nullopt;
}

/// The address in a comment that is TCP-info: "[lit]" or "domain [lit]".
std::optional<IpAddress> tcp_info(std::string_view comment) {
  const auto words = base::words(comment);
  if (words.empty() || words.size() > 2 || !words.back().starts_with('['))
    return std::nullopt;
  return parse_ip(words.back());
}

Judgement received_peer_address(const Delivered& delivered) {
  const Clause* from = from_clause(delivered);
  const auto& facts = delivered.facts;
  const auto claimed = parse_ip(facts.client_name);
  const auto ours = parse_ip(facts.client_address);
  if (!from || !facts.client_name.starts_with('[') || !claimed || !ours ||
      *claimed == *ours || address_in(*from, facts) == Seen::ours)
    return std::nullopt;
  for (const auto& comment : from->comments)
    if (tcp_info(comment) == claimed)
      return complain(
          fmt::format("the address beside the name in the FROM "
                      "clause is that of EHLO, {}, not {}",
                      facts.client_name, facts.client_address));
  return std::nullopt;
}

// --- BY, and the order of clauses ---

bool is_host_octet(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.' ||
         static_cast<unsigned char>(c) > 127;
}

Judgement received_by(const Delivered& delivered) {
  return any_stamp(delivered, [](const Stamp& stamp) -> Judgement {
    const Clause* by = stamp.find("by");
    if (!by || by->values.empty())
      return complain("a Received field has no BY clause");
    const auto name = by->value();
    if (name.starts_with('[') && parse_ip(name)) return std::nullopt;
    if (!std::ranges::all_of(name, is_host_octet))
      return note("the BY clause holds no domain");
    if (name.find('.') == std::string::npos)
      return note("the name in the BY clause has no dot");
    return std::nullopt;
  });
}

/// The place of a clause in the Stamp of RFC 5321 section 4.4.
std::size_t rank(const Clause& clause) {
  constexpr std::array order{"from", "by", "via", "with", "id", "for"};
  return static_cast<std::size_t>(std::ranges::find(order, clause.name) -
                                  order.begin());
}

std::string title(const Clause& clause) { return base::to_upper(clause.name); }

std::string disorder(const std::vector<Clause>& clauses) {
  for (std::size_t i = 1; i < clauses.size(); ++i) {
    const Clause& before = clauses[i - 1];
    const Clause& clause = clauses[i];
    if (rank(clause) < rank(before))
      return fmt::format("the {} clause stands behind {}", title(clause),
                         title(before));
    // A second FOR is judged by received-one-path.
    const bool may_repeat =
        clause.name == "for" || !is_stamp_keyword(clause.name);
    if (rank(clause) == rank(before) && !may_repeat)
      return fmt::format("there are two {} clauses", title(clause));
  }
  return {};
}

std::string stray_words(const std::vector<Clause>& clauses) {
  for (const Clause& clause : clauses) {
    if (clause.values.empty() && clause.name != "from" && clause.name != "by")
      return fmt::format("{} stands without a value", title(clause));
    if (clause.values.size() > 1 && clause.name != "for")
      return fmt::format("\"{}\" belongs to no clause", clause.values[1]);
  }
  return {};
}

Judgement received_order(const Delivered& delivered) {
  return any_stamp(delivered, [](const Stamp& stamp) -> Judgement {
    if (stamp.has_open_comment) return complain("a comment has no end");
    auto fault = disorder(stamp.clauses);
    if (fault.empty()) fault = stray_words(stamp.clauses);
    if (fault.empty() && stamp.semicolons > 1)
      fault = "there is more than one semicolon";
    if (fault.empty()) return std::nullopt;
    return complain("in a Received field " + fault);
  });
}

// --- FOR ---

Judgement received_one_path(const Delivered& delivered) {
  for (const AddedStamp& added : delivered.stamps) {
    std::size_t paths = 0;
    for (const Clause& clause : added.stamp.clauses)
      if (clause.name == "for") paths += clause.values.size();
    if (paths > 1)
      return complain(fmt::format("the FOR clause names {} paths", paths));
  }
  return std::nullopt;
}

bool names_other_recipient(const Clause& clause, const DeliveryFacts& facts) {
  return std::ranges::any_of(clause.values, [&](const std::string& path) {
    const auto named = mailbox_of(path);
    return !same_mailbox(named, facts.recipient) &&
           std::ranges::any_of(facts.recipients, [&](const std::string& other) {
             return same_mailbox(named, other);
           });
  });
}

bool is_in_header(const Message& message, std::string_view address) {
  return std::ranges::any_of(message.fields, [&](const Field& field) {
    return contains(field.body, address);
  });
}

Judgement received_hides_recipients(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (facts.recipient.empty() || facts.recipients.size() < 2)
    return std::nullopt;
  for (const auto& recipient : facts.recipients)
    if (is_in_header(delivered.sent, recipient)) return std::nullopt;
  for (const AddedStamp& added : delivered.stamps) {
    for (const Clause& clause : added.stamp.clauses) {
      if (clause.name == "for" && clause.values.size() == 1 &&
          names_other_recipient(clause, facts))
        return note(fmt::format("the FOR clause shows another recipient, {}",
                                clause.value()));
    }
  }
  return std::nullopt;
}

constexpr DeliveryRule rules[] = {
    {"received-added", received_added},
    {"received-from", received_from},
    {"received-client", received_client},
    {"received-caller-address", received_caller_address},
    {"received-caller-details", received_caller_details},
    {"received-peer-address", received_peer_address},
    {"received-by", received_by},
    {"received-order", received_order},
    {"received-one-path", received_one_path},
    {"received-hides-recipients", received_hides_recipients},
};

}  // namespace

std::span<const DeliveryRule> received_rules() { return rules; }

}  // namespace smtpspec::smtp
