// Rules on what an added Received field says of the protocol: WITH (RFC 3848,
// RFC 4954 section 7, RFC 6531 section 3.7.3), the registered names (RFC 5321
// section 4.4), the tls clause (RFC 8314 section 4.3), PRIORITY (RFC 6710).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

/// What a word behind WITH claims.
struct Protocol {
  std::string word;      ///< upper case; empty: there is no WITH clause
  std::string base;      ///< "SMTP", "ESMTP", "LMTP"; empty: no registered name
  bool is_utf8 = false;  ///< UTF8SMTP, UTF8LMTP: base is ESMTP, LMTP
  bool is_secured = false;
  bool is_authenticated = false;
};

Protocol parse_protocol(std::string_view text) {
  Protocol protocol;
  protocol.word = base::to_upper(text);
  std::string_view rest = protocol.word;
  protocol.is_utf8 = rest.starts_with("UTF8");
  if (protocol.is_utf8) rest.remove_prefix(4);
  const bool is_authenticated = rest.ends_with('A');
  if (is_authenticated) rest.remove_suffix(1);
  const bool is_secured = rest.ends_with('S');
  if (is_secured) rest.remove_suffix(1);
  if (protocol.is_utf8 && rest == "ESMTP") return protocol;
  // There is no SMTPS, SMTPA.
  const bool is_bare_smtp = rest == "SMTP" && !protocol.is_utf8;
  if (is_bare_smtp && (is_authenticated || is_secured)) return protocol;
  if (rest != "SMTP" && rest != "ESMTP" && rest != "LMTP") return protocol;
  protocol.base = protocol.is_utf8 && rest == "SMTP" ? "ESMTP" : rest;
  protocol.is_secured = is_secured;
  protocol.is_authenticated = is_authenticated;
  return protocol;
}

Protocol protocol_of(const Stamp& stamp) {
  const Clause* with = stamp.find("with");
  return with ? parse_protocol(with->value()) : Protocol{};
}

std::string said(const Protocol& protocol) {
  return protocol.word.empty() ? "there is no WITH clause"
                               : "WITH says " + protocol.word;
}

bool is_plain_client(const DeliveryFacts& facts) {
  return facts.extended && !facts.lmtp;
}

Judgement received_with_helo(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!delivered.hop() || facts.extended || facts.lmtp) return std::nullopt;
  const auto protocol = protocol_of(*delivered.hop());
  if (protocol.word.empty() || protocol.word == "SMTP") return std::nullopt;
  return note(fmt::format("{} after HELO", said(protocol)));
}

Judgement received_with_ehlo(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!delivered.hop() || !is_plain_client(facts) || facts.tls ||
      facts.authenticated)
    return std::nullopt;
  const auto protocol = protocol_of(*delivered.hop());
  if (protocol.is_secured || protocol.is_authenticated)
    return complain(
        fmt::format("{}, and there was no TLS and no AUTH", said(protocol)));
  if (protocol.base == "ESMTP") return std::nullopt;
  return note(fmt::format("{} after EHLO", said(protocol)));
}

Judgement received_with_tls(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!delivered.hop() || !is_plain_client(facts) || !facts.tls ||
      facts.authenticated)
    return std::nullopt;
  const auto protocol = protocol_of(*delivered.hop());
  if (protocol.base == "ESMTP" && protocol.is_secured &&
      !protocol.is_authenticated)
    return std::nullopt;
  return note(fmt::format("{} after TLS without AUTH", said(protocol)));
}

Judgement received_with_auth(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!delivered.hop() || !is_plain_client(facts) || !facts.authenticated)
    return std::nullopt;
  const auto protocol = protocol_of(*delivered.hop());
  if (protocol.base != "ESMTP" || !protocol.is_authenticated)
    return complain(fmt::format("{} after AUTH", said(protocol)));
  if (protocol.is_secured == facts.tls) return std::nullopt;
  auto text = fmt::format("{} after AUTH {} TLS", said(protocol),
                          facts.tls ? "over" : "without");
  // TLS may end before the server.
  return complain_or_note(facts.tls, std::move(text));
}

Judgement received_with_lmtp(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!delivered.hop() || !facts.lmtp) return std::nullopt;
  const auto protocol = protocol_of(*delivered.hop());
  if (protocol.base == "LMTP" && protocol.is_secured == facts.tls &&
      protocol.is_authenticated == facts.authenticated)
    return std::nullopt;
  return note(fmt::format("{} after LHLO{}{}", said(protocol),
                          facts.tls ? ", TLS" : "",
                          facts.authenticated ? ", AUTH" : ""));
}

Judgement received_with_utf8(const Delivered& delivered) {
  if (!delivered.hop() || !delivered.facts.utf8) return std::nullopt;
  const auto protocol = protocol_of(*delivered.hop());
  if (protocol.word.empty() || (protocol.is_utf8 && !protocol.base.empty()))
    return std::nullopt;
  const bool is_noted = protocol.base == "ESMTP" || protocol.base == "LMTP";
  return complain_or_note(
      is_noted, fmt::format("{} though MAIL had SMTPUTF8", said(protocol)));
}

// --- registered names ---

bool is_registered_clause(std::string_view name) {
  return is_stamp_keyword(name) || name == "tls" || name == "group" ||
         name == "priority";
}

Judgement names_of(const Stamp& stamp) {
  const auto protocol = protocol_of(stamp);
  if (protocol.word == "HTTP" || protocol.word == "MMS")
    return note(said(protocol));
  if (!protocol.word.empty() && protocol.base.empty())
    return complain(
        fmt::format("{}, which is no registered name", said(protocol)));
  for (const Clause& clause : stamp.clauses)
    if (!is_registered_clause(clause.name))
      return complain(fmt::format("{} is no registered clause", clause.name));
  const Clause* via = stamp.find("via");
  if (via && !base::equal_without_case(via->value(), "TCP"))
    return note(fmt::format("VIA says {}", via->value()));
  return std::nullopt;
}

Judgement received_registered_names(const Delivered& delivered) {
  return any_stamp(delivered, names_of);
}

// --- TLS ---

bool contains(std::string_view text, std::string_view wanted) {
  return text.find(wanted) != std::string_view::npos;
}

/// Whether `text` names a cipher suite in whatever words.
bool speaks_of_suite(std::string_view text, std::string_view suite) {
  if (!suite.empty() && contains(base::to_upper(text), base::to_upper(suite)))
    return true;
  if (contains(base::to_lower(text), "cipher")) return true;
  return std::ranges::any_of(
      std::array{"TLS_", "AES", "CHACHA20", "CAMELLIA", "ARIA", "-SHA"},
      [&](const char* sign) { return contains(text, sign); });
}

bool is_standard_name(std::string_view suite) {
  return suite.starts_with("TLS_");
}

Judgement tls_suite(const Delivered& delivered) {
  const Stamp* hop = delivered.hop();
  const auto& facts = delivered.facts;
  if (!hop || !facts.tls) return std::nullopt;
  const Clause* tls = hop->find("tls");
  if (tls && !tls->values.empty()) {
    if (is_standard_name(facts.tls_suite) && is_standard_name(tls->value()) &&
        !base::equal_without_case(tls->value(), facts.tls_suite))
      return note(fmt::format("the tls clause says {}, and we see {}",
                              tls->value(), facts.tls_suite));
    return std::nullopt;
  }
  for (const Clause& clause : hop->clauses)
    if (speaks_of_suite(clause.text(), facts.tls_suite))
      return note("the cipher suite stands in no tls clause");
  return complain("the cipher suite stands nowhere in the Received field");
}

bool is_suite_name(std::string_view text) {
  return !text.empty() && base::is_alpha(text.front()) &&
         std::ranges::all_of(text, [](char c) {
           return base::is_alpha(c) || base::is_digit(c) || c == '_';
         });
}

bool is_suite_number(std::string_view text) {
  return text.size() == 6 && base::starts_without_case(text, "0x") &&
         text.find_first_not_of("0123456789abcdefABCDEF", 2) ==
             std::string_view::npos;
}

bool is_group_name(std::string_view text) {
  return !text.empty() && base::is_alpha(text.front()) &&
         std::ranges::all_of(text, [](char c) {
           return base::is_alpha(c) || base::is_digit(c) || c == '_' ||
                  c == '-';
         });
}

Judgement tls_clauses_of(const Stamp& stamp) {
  for (std::size_t i = 0; i < stamp.clauses.size(); ++i) {
    const Clause& clause = stamp.clauses[i];
    if (clause.name == "tls" &&
        (clause.values.size() != 1 ||
         (!is_suite_name(clause.value()) && !is_suite_number(clause.value()))))
      return complain(
          fmt::format("the tls clause says \"{}\", no suite name and "
                      "no 0xHHHH",
                      clause.text()));
    if (clause.name != "group") continue;
    if (i == 0 || stamp.clauses[i - 1].name != "tls")
      return complain("the group clause does not stand behind the tls clause");
    if (clause.values.size() != 1 || !is_group_name(clause.value()))
      return complain("the group clause holds no group name");
  }
  return std::nullopt;
}

Judgement tls_clause_grammar(const Delivered& delivered) {
  return any_stamp(delivered, tls_clauses_of);
}

Judgement tls_registered_suite(const Delivered& delivered) {
  const Stamp* hop = delivered.hop();
  const Clause* tls = hop ? hop->find("tls") : nullptr;
  if (!tls || tls_clauses_of(*hop)) return std::nullopt;
  if (is_suite_number(tls->value()))
    return note("the tls clause holds a number");
  // Each name of the registry begins so.
  if (is_standard_name(base::to_upper(tls->value()))) return std::nullopt;
  return complain(
      fmt::format("{} is no registered name of a cipher suite", tls->value()));
}

// --- priority ---

Judgement priority_clause(const Delivered& delivered) {
  const auto& wanted = delivered.facts.priority;
  if (!delivered.hop() || !wanted) return std::nullopt;
  for (const AddedStamp& added : delivered.stamps) {
    const Clause* clause = added.stamp.find("priority");
    if (!clause) continue;
    const auto text = clause->value();
    int value = 0;
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number =
        parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (!is_number || value < -9 || value > 9)
      return complain(
          fmt::format("PRIORITY says \"{}\", no value from -9 to 9", text));
    if (value == *wanted) return std::nullopt;
    return note(
        fmt::format("PRIORITY says {}, and we asked for {}", value, *wanted));
  }
  return complain("no added Received field has a PRIORITY clause");
}

constexpr DeliveryRule rules[] = {
    {"received-with-helo", received_with_helo},
    {"received-with-ehlo", received_with_ehlo},
    {"received-with-tls", received_with_tls},
    {"received-with-auth", received_with_auth},
    {"received-with-lmtp", received_with_lmtp},
    {"received-with-utf8", received_with_utf8},
    {"received-registered-names", received_registered_names},
    {"tls-suite", tls_suite},
    {"tls-clause-grammar", tls_clause_grammar},
    {"tls-registered-suite", tls_registered_suite},
    {"priority-clause", priority_clause},
};

}  // namespace

std::span<const DeliveryRule> protocol_rules() { return rules; }

}  // namespace smtpspec::smtp
