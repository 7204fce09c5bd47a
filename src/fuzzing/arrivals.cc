#include "fuzzing/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <optional>
#include <utility>

#include "base/text.h"
#include "fuzzing/executor.h"
#include "fuzzing/model.h"
#include "fuzzing/oracles.h"

namespace smtpspec::fuzzing {
namespace {

/// Sessions whose mail is waited for, and messages whose session is.
constexpr std::size_t kept_sessions = 1000;
constexpr std::size_t kept_early = 1000;

/// Mailboxes of the target, and addresses elsewhere: what is for one of them
/// arrives once. An alias, a list or a mailbox that forwards may be several.
constexpr std::array<const char*, 5> single_recipients = {
    "recipient", "recipient2", "recipient_64", "foreign", "foreign2"};

/// Behind the header section. Where there is none, whoever delivers adds fields
/// and perhaps an empty line, not the same to each copy: from the token on then.
std::string_view body_of(std::string_view octets, std::string_view token) {
  const auto crlf = octets.find("\r\n\r\n");
  const auto lf = octets.find("\n\n");
  const auto end = std::min(crlf, lf);
  const auto said = octets.rfind(token);
  if (said != std::string_view::npos &&
      (end == std::string_view::npos || said > end)) {
    return octets.substr(said);
  }
  return end == std::string_view::npos ? octets : octets.substr(end);
}

/// What all copies of a body have in common, whatever came of its line ends, of
/// long lines, of octets that are no ASCII and of those that an encoding takes
/// for special (RFC 2045 section 6.7).
std::string essence_of(std::string_view body) {
  std::string result;
  for (std::size_t at = 0; at < body.size(); ++at) {
    const auto is_hex_at = [&](std::size_t i) {
      return i < body.size() &&
             std::isxdigit(static_cast<unsigned char>(body[i])) != 0;
    };
    if (body[at] == '=' && is_hex_at(at + 1) && is_hex_at(at + 2)) {
      at += 2;
    } else if (base::is_alpha(body[at]) || base::is_digit(body[at])) {
      result += body[at];
    }
  }
  return result;
}

/// Written by a server, not by us: RFC 3464, RFC 3834.
bool is_report(const sink::Arrival& arrival) {
  return arrival.octets.find("multipart/report") != std::string::npos ||
         arrival.octets.find("MAILER-DAEMON") != std::string::npos ||
         arrival.octets.find("Auto-Submitted") != std::string::npos;
}

/// The token with `prefix` in `text`, or nothing.
std::string token_in(const std::string& text, const std::string& prefix) {
  const auto at = text.find(prefix);
  return at == std::string::npos
             ? std::string()
             : text.substr(at, prefix.size() + Executor::token_digits);
}

std::string token_of(const sink::Arrival& arrival, const std::string& prefix) {
  std::string token = token_in(arrival.octets, prefix);
  if (token.empty()) token = token_in(arrival.sender.address, prefix);
  for (const auto& path : arrival.recipients) {
    if (token.empty()) token = token_in(path.address, prefix);
  }
  return token;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t result = 0;
  for (auto at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size() - 2)) {
    ++result;
  }
  return result;
}

/// All RCPT lines, in lower case.
std::vector<std::string> rcpt_lines(std::string_view octets) {
  std::vector<std::string> result;
  for (const std::string_view line : base::split(octets, '\n')) {
    if (base::starts_without_case(line, "RCPT"))
      result.push_back(base::to_lower(line));
  }
  return result;
}

/// Whether there is a line, and each holds one of `names`.
bool all_name_one_of(const std::vector<std::string>& lines,
                     const std::vector<std::string>& names) {
  return !lines.empty() && std::ranges::all_of(lines, [&](const auto& line) {
    return std::ranges::any_of(names, [&](const std::string& name) {
      return line.find(name) != std::string::npos;
    });
  });
}

/// The copies that a right server makes of what it has taken, one for each
/// recipient. Nothing where it is not known what the replies answer.
std::optional<std::size_t> copies_taken(const Observation& seen) {
  Model model;
  for (const Answer& answer : seen.answers) {
    // Nothing asked for it.
    if (answer.line.empty()) continue;
    if (answer.verb.empty()) return std::nullopt;
    model.apply(answer);
  }
  return model.copies;
}

}  // namespace

std::size_t most_messages(std::string_view octets) {
  const std::string upper = base::to_upper(octets);
  // Whoever ends commands at LF finds the end of empty mail data here.
  return count(octets, "\r\n.\r\n") + count(upper, "DATA\n.\r\n") +
         std::min(count(upper, "BDAT"), count(upper, "LAST"));
}

Arrivals::Arrivals(const play::Target& target, std::string token_prefix)
    : target_(target), token_prefix_(std::move(token_prefix)) {
  const auto domain = target_.variables.find("foreign_domain");
  if (domain != target_.variables.end())
    foreign_domain_ = base::to_lower(domain->second);
  for (const char* name : single_recipients) {
    const auto found = target_.variables.find(name);
    if (found != target_.variables.end())
      single_recipients_.push_back(base::to_lower(found->second));
  }
  if (!target_.witness) return;
  target_.witness->mailbox().observe(
      [this](const sink::Arrival& arrival) { note(arrival); });
}

Arrivals::~Arrivals() {
  if (target_.witness) target_.witness->mailbox().observe(nullptr);
}

void Arrivals::expect(const Input& input, const Observation& seen) {
  if (!target_.witness) return;
  const std::string octets =
      replace_variables(octets_of(input), target_.variables);
  Sent sent;
  sent.token = seen.token;
  sent.input = input;
  sent.most = most_messages(octets);
  const auto rcpts = rcpt_lines(octets);
  sent.most_copies = std::max(
      sent.most, copies_taken(seen).value_or(sent.most * rcpts.size()));
  sent.may_be_counted = all_name_one_of(rcpts, single_recipients_);
  sent.may_go_abroad = has_login(seen) || foreign_domain_.empty() ||
                       !all_name_one_of(rcpts, {foreign_domain_});
  sent.answers = seen.answers.size();
  sent_.push_back(std::move(sent));
  if (sent_.size() > kept_sessions) sent_.pop_front();
  std::erase_if(early_, [&](const Facts& facts) {
    if (facts.token != seen.token) return false;
    judge(sent_.back(), facts);
    return true;
  });
}

std::vector<Arrivals::Late> Arrivals::take() {
  return std::exchange(found_, {});
}

void Arrivals::note(const sink::Arrival& arrival) {
  if (is_report(arrival)) return;
  Facts facts{token_of(arrival, token_prefix_), 0, goes_abroad(arrival)};
  if (facts.token.empty()) return;
  facts.body = std::hash<std::string>()(
      essence_of(body_of(arrival.octets, facts.token)));
  const auto sent = std::ranges::find(sent_, facts.token, &Sent::token);
  if (sent != sent_.end()) {
    judge(*sent, facts);
  } else if (early_.size() < kept_early) {
    early_.push_back(std::move(facts));
  }
}

void Arrivals::judge(Sent& sent, const Facts& facts) {
  sent.bodies.insert(facts.body);
  ++sent.copies;
  Finding finding;
  finding.answer = sent.answers;
  if (sent.bodies.size() > sent.most && sent.copies > sent.most_copies &&
      sent.may_be_counted && !sent.is_too_much) {
    sent.is_too_much = true;
    finding.signature = "more-messages-than-sent";
    finding.sentence = "more messages arrived than ends of mail data were sent";
    finding.clause = "5321-4.1.1.4-m";
    finding.then = "mail: 0";
    for (std::size_t i = 1; i <= sent.most_copies; ++i)
      finding.then += fmt::format(" / {}", i);
    found_.push_back({sent.input, finding});
  }
  if (facts.is_abroad && !sent.may_go_abroad && !sent.is_relayed) {
    sent.is_relayed = true;
    finding.signature = "relayed";
    finding.sentence = "mail of a stranger was sent on to another host";
    finding.clause = "2505-2.1-a";
    finding.then = "relayed: 0";
    found_.push_back({sent.input, finding});
  }
}

/// To a domain elsewhere, from whom the target has no reason to trust: which
/// that is must be known from the profile.
bool Arrivals::goes_abroad(const sink::Arrival& arrival) const {
  const bool is_stranger =
      !target_.source.empty() || !target_.trusted_source.empty();
  if (arrival.witness != sink::Witness::smtp || !is_stranger) return false;
  return std::ranges::any_of(arrival.recipients, [&](const auto& path) {
    return base::to_lower(path.address).ends_with("@" + foreign_domain_);
  });
}

}  // namespace smtpspec::fuzzing
