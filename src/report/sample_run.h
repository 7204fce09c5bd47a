// What the tests of reports share: a small ledger, and results made to order.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "play/verdict.h"
#include "scenario/requirements.h"

namespace smtpspec::report {

/// A run on 2026-11-21 at 12:00 UTC. The scenarios live as long as it does.
class SampleRun {
 public:
  SampleRun() {
    using namespace std::chrono;
    report.target = "mx.example:25";
    report.listener = "mta";
    report.version = "0.1.0";
    report.started = sys_days(year(2026) / 11 / 21) + 12h;
    report.duration = milliseconds(1234);
  }

  play::Result& add(const std::string& id, play::Verdict verdict,
                    const std::string& reason = "") {
    scenario::Scenario& scenario = scenarios_.emplace_back();
    scenario.id = id;
    scenario.file = "scenarios/" + id + ".yaml";
    scenario.title = "Bare LF does not end a line";
    scenario.clauses = {"5321-2.3.8-a"};
    play::Result& result = report.results.emplace_back();
    result.test.scenario = &scenario;
    result.id = id;
    result.verdict = verdict;
    result.reason = reason;
    result.line = 12;
    result.duration = std::chrono::microseconds(1500);
    report.selected = report.results.size();
    return result;
  }

  scenario::Scenario& scenario_of(std::size_t number) {
    return scenarios_.at(number);
  }

  play::RunReport report;
  scenario::Requirements requirements = scenario::Requirements::parse(
      "id\trfc\tsection\tlevel\tside\tvantage\trequires\trequirement\t"
      "stimulus_expected\n"
      "5321-2.3.8-a\t5321\t2.3.8\tMUST NOT\tserver-receives\twire\tnone\t"
      "A bare LF is not a line end.\tx => y\n"
      "5321-F.2-a\t5321\tF.2\tSHOULD\tserver-receives\twire\tnone\t"
      "Source routes are ignored.\tx => y\n",
      "ledger.tsv",
      "rulings:\n"
      "- id: source-routes\n"
      "  title: A source route may be refused\n"
      "  clauses: [5321-F.2-a]\n"
      "  text: Practice.\n",
      "rulings.yaml", "id\treason\n", "reasons.tsv");

 private:
  std::deque<scenario::Scenario> scenarios_;
};

/// A transcript of one exchange.
inline play::Transcript sample_transcript() {
  using Kind = play::TranscriptLine::Kind;
  return {41234, {{Kind::client, "NOOP\\n"}, {Kind::server, "250 2.0.0 Ok"}}};
}

/// Every octet once, then texts that break readers of XML, JSON or terminals.
inline std::string hostile_text() {
  std::string text;
  for (int octet = 0; octet < 256; ++octet) text += static_cast<char>(octet);
  return text +
         "]]><![CDATA[ &#0; &amp; --> \xed\xa0\x80\xed\xbf\xbf"
         "\xef\xbf\xbe\xef\xbf\xbf\xc0\x80\xf4\x90\x80\x80\x1b[31m";
}

}  // namespace smtpspec::report
