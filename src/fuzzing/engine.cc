#include "fuzzing/engine.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/source.h"
#include "fuzzing/dictionary.h"
#include "fuzzing/mutator.h"

extern "C" {
int LLVMFuzzerRunDriver(int* argc, char*** argv,
                        int (*callback)(const std::uint8_t*, std::size_t));
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                             std::size_t max_size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1,
                                      std::size_t size1,
                                      const std::uint8_t* data2,
                                      std::size_t size2, std::uint8_t* out,
                                      std::size_t max_size, unsigned seed);
}

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t page = 4096;
constexpr std::size_t edge_count = 1 << 16;
constexpr std::size_t reply_count = 1 << 15;

/// libFuzzer takes what it finds in this section for counters of features, and
/// clears them before each run: no instrumentation is needed.
struct Counters {
  std::array<std::uint8_t, edge_count> edges;
  std::array<std::uint8_t, reply_count> replies;
};
__attribute__((used, section("__libfuzzer_extra_counters"), aligned(page)))
Counters counters;

struct Engine {
  const EngineOptions& options;
  Campaign& campaign;
  const std::function<void()>& each_second;
  const std::function<int(const EngineEnd&)>& at_end;
  const Dictionary& dictionary = Dictionary::builtin();
  Clock::time_point start = Clock::now();
  Clock::time_point last_report = start;

  [[noreturn]] void end(const EngineEnd& how) {
    std::fflush(nullptr);
    std::_Exit(at_end(how));
  }

  template <class Work>
  void end_if_it_throws(Work work) {
    try {
      work();
    } catch (const CampaignOver& over) {
      end({over.problem});
    } catch (const std::exception& error) {
      end({error.what()});
    }
  }

  bool is_over() const {
    const auto& status = campaign.status();
    return (options.runs > 0 && status.sessions >= options.runs) ||
           (options.time.count() > 0 && Clock::now() - start >= options.time);
  }

  /// Whether the input is one.
  bool run(std::string_view text) {
    if (is_over()) finish();
    Input input;
    try {
      input = parse_input(text, "input");
    } catch (const base::SourceError&) {
      return false;
    }
    end_if_it_throws([&] { campaign.run(input, counters.replies); });
    if (Clock::now() - last_report >= std::chrono::seconds(1)) {
      last_report = Clock::now();
      each_second();
    }
    return true;
  }

  [[noreturn]] void finish() {
    end_if_it_throws([&] { campaign.finish(); });
    end({});
  }
};

Engine* engine = nullptr;

std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

int run_one(const std::uint8_t* data, std::size_t size) {
  // libFuzzer begins with an empty input.
  if (size == 0) return 0;
  return engine->run(text_of(data, size)) ? 0 : -1;
}

Input input_of(const std::uint8_t* data, std::size_t size) {
  try {
    return parse_input(text_of(data, size), "input");
  } catch (const base::SourceError&) {
    return {};
  }
}

std::size_t put(const Input& input, std::uint8_t* out, std::size_t max_size) {
  const std::string text = print(input);
  if (text.size() > max_size) return 0;
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

/// The seeds as files, for libFuzzer reads nothing else; their names in order.
std::string write_seeds(const EngineOptions& options) {
  const fs::path folder = fs::path(options.scratch) / "seeds";
  fs::create_directories(folder);
  std::string names;
  for (std::size_t i = 0; i < options.seeds.size(); ++i) {
    const auto path = folder / fmt::format("{:05}", i);
    std::ofstream(path) << print(options.seeds[i]);
    names += fmt::format("{}{}", names.empty() ? "" : ",", path.string());
  }
  const auto list = folder / "list";
  std::ofstream(list) << names;
  return list.string();
}

std::vector<std::string> arguments(const EngineOptions& options) {
  fs::create_directories(options.corpus);
  return {"smtpspec",
          options.corpus,
          fmt::format("-seed={}", options.seed == 0 ? 1 : options.seed),
          fmt::format("-seed_inputs=@{}", write_seeds(options)),
          fmt::format("-reload={}", options.shares_corpus ? 5 : 0),
          fmt::format("-artifact_prefix={}/", options.scratch),
          "-max_len=131072",
          "-len_control=0",
          "-detect_leaks=0",
          "-rss_limit_mb=0",
          "-timeout=86400",
          "-handle_int=0",
          "-handle_term=0",
          "-verbosity=0"};
}

}  // namespace

std::span<std::uint8_t> edge_counters() { return counters.edges; }

void run_engine(const EngineOptions& options, Campaign& campaign,
                const std::function<void()>& each_second,
                const std::function<int(const EngineEnd&)>& at_end) {
  if (engine) throw std::logic_error("one engine a process");
  engine = new Engine{options, campaign, each_second, at_end};
  auto texts = arguments(options);
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  int count = static_cast<int>(texts.size());
  char** values = pointers.data();
  LLVMFuzzerRunDriver(&count, &values, run_one);
  engine->end({"the engine has no inputs left"});
}

}  // namespace smtpspec::fuzzing

using namespace smtpspec::fuzzing;

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed) {
  Random random(seed);
  Input input = input_of(data, size);
  mutate(input, random, engine->dictionary, LLVMFuzzerMutate);
  const std::size_t new_size = put(input, data, max_size);
  return new_size > 0 ? new_size : size;
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1,
                                      std::size_t size1,
                                      const std::uint8_t* data2,
                                      std::size_t size2, std::uint8_t* out,
                                      std::size_t max_size, unsigned seed) {
  Random random(seed);
  return put(cross_over(input_of(data1, size1), input_of(data2, size2), random),
             out, max_size);
}
