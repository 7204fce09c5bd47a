// Writes JUnit reports that are hard on readers into a folder, for
// junit_lint.cmake to judge.
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "report/file.h"
#include "report/junit.h"
#include "report/sample_run.h"

namespace smtpspec::report {
namespace {

using play::Verdict;

void add_each_verdict(SampleRun& run, const std::string& text) {
  for (int i = 0; i <= static_cast<int>(Verdict::error); ++i) {
    const auto verdict = static_cast<Verdict>(i);
    const std::string word(to_string(verdict));
    play::Result& result = run.add(word + "/one#" + text, verdict, text);
    result.baseline_reason = text;
    result.transcripts.push_back(sample_transcript());
    result.transcripts[0].lines.push_back(
        {play::TranscriptLine::Kind::server, text});
    run.add(word + "/two", verdict);
  }
}

void write(const SampleRun& run, const std::filesystem::path& path) {
  write_file(path, to_junit(run.report, run.requirements));
  std::filesystem::path strict = path;
  strict.replace_extension("strict.xml");
  write_file(strict, to_junit(run.report, run.requirements, {true}));
}

void write_samples(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write(SampleRun(), folder / "empty.xml");

  SampleRun plain;
  add_each_verdict(plain, "wanted 5yz, came 250");
  write(plain, folder / "plain.xml");

  plain.report.selected = 99;
  plain.report.interrupted = true;
  write(plain, folder / "interrupted.xml");

  SampleRun unreachable;
  unreachable.report.selected = 99;
  write(unreachable, folder / "unreachable.xml");

  SampleRun hostile;
  add_each_verdict(hostile, hostile_text());
  hostile.report.target = hostile.report.listener = hostile_text();
  for (std::size_t i = 0; i < hostile.report.results.size(); ++i) {
    hostile.scenario_of(i).title = hostile_text();
    hostile.scenario_of(i).clauses.push_back(hostile_text());
  }
  write(hostile, folder / "hostile.xml");

  SampleRun large;
  large.add("data/a", Verdict::failed, std::string(10 << 20, '\x01'));
  large.add("data/b", Verdict::skipped, std::string(10 << 20, '<'));
  large.add("data/c", Verdict::warned, std::string(10 << 20, '\n'));
  play::Transcript transcript = sample_transcript();
  transcript.lines.resize(10'000, transcript.lines[1]);
  for (int i = 0; i < 30; ++i) {
    large.add("many/" + std::to_string(i), Verdict::noted)
        .transcripts.push_back(transcript);
  }
  write(large, folder / "large.xml");
}

}  // namespace
}  // namespace smtpspec::report

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::invalid_argument("usage: junit_samples FOLDER");
    smtpspec::report::write_samples(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "junit_samples: %s\n", error.what());
    return 1;
  }
}
