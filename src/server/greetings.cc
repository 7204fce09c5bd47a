// EHLO and HELO (RFC 5321 sections 2.2, 3.2, 4.1.1.1 and 4.1.4).
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace {

struct Keyword {
  std::string_view line;
  /// Where alone it is offered.
  std::optional<Service> service;
};

/// RFC 4865 section 4.2 (2): for the submission port alone.
constexpr std::string_view future_release_line =
    "FUTURERELEASE 86400 2099-12-31T23:59:59Z";
static_assert(longest_hold == std::chrono::seconds(86400));

constexpr auto keyword_lines = std::to_array<Keyword>({
    {"PIPELINING", {}},
    {"SIZE 1048576", {}},
    {"8BITMIME", {}},
    {"SMTPUTF8", {}},
    {"DSN", {}},
    {"ENHANCEDSTATUSCODES", {}},
    {"CHUNKING", {}},
    {"BINARYMIME", {}},
    {"VRFY", {}},
    {"EXPN", {}},
    {"HELP", {}},
    {"LIMITS RCPTMAX=1000", {}},
    {"DELIVERBY 60", {}},
    {"MT-PRIORITY MIXER", {}},
    {"MTRK", {}},
    {"NO-SOLICITING org.example:adv", {}},
    {"RRVS", {}},
    {"CONPERM", {}},
    {"CONNEG", {}},
    {"STARTTLS", {}},
    {"REQUIRETLS", {}},
    {"ETRN", Service::mta},
    {"BURL imap", Service::submission},
    {future_release_line, Service::submission},
    {"XCLIENT NAME ADDR PORT PROTO HELO LOGIN", Service::mta},
    {"XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE", Service::mta},
});
static_assert(size_limit == 1048576);

/// With `flaw`, `wrong` stands for the line `right`; nothing if it is empty.
struct KeywordFlaw {
  FlawId flaw;
  std::string_view right;
  std::string_view wrong;
};

constexpr auto keyword_flaws = std::to_array<KeywordFlaw>({
    {"ehlo-pipelining-with-parameter"_flaw, "PIPELINING", "PIPELINING 10"},
    {"ehlo-size-grammar"_flaw, "SIZE 1048576", "SIZE 10M"},
    {"ehlo-double-space"_flaw, "SIZE 1048576", "SIZE  1048576"},
    {"size-without-number-unchecked"_flaw, "SIZE 1048576", "SIZE"},
    {"size-zero-listed-limit-kept"_flaw, "SIZE 1048576", "SIZE 0"},
    {"pipelining-not-offered"_flaw, "PIPELINING", ""},
    {"enhancedstatuscodes-not-offered"_flaw, "ENHANCEDSTATUSCODES", ""},
    {"dsn-not-offered"_flaw, "DSN", ""},
    {"size-limit-unlisted"_flaw, "SIZE 1048576", ""},
    {"8bitmime-not-offered"_flaw, "8BITMIME", ""},
    {"8bitmime-not-offered"_flaw, "SMTPUTF8", ""},
    {"8bitmime-not-offered"_flaw, "BINARYMIME", ""},
    {"smtputf8-without-8bitmime"_flaw, "8BITMIME", ""},
    {"ehlo-8bitmime-with-parameter"_flaw, "8BITMIME", "8BITMIME YES"},
    {"ehlo-smtputf8-with-parameter"_flaw, "SMTPUTF8", "SMTPUTF8 YES"},
    {"ehlo-dsn-with-parameter"_flaw, "DSN", "DSN YES"},
    {"ehlo-enhancedstatuscodes-with-parameter"_flaw, "ENHANCEDSTATUSCODES",
     "ENHANCEDSTATUSCODES 2"},
    {"ehlo-chunking-with-parameter"_flaw, "CHUNKING", "CHUNKING YES"},
    {"bdat-unlisted"_flaw, "CHUNKING", ""},
    {"bdat-unlisted"_flaw, "BINARYMIME", ""},
    {"binarymime-without-chunking"_flaw, "CHUNKING", ""},
    {"binarymime-unlisted-accepted"_flaw, "BINARYMIME", ""},
    {"ehlo-binarymime-with-parameter"_flaw, "BINARYMIME", "BINARYMIME YES"},
    {"expn-unlisted"_flaw, "EXPN", ""},
    {"expn-unsupported"_flaw, "EXPN", ""},
    {"help-unlisted"_flaw, "HELP", ""},
    {"help-missing"_flaw, "HELP", ""},
    {"etrn-accepted"_flaw, "ETRN", ""},
    {"starttls-accepted"_flaw, "STARTTLS", ""},
    {"auth-plain-without-tls"_flaw, "STARTTLS", ""},
    {"starttls-with-parameter"_flaw, "STARTTLS", "STARTTLS NOW"},
    {"requiretls-with-value"_flaw, "REQUIRETLS", "REQUIRETLS YES"},
    {"burl-without-8bitmime"_flaw, "8BITMIME", ""},
    {"lmtp-without-pipelining"_flaw, "PIPELINING", ""},
    {"lmtp-without-enhanced-codes"_flaw, "ENHANCEDSTATUSCODES", ""},
    {"limits-grammar"_flaw, "LIMITS RCPTMAX=1000", "LIMITS RCPTMAX 1.000;"},
    {"limits-mailmax-grammar"_flaw, "LIMITS RCPTMAX=1000",
     "LIMITS MAILMAX=010"},
    {"limits-rcptmax-grammar"_flaw, "LIMITS RCPTMAX=1000", "LIMITS RCPTMAX=0"},
    {"limits-rcptmax-10"_flaw, "LIMITS RCPTMAX=1000", "LIMITS RCPTMAX=10"},
    {"deliverby-grammar"_flaw, "DELIVERBY 60", "DELIVERBY 60s"},
    {"mt-priority-grammar"_flaw, "MT-PRIORITY MIXER", "MT-PRIORITY A B"},
    {"futurerelease-grammar"_flaw, future_release_line,
     "FUTURERELEASE 24h tomorrow"},
    {"mtrk-with-value"_flaw, "MTRK", "MTRK YES"},
    {"no-soliciting-grammar"_flaw, "NO-SOLICITING org.example:adv",
     "NO-SOLICITING 1adv,,"},
    {"no-soliciting-class-unlisted"_flaw, "NO-SOLICITING org.example:adv",
     "NO-SOLICITING"},
    {"rrvs-with-value"_flaw, "RRVS", "RRVS YES"},
    {"xclient-unknown-attribute"_flaw,
     "XCLIENT NAME ADDR PORT PROTO HELO LOGIN", "XCLIENT NAME ADDR COLOR"},
    {"xforward-unknown-attribute"_flaw,
     "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
     "XFORWARD NAME ADDR COLOR"},
});

struct ExtraKeyword {
  FlawId flaw;
  std::string_view line;
};

constexpr auto extra_keywords = std::to_array<ExtraKeyword>({
    {"ehlo-unregistered-keyword"_flaw, "FASTMAIL"},
    {"ehlo-obsolete-keyword"_flaw, "UTF8SMTP"},
    {"ehlo-keyword-grammar"_flaw, "-TRACE_ON"},
    {"ehlo-legacy-equals"_flaw, "X-LOGIN=PLAIN"},
    {"submission-etrn-listed"_flaw, "ETRN"},
    {"submission-atrn-listed"_flaw, "ATRN"},
    {"burl-on-port-25"_flaw, "BURL"},
    {"burl-without-8bitmime"_flaw, "BURL"},
});

/// The domain, and who is greeted: the address shows what XCLIENT changed.
std::string first_line(const std::string& client, const FlawSet& flaws) {
  if (flaws.contains("ehlo-without-domain"_flaw)) return "*** at your service";
  if (flaws.contains("ehlo-non-ascii-domain"_flaw))
    return "mx.ex\xc3\xa4mple.test at your service";
  const std::string line = std::string(host_name) + " greets " + client;
  return flaws.contains("enhanced-code-on-ehlo"_flaw) ? "2.0.0 " + line : line;
}

bool accepts_literal(std::string_view name, const FlawSet& flaws) {
  const bool is_ipv6 = base::starts_without_case(name, "[IPv6:");
  if (!is_ipv6) {
    if (flaws.contains("ehlo-ipv4-literal-refused"_flaw)) return false;
    return is_address_literal(name) ||
           flaws.contains("ehlo-ipv4-literal-unchecked"_flaw);
  }
  if (flaws.contains("ehlo-ipv6-literal-refused"_flaw)) return false;
  if (flaws.contains("ehlo-ipv6-tag-case-sensitive"_flaw) &&
      !name.starts_with("[IPv6:")) {
    return false;
  }
  return is_address_literal(name) ||
         flaws.contains("ehlo-ipv6-literal-unchecked"_flaw);
}

}  // namespace

/// RFC 3207 section 4.2: not under TLS.
bool Conversation::lists_starttls() const {
  return surroundings_.offers_tls &&
         (!is_secure() || flawed("starttls-listed-under-tls"_flaw));
}

std::vector<std::string> Conversation::keywords() const {
  std::vector<std::string> result;
  for (const auto& [line, service] : keyword_lines) {
    const bool is_misplaced = flawed("futurerelease-on-port-25"_flaw) &&
                              line == future_release_line;
    if (service.value_or(surroundings_.service) != surroundings_.service &&
        !is_misplaced) {
      continue;
    }
    if (line.starts_with('X') && !is_trusted()) continue;
    if (line == "STARTTLS" && !lists_starttls()) continue;
    if (line == "REQUIRETLS" && !is_secure() &&
        !flawed("requiretls-listed-in-clear"_flaw)) {
      continue;
    }
    if (line == "8BITMIME" && surroundings_.tls_comes_first &&
        flawed("submissions-lacks-8bitmime"_flaw)) {
      continue;
    }
    const auto row = std::find_if(
        keyword_flaws.begin(), keyword_flaws.end(),
        [&, text = line](const auto& r) {
          return r.right == text && flawed(r.flaw);
        });
    const auto sent = row == keyword_flaws.end() ? line : row->wrong;
    if (!sent.empty()) result.emplace_back(sent);
  }
  for (auto& line : auth_keywords()) result.push_back(std::move(line));
  if (offers_atrn()) result.emplace_back("ATRN");
  for (const ExtraKeyword& row : extra_keywords) {
    if (flawed(row.flaw)) result.emplace_back(row.line);
  }
  return result;
}

/// Whether `name` is what a client may call itself; else it is told.
bool Conversation::accepts_name(std::string_view name) {
  const bool is_ehlo = verb_ == "EHLO";
  if (flawed("helo-name-mismatch-refused"_flaw) &&
      base::starts_without_case(name, "elsewhere")) {
    say(550, "", "The name does not match the address");
    return false;
  }
  if (name.empty() && flawed(is_ehlo ? "ehlo-without-argument-accepted"_flaw
                                     : "helo-without-argument-accepted"_flaw)) {
    return true;
  }
  if (is_ehlo && flawed("ehlo-line-end-accepted"_flaw) &&
      name.find_first_of("\r\n") != std::string_view::npos) {
    return true;
  }
  const bool is_good = !name.empty() && name.front() == '['
                           ? accepts_literal(name, flaws_)
                           : is_domain(name);
  if (is_good) return true;
  if (is_ehlo && !name.empty() && flawed("ehlo-bad-domain-accepted"_flaw))
    return true;
  if (name.size() > 63 && flawed("long-address-closes"_flaw)) {
    closing_ = true;
    return false;
  }
  const bool has_words = name.find(' ') != std::string_view::npos;
  if (is_ehlo && !name.empty() &&
      flawed(has_words ? "ehlo-extra-word-closes"_flaw
                       : "ehlo-bad-domain-closes"_flaw)) {
    closing_ = true;
    return false;
  }
  say(501, "", "A domain or an address literal is wanted");
  return false;
}

/// RFC 2033 section 4.1: LHLO stands for EHLO, on LMTP's ports only.
void Conversation::lhlo(std::string_view argument) {
  if (is_lmtp() || flawed("lhlo-on-port-25"_flaw)) return ehlo(argument);
  say(500, "5.5.1", "Unknown command: LHLO");
}

void Conversation::ehlo(std::string_view argument) {
  if (is_lmtp() && verb_ == "EHLO" && !flawed("lmtp-ehlo-accepted"_flaw))
    return say(500, "5.5.1", "This is LMTP: say LHLO");
  if (was_forwarded_ && flawed("xclient-forbids-ehlo"_flaw))
    return say(503, "", "Already greeted");
  if (greeted_ == Greeted::ehlo && flawed("second-ehlo-503"_flaw))
    return say(503, "", "Already greeted");
  if (!accepts_name(argument)) {
    if (flawed("refused-ehlo-resets"_flaw)) reset_transaction();
    return;
  }
  client_name_ = argument;
  greeted_ = Greeted::ehlo;
  if (flawed("auth-forgotten-after-ehlo"_flaw)) user_.clear();
  if (!flawed("ehlo-keeps-transaction"_flaw)) reset_transaction();
  auto lines = keywords();
  lines.insert(lines.begin(), first_line(client_literal(), flaws_));
  say({250, "", std::move(lines)});
}

void Conversation::helo(std::string_view argument) {
  if (is_lmtp() && !flawed("lmtp-ehlo-accepted"_flaw))
    return say(500, "5.5.1", "This is LMTP: say LHLO");
  if (!accepts_name(argument)) return;
  client_name_ = argument;
  greeted_ = Greeted::helo;
  if (!flawed("helo-keeps-transaction"_flaw)) reset_transaction();
  std::vector<std::string> lines;
  if (flawed("helo-answered-like-ehlo"_flaw)) lines = keywords();
  lines.insert(lines.begin(), std::string(host_name));
  say({250, "", std::move(lines)});
}

}  // namespace smtpspec::server
