#include "fuzzing/oracles.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/escape.h"
#include "base/text.h"
#include "fuzzing/model.h"
#include "fuzzing/structure.h"
#include "play/command_tracker.h"

namespace smtpspec::fuzzing {
namespace {

using Known = Model::Known;

constexpr const char* refusal = "4yz / 5yz / closed";

/// More errors than these, and a server may have had enough of us (RFC 5321
/// section 7.8).
constexpr int errors_of_the_patient = 3;

std::string lower(const std::string& verb) {
  return verb == "." ? "end-of-data" : base::to_lower(verb);
}

/// "MAIL FROM:<a@b.example>", shortened.
std::string shown(const std::string& line) {
  return line == "." ? "the end of mail data" : base::escape_up_to(line, 60);
}

bool is_bare(const Answer& answer) {
  return base::equal_without_case(answer.line, answer.verb);
}

/// Letters only: what else a line may begin with is no verb.
bool is_unknown_verb(const std::string& verb) {
  return verb.size() >= 3 && verb.front() != 'X' && verb != "greeting" &&
         std::ranges::all_of(verb, base::is_alpha) && !is_known_verb(verb);
}

/// One answer against the state it came in.
class Judge {
 public:
  Judge(const Model& model, const Answer& answer, bool wants_login)
      : model_(model), answer_(answer), wants_login_(wants_login) {}

  /// Nothing: no objection.
  std::optional<Finding> judge() const {
    const std::string& verb = answer_.verb;
    if (answer_.reply.code == 421) return std::nullopt;
    if (verb == "MAIL") return mail();
    if (verb == "RCPT") return rcpt();
    if (verb == "DATA") return data();
    if (verb == ".") return end_of_data();
    if (verb == "BDAT") return bdat();
    if (verb == "RSET" || verb == "NOOP") return any_time();
    if (verb == "VRFY" || verb == "EXPN" || verb == "HELP") return enquiry();
    if (verb == "QUIT") return quit();
    if (verb == "AUTH") return auth();
    if (is_unknown_verb(verb)) return unknown();
    return std::nullopt;
  }

 private:
  int code() const { return answer_.reply.code; }
  bool is_taken() const { return answer_.reply.reply_class() == 2; }
  bool is_intermediate() const { return answer_.reply.reply_class() == 3; }

  /// "MAIL FROM:<a@b.example>": what stands behind the path may be refused with
  /// any code.
  bool is_path_alone(std::string_view words) const {
    return base::starts_without_case(answer_.line, words) &&
           answer_.line.find('>') + 1 == answer_.line.size();
  }

  /// Mail is taken in this session, as far as is known.
  bool is_ready() const {
    return model_.is_greeted && (!wants_login_ || model_.has_login);
  }

  Finding finding(const std::string& what, const std::string& words,
                  const std::string& clause,
                  const std::string& expected) const {
    Finding result;
    result.signature = fmt::format("{}-{}-{}", lower(answer_.verb),
                                   answer_.reply.reply_class() == 5 ||
                                           answer_.reply.reply_class() == 4
                                       ? std::to_string(code())
                                       : fmt::format("{}yz", answer_.reply.reply_class()),
                                   what);
    result.sentence = fmt::format("{} drew {} {}", shown(answer_.line), code(),
                                  words);
    result.clause = clause;
    result.expected = expected;
    return result;
  }

  std::optional<Finding> no_intermediate() const {
    if (!is_intermediate()) return std::nullopt;
    return finding("out-of-place", "which asks for more where nothing follows",
                   "5321-4.2-l", "2yz / 4yz / 5yz");
  }

  std::optional<Finding> mail() const {
    if (code() == 503 && is_path_alone("MAIL FROM:<") && is_ready() &&
        model_.transaction == Known::no && !model_.in_content) {
      return finding("in-order", "though no transaction was open",
                     "5321-4.1.4-o", "250 / 4yz / 500 / 501 / 55z");
    }
    return no_intermediate();
  }

  std::optional<Finding> rcpt() const {
    if (is_taken() && model_.transaction == Known::no)
      return finding("without-mail", "without MAIL", "5321-3.3-l", refusal);
    if (code() == 503 && is_path_alone("RCPT TO:<") &&
        model_.transaction == Known::yes && !model_.has_chunks) {
      return finding("in-transaction", "in an open transaction",
                     "5321-4.1.4-o", "25z / 4yz / 500 / 501 / 55z");
    }
    return no_intermediate();
  }

  std::optional<Finding> data() const {
    if (is_taken())
      return finding("in-place-of-354", "in place of 354", "5321-3.3-o",
                     "354 / 4yz / 5yz");
    if (code() == 503 && model_.transaction == Known::yes &&
        model_.recipients > 0 && !model_.has_chunks && !model_.is_binary &&
        is_bare(answer_)) {
      return finding("in-order", "with a recipient that was taken",
                     "5321-4.1.4-o", "354 / 4yz / 500 / 501 / 55z");
    }
    return std::nullopt;
  }

  std::optional<Finding> end_of_data() const {
    if (!model_.in_content) return std::nullopt;
    if (is_taken() && model_.transaction != Known::unknown &&
        model_.recipients == 0) {
      return finding("without-recipient", "though no recipient was taken",
                     "5321-4.1.4-u", refusal);
    }
    return no_intermediate();
  }

  std::optional<Finding> bdat() const {
    if (is_taken() && model_.transaction == Known::no)
      return finding("without-mail", "without a transaction", "3030-2-h",
                     refusal);
    return no_intermediate();
  }

  std::optional<Finding> any_time() const {
    const bool is_refused = code() >= 500 && code() <= 504;
    const bool is_rset = answer_.verb == "RSET";
    if (is_bare(answer_) && model_.is_greeted && is_refused) {
      return finding("refused", "though it may come at any time",
                     is_rset ? "5321-4.1.1.5-b" : "5321-4.1.1.9-a", "250");
    }
    if (is_bare(answer_) && is_rset && is_taken() && code() != 250)
      return finding("not-250", "in place of 250", "5321-4.1.1.5-b", "250");
    // Who does not heed the SHOULD of RFC 5321 section 4.1.1.9 refuses them all.
    if (!is_rset && code() == 500 && model_.takes_noop_argument &&
        play::is_plain(answer_.line))
      return finding("too-long", "though the line has 512 octets at most",
                     "5321-4.3.2-n", "250 / 501 / 504");
    return no_intermediate();
  }

  std::optional<Finding> enquiry() const {
    if (code() == 503 && model_.is_greeted && !wants_login_)
      return finding("out-of-order", "though it may come at any time",
                     "5321-4.1.4-c", "2yz / 4yz / 500 / 501 / 502 / 55z");
    return no_intermediate();
  }

  std::optional<Finding> quit() const {
    if (!is_bare(answer_) || code() == 221) return std::nullopt;
    return finding("not-221", "in place of 221", "5321-4.1.1.10-a", "221");
  }

  std::optional<Finding> auth() const {
    if (code() != 235) return std::nullopt;
    if (answer_.must_fail)
      return finding("wrong-login", "though the login was wrong", "4954-4-y",
                     refusal);
    if (model_.has_login)
      return finding("second-login", "behind a login", "4954-4-a", refusal);
    if (model_.transaction == Known::yes)
      return finding("in-transaction", "in a transaction", "4954-4-b",
                     refusal);
    return std::nullopt;
  }

  std::optional<Finding> unknown() const {
    if (!is_taken()) return std::nullopt;
    Finding result =
        finding("unknown", "though nobody knows that command", "5321-2.2.2-b",
                refusal);
    result.signature = "unknown-verb-taken";
    return result;
  }

  const Model& model_;
  const Answer& answer_;
  bool wants_login_;
};

/// A line that a server may refuse for its length alone (section 4.5.3.1.4).
bool is_overlong(const Answer& answer) { return answer.line.size() > 510; }

/// The verb of a line for a signature; "other" for what is none.
std::string name_of(const std::string& line) {
  const std::string verb = play::verb_of(line);
  if (verb == "BDAT" && is_last_chunk(line)) return "bdat-last";
  return verb == "." || is_known_verb(verb) ? lower(verb) : "other";
}

bool has_doubtful_answers(const Observation& seen) {
  return std::ranges::any_of(seen.answers, [&](const Answer& answer) {
    return seen.is_doubtful(answer);
  });
}

/// Not of an answer that came; one more would have been right, whichever.
Finding behind_all_answers(const Observation& seen) {
  Finding result;
  result.answer = seen.answers.size();
  result.expected = any_reply;
  return result;
}

Finding reply_missing(const Observation& seen) {
  Finding result = behind_all_answers(seen);
  result.clause = "5321-4.2-a";
  const std::string line = shown(seen.unanswered);
  if (has_doubtful_answers(seen)) {
    result.signature = "group-without-all-replies";
    result.sentence = fmt::format(
        "a group of commands drew too few replies: none is left for {}", line);
  } else {
    result.signature = name_of(seen.unanswered) + "-without-reply";
    result.sentence = line + " drew no reply";
  }
  return result;
}

std::optional<Finding> ending(const Observation& seen, const Model& model) {
  if (!seen.is_reliable || seen.unanswered.empty()) return std::nullopt;
  if (seen.outcome == Outcome::silent && seen.is_alive_after_silence)
    return reply_missing(seen);
  if (!seen.is_cut() || !seen.is_plain || seen.answers.empty() ||
      model.errors >= errors_of_the_patient) {
    return std::nullopt;
  }
  const auto& last = seen.answers.back();
  // Behind STARTTLS nothing but TLS is understood.
  const bool awaits_tls = last.verb == "STARTTLS" && last.reply.code == 220;
  if (last.reply.reply_class() >= 4 || last.reply.code == 221 || awaits_tls)
    return std::nullopt;
  Finding result = behind_all_answers(seen);
  result.signature = name_of(seen.unanswered) + "-closes";
  result.sentence = fmt::format("the server closed the connection at {}",
                                shown(seen.unanswered));
  result.clause = "5321-3.8-b";
  return result;
}

std::vector<Finding> breaches(
    const Observation& seen,
    const std::map<std::string, std::string>& clauses) {
  std::vector<Finding> result;
  // Many rules ask which command was answered.
  if (has_doubtful_answers(seen)) return result;
  for (const play::Breach& breach : seen.breaches) {
    const auto clause = clauses.find(std::string(breach.rule->name));
    if (clause == clauses.end() || breach.complaint.only_noted) continue;
    Finding finding = behind_all_answers(seen);
    finding.signature =
        fmt::format("{}-{}", breach.rule->name, name_of(breach.command));
    finding.sentence = fmt::format("behind {}: {}", shown(breach.command),
                                   breach.complaint.text);
    finding.clause = clause->second;
    finding.watch = breach.rule->name;
    const auto same = [&](const Finding& other) {
      return other.signature == finding.signature;
    };
    if (std::ranges::none_of(result, same)) result.push_back(finding);
  }
  return result;
}

}  // namespace

Oracles::Oracles(const scenario::Catalog& catalog, bool wants_login)
    : wants_login_(wants_login) {
  for (const auto& scenario : catalog.scenarios()) {
    if (!scenario->watch.empty())
      rule_clauses_[scenario->watch] = scenario->clauses.front();
  }
}

std::vector<Finding> Oracles::judge(const Observation& seen) const {
  std::vector<Finding> result = breaches(seen, rule_clauses_);
  Model model;
  for (std::size_t i = 0; i < seen.answers.size(); ++i) {
    const Answer& answer = seen.answers[i];
    if (answer.verb.empty()) return result;
    if (seen.is_doubtful(answer)) break;
    auto finding = is_overlong(answer)
                       ? std::nullopt
                       : Judge(model, answer, wants_login_).judge();
    if (finding) {
      finding->answer = i;
      result.push_back(std::move(*finding));
      return result;
    }
    model.apply(answer);
  }
  if (auto finding = ending(seen, model)) result.push_back(std::move(*finding));
  return result;
}

Finding hang(const Observation& seen) {
  Finding finding = behind_all_answers(seen);
  finding.signature = "hang";
  finding.sentence = "a new connection was not greeted any more";
  finding.clause = "5321-4.5.4.2-a";
  return finding;
}

bool has_login(const Observation& seen) {
  return std::ranges::any_of(seen.answers, [](const Answer& answer) {
    return answer.reply.code == 235;
  });
}

Finding compare(const Observation& seen, const Observation& other) {
  const std::size_t count = std::min(seen.answers.size(), other.answers.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Answer& ours = seen.answers[i];
    const Answer& theirs = other.answers[i];
    if (ours.verb.empty() || ours.verb != theirs.verb) return {};
    const int a = ours.reply.reply_class();
    const int b = theirs.reply.reply_class();
    if (a == b) continue;
    Finding result;
    result.signature =
        fmt::format("differs-{}-{}yz-{}yz",
                    is_unknown_verb(ours.verb) ? "unknown" : lower(ours.verb),
                    a, b);
    result.sentence =
        fmt::format("{} drew {}, and {} from the other server",
                    shown(ours.line), ours.reply.code, theirs.reply.code);
    result.answer = i;
    return result;
  }
  return {};
}

}  // namespace smtpspec::fuzzing
