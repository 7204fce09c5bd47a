#include "report/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "report/wording.h"

namespace smtpspec::report {
namespace {

using play::Result;
using play::Rung;
using play::Verdict;

/// Lines of a transcript that a finding shows.
constexpr std::size_t shown_lines = 10;
/// Reasons for what was not tested, and tests for one reason.
constexpr std::size_t shown_reasons = 20;
constexpr std::size_t shown_tests = 3;
constexpr std::size_t shown_reason = 300;

/// "relay/plain#u17" of "mta/relay/plain#u17".
std::string without_listener(const std::string& id) {
  return id.substr(id.find('/') + 1);
}
std::string listener_of(const std::string& id) {
  return id.substr(0, id.find('/'));
}

bool is_about_relaying(const Result& result) {
  return without_listener(result.id).starts_with("relay/");
}

/// Of a stranger's mail, whatever the verdict: a pattern that proves nothing by
/// itself, since plain mail goes through too, is blocked.
bool is_relayed(const Result& result) { return result.rung == Rung::relayed; }

/// The target took or refused the mail, and what became of it is known.
bool is_decided(const Result& result) {
  return result.rung != Rung::unknown && result.rung != Rung::not_proved &&
         result.rung != Rung::not_seen;
}

/// Mail was tried; a test without a rung looks at replies alone.
bool is_attempt(const Result& result) {
  return result.rung != Rung::unknown || result.verdict == Verdict::blocked ||
         result.verdict == Verdict::error;
}

/// It may have gone on to another host.
bool is_taken(const Result& result) { return result.rung >= Rung::not_seen; }

/// For good: a refusal for now proves nothing, and is blocked.
bool is_refused(const Result& result) {
  return result.verdict == Verdict::passed &&
         (result.rung == Rung::refused_at_mail ||
          result.rung == Rung::refused_at_rcpt ||
          result.rung == Rung::refused_at_data);
}

bool is_beside_mta(const AuditReport& report, const std::string& name) {
  return std::ranges::any_of(report.listeners,
                             [&name](const AuditedListener& listener) {
                               return listener.name == name &&
                                      listener.is_beside_mta;
                             });
}

std::size_t count_relay(const AuditReport& report,
                        bool (*wanted)(const Result&)) {
  return static_cast<std::size_t>(
      std::ranges::count_if(report.run.results, [wanted](const Result& result) {
        return is_about_relaying(result) && wanted(result);
      }));
}

std::size_t attempts(const AuditReport& report) {
  return count_relay(report, is_attempt);
}

std::string answer_line(const AuditReport& report) {
  const auto all = attempts(report);
  const auto open = count_relay(report, is_relayed);
  const auto decided = count_relay(report, is_decided);
  switch (relay_answer(report)) {
    case RelayAnswer::open:
      return fmt::format(
          "OPEN RELAY. {} of {} attempts to send mail through it to another "
          "host\nsucceeded: the mail was seen at the sink.",
          open, all);
    case RelayAnswer::closed:
      return fmt::format(
          "NOT AN OPEN RELAY. Of {} attempts to send mail through it to "
          "another host\nnone succeeded.",
          all);
    case RelayAnswer::undecided:
      if (decided == all) {
        return fmt::format(
            "NO OPEN RELAY WAS FOUND in {} attempts before the audit ended.",
            all);
      }
      return fmt::format(
          "NO OPEN RELAY WAS FOUND, but {} of {} attempts are not decided: see "
          "below.",
          all - std::min(decided, all), all);
    case RelayAnswer::untested: break;
  }
  return "RELAYING WAS NOT TESTED.";
}

class Page {
 public:
  Page(std::ostream& out, const AuditReport& report,
       const scenario::Requirements& requirements)
      : out_(out), report_(report), requirements_(requirements) {}

  void write() {
    write_head();
    write_ladder();
    write_differences();
    write_offers();
    write_findings();
    write_rest(Verdict::noted, "Noted");
    write_rest(Verdict::blocked, "Not decided");
    write_rest(Verdict::error, "Not tested, through a fault on our side");
    write_rest(Verdict::skipped, "Not tested");
    write_counts();
  }

 private:
  void line(const std::string& text = "") { out_ << visible(text) << '\n'; }

  void write_head() {
    line(fmt::format("Audit of {}", report_.run.target));
    line();
    const std::string answer = answer_line(report_);
    for (std::size_t at = 0; at < answer.size();) {
      const auto end = std::min(answer.find('\n', at), answer.size());
      line(answer.substr(at, end - at));
      at = end + 1;
    }
    if (report_.run.interrupted) {
      line(fmt::format("The audit was interrupted: {} of {} tests ran.",
                       report_.run.results.size(), report_.run.selected));
    }
    line();
    for (const auto& listener : report_.listeners) {
      line(fmt::format("  {:12} {}", listener.name, listener.endpoint));
    }
    line(fmt::format("  {:12} {}", "we came from",
                     report_.source.empty() ? "the system's choice of address"
                                            : report_.source));
    if (!report_.trusted_source.empty()) {
      line(fmt::format("  {:12} {}", "and from",
                       report_.trusted_source +
                           ", for which the profile says that it relays"));
    }
    line(fmt::format("  {:12} {}", "witness",
                     report_.has_sink ? "the sink of the profile"
                                      : "none: what is accepted proves "
                                        "nothing"));
    for (const std::string& remark : report_.remarks) line("  " + remark);
  }

  /// How far mail for other hosts came, by listener.
  void write_ladder() {
    if (attempts(report_) == 0) return;
    line();
    line("Mail for other hosts");
    for (const auto& listener : report_.listeners) {
      std::map<Rung, std::size_t> rungs;
      for (const Result& result : report_.run.results) {
        if (is_about_relaying(result) && result.rung != Rung::unknown &&
            listener_of(result.id) == listener.name) {
          ++rungs[result.rung];
        }
      }
      for (const auto& [rung, count] : rungs) {
        line(fmt::format("  {:12} {:5} {}", listener.name, count,
                         to_string(rung)));
      }
    }
  }

  /// The same attempt, which may have gone through at one listener and did not at
  /// another.
  void write_differences() {
    std::map<std::string, std::map<std::string, Rung>> by_test;
    for (const Result& result : report_.run.results) {
      if (is_about_relaying(result) && result.rung != Rung::unknown)
        by_test[without_listener(result.id)][listener_of(result.id)] =
            result.rung;
    }
    bool is_first = true;
    for (const auto& [test, rungs] : by_test) {
      const auto is_laxer = [](const auto& entry) {
        return entry.second >= Rung::not_seen;
      };
      const auto lax = std::ranges::count_if(rungs, is_laxer);
      if (lax == 0 || static_cast<std::size_t>(lax) == rungs.size()) continue;
      if (is_first) {
        line();
        line("Taken at one listener, refused at another");
      }
      is_first = false;
      std::string text = fmt::format("  {}:", test);
      for (const auto& [listener, rung] : rungs)
        text += fmt::format(" {} {};", listener, to_string(rung));
      text.back() = '.';
      line(text);
    }
  }

  /// What strangers are offered at some listeners only. STARTTLS has no place
  /// under TLS, and AUTH may have none without it.
  void write_offers() {
    std::map<std::string, std::vector<std::string>> by_word;
    for (const auto& listener : report_.listeners) {
      std::set<std::string> words = listener.in_clear;
      words.insert(listener.under_tls.begin(), listener.under_tls.end());
      for (const std::string& word : words) {
        const bool is_in_clear = listener.in_clear.contains(word);
        const bool is_under_tls = listener.under_tls.contains(word);
        by_word[word].push_back(listener.name + (is_in_clear && is_under_tls
                                                     ? ""
                                                 : is_in_clear ? " in the clear"
                                                               : " under TLS"));
      }
    }
    const auto wanted = report_.listeners.size();
    std::erase_if(by_word, [&](const auto& entry) {
      return entry.first == "STARTTLS" || entry.second.size() == wanted;
    });
    if (by_word.empty()) return;
    line();
    line("Offered at some listeners only");
    for (const auto& [word, names] : by_word)
      line(fmt::format("  {:24} {}", word, fmt::join(names, ", ")));
  }

  void write_findings() {
    for (const Verdict verdict : {Verdict::failed, Verdict::warned}) {
      for (const Result& result : report_.run.results) {
        if (result.verdict != verdict) continue;
        line();
        line(fmt::format("{} {}", to_string(verdict), result.id));
        line("  " + result.test.scenario->title);
        for (const std::string& text :
             evidence(result, requirements_, shown_lines)) {
          line("  " + text);
        }
      }
    }
  }

  /// Results of one verdict by their reasons.
  void write_rest(Verdict verdict, const std::string& title) {
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const Result& result : report_.run.results) {
      if (result.verdict == verdict)
        by_reason[result.reason].push_back(result.id);
    }
    if (by_reason.empty()) return;
    line();
    line(title);
    std::size_t shown = 0;
    for (const auto& [reason, ids] : by_reason) {
      if (++shown > shown_reasons) {
        line(fmt::format("  and {} more reasons: see the JSON report",
                         by_reason.size() - shown_reasons));
        return;
      }
      std::string text;
      for (std::size_t i = 0; i < std::min(ids.size(), shown_tests); ++i)
        text += (i == 0 ? "" : ", ") + ids[i];
      if (ids.size() > shown_tests)
        text += fmt::format(" and {} more", ids.size() - shown_tests);
      line(fmt::format("  {}: {}", text, visible(reason, shown_reason)));
    }
  }

  void write_counts() {
    line();
    std::string text;
    for (int i = 0; i <= static_cast<int>(Verdict::error); ++i) {
      const auto verdict = static_cast<Verdict>(i);
      const auto count = report_.run.count(verdict);
      if (count > 0)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count,
                            to_string(verdict));
    }
    line(fmt::format("{} in {} s", text.empty() ? "nothing" : text,
                     seconds(report_.run.duration, 2)));
  }

  std::ostream& out_;
  const AuditReport& report_;
  const scenario::Requirements& requirements_;
};

}  // namespace

RelayAnswer relay_answer(const AuditReport& report) {
  if (count_relay(report, is_relayed) > 0) return RelayAnswer::open;
  const auto all = attempts(report);
  if (all == 0) return RelayAnswer::untested;
  return count_relay(report, is_decided) == all && !report.run.interrupted
             ? RelayAnswer::closed
             : RelayAnswer::undecided;
}

std::string_view to_string(RelayAnswer answer) {
  switch (answer) {
    case RelayAnswer::open: return "open relay";
    case RelayAnswer::closed: return "not an open relay";
    case RelayAnswer::undecided: return "undecided";
    case RelayAnswer::untested: return "not tested";
  }
  return "not tested";
}

void judge_laxer_listeners(AuditReport& report) {
  std::map<std::string, const Result*> of_mta;
  for (const Result& result : report.run.results) {
    if (listener_of(result.id) == "mta" && is_about_relaying(result) &&
        is_refused(result)) {
      of_mta[without_listener(result.id)] = &result;
    }
  }
  for (Result& result : report.run.results) {
    const auto same = of_mta.find(without_listener(result.id));
    if (same == of_mta.end() || !is_taken(result) ||
        !is_beside_mta(report, listener_of(result.id)) ||
        result.verdict >= Verdict::warned) {
      continue;
    }
    result.verdict = Verdict::warned;
    result.reason = fmt::format(
        "{} here, and {} at mta{}{}", to_string(result.rung),
        to_string(same->second->rung), result.reason.empty() ? "" : ": ",
        result.reason);
  }
}

void write_audit_page(std::ostream& out, const AuditReport& report,
                      const scenario::Requirements& requirements) {
  Page(out, report, requirements).write();
}

std::string to_audit_line(const AuditReport& report) {
  nlohmann::ordered_json json;
  json["target"] = visible(report.run.target);
  json["relaying"] = to_string(relay_answer(report));
  json["started"] = utc_time(report.run.started) + 'Z';
  json["interrupted"] = report.run.interrupted;
  json["remarks"] = nlohmann::json::array();
  for (const std::string& remark : report.remarks)
    json["remarks"].push_back(visible(remark));
  for (int i = 0; i <= static_cast<int>(Verdict::error); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    json["counts"][std::string(to_string(verdict))] =
        report.run.count(verdict);
  }
  json["findings"] = nlohmann::json::array();
  for (const Result& result : report.run.results) {
    if (result.verdict != Verdict::failed && result.verdict != Verdict::warned)
      continue;
    json["findings"].push_back({{"id", visible(result.id)},
                                {"verdict", to_string(result.verdict)},
                                {"reason", visible(result.reason)}});
  }
  return json.dump() + '\n';
}

std::optional<std::string> audited_target(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("target") ||
      json.value("interrupted", false)) {
    return std::nullopt;
  }
  return json["target"].get<std::string>();
}

}  // namespace smtpspec::report
