#include "fuzzing/campaign.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "fuzzing/finding_files.h"

namespace smtpspec::fuzzing {
namespace {

using Patience = Executor::Patience;
using std::chrono::milliseconds;

/// So many connections that come to nothing, one after the other, are the end.
constexpr int refusals_to_the_end = 20;
constexpr milliseconds pause_behind_refusal{250};
/// What is under way arrives within that; and while a session is made small,
/// within four times what it took before.
constexpr milliseconds arrival_time{1000};
constexpr milliseconds shortest_arrival_time{20};
/// A server that greets nobody behind a session has ended within that, or it
/// lives.
constexpr milliseconds death_time{1000};
/// Between two looks at what comes soon.
constexpr milliseconds between_looks{10};
/// What no replay shows is looked into so often, when it is seen again.
constexpr int most_tries = 5;
/// Sessions between two looks at the server's memory.
constexpr std::uint64_t sessions_between_samples = 500;
/// And while one session is looked for behind which it grows.
constexpr int sessions_a_round = 64;
constexpr std::string_view growth_remarks =
    "A round is {} sessions; smtpspec replay says as many as all rounds with\n"
    "--times {}. A server may keep what was delivered, or collect its garbage\n"
    "late, and come to rest behind more of them: look at what it keeps before\n"
    "you call it a leak.";

net::asio::awaitable<bool> pause(milliseconds time) {
  co_await net::sleep_until(net::Clock::now() + time);
  co_return true;
}

bool is_refusal(const Observation& seen) {
  return seen.answers.empty() ||
         (seen.answers.size() == 1 &&
          seen.answers.front().reply.reply_class() != 2);
}

bool is_of_arrival(const std::string& signature) {
  return signature == "relayed" || signature == "more-messages-than-sent";
}

/// Of what shows in the server itself.
Finding beside_replies(const std::string& signature,
                       const std::string& sentence) {
  Finding finding;
  finding.signature = signature;
  finding.sentence = sentence;
  finding.clause = "5321-3.8-b";
  finding.expected = any_reply;
  return finding;
}

}  // namespace

Campaign::Campaign(boost::asio::io_context& io, const CampaignOptions& options,
                   const scenario::Catalog& catalog, Claims& claims,
                   ServerProcess* server, EdgeMap* edges)
    : io_(io),
      options_(options),
      claims_(claims),
      server_(server),
      edges_(edges),
      token_prefix_(fmt::format("f{:06x}",
                                static_cast<unsigned>(getpid()) & 0xffffff)),
      executor_(options.target, token_prefix_),
      oracles_(catalog, options.target.is_for_submission()),
      arrivals_(options.target, token_prefix_) {
  // Mail of the other server is not to be taken for the target's.
  if (options.against) {
    std::string prefix = token_prefix_;
    prefix.front() = 'g';
    other_.emplace(*options.against, prefix);
  }
}

template <class T>
T Campaign::await(net::asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr thrown;
  bool is_done = false;
  net::asio::co_spawn(io_, std::move(work),
                      [&](std::exception_ptr error, T value) {
                        thrown = error;
                        if (!error) result.emplace(std::move(value));
                        is_done = true;
                      });
  io_.restart();
  // What is left of `work` then is never run: the process is about to end.
  while (!is_done) {
    io_.run_one_for(milliseconds(100));
    if (options_.must_stop()) throw CampaignOver{};
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

/// Nothing where there was no connection.
std::optional<Observation> Campaign::try_session(const Input& input,
                                                 Patience patience) {
  try {
    return await(executor_.run(input, patience));
  } catch (const boost::system::system_error&) {
    return std::nullopt;
  }
}

Observation Campaign::session(const Input& input, Patience patience) {
  for (;;) {
    auto seen = try_session(input, patience);
    if (seen && !is_refusal(*seen)) {
      refused_in_a_row_ = 0;
      ++status_.sessions;
      return std::move(*seen);
    }
    if (++refused_in_a_row_ >= refusals_to_the_end) {
      throw CampaignOver{
          seen && !seen->answers.empty()
              ? fmt::format("the server refuses every connection with {}: it "
                            "may have had enough of us",
                            seen->answers.front().reply.code)
              : "the server takes no connection any more, or greets nobody"};
    }
    if (server_ && !server_->is_alive()) {
      // Who was not greeted has not killed it: the session before did.
      late_ = of_server({});
    } else {
      await(pause(pause_behind_refusal));
    }
  }
}

std::vector<Finding> Campaign::judge(const Input& input,
                                     const Observation& seen,
                                     Patience patience) {
  std::vector<Finding> findings = oracles_.judge(seen);
  for (Finding& finding : of_server(seen))
    findings.push_back(std::move(finding));
  if (hangs(seen, patience)) findings.push_back(hang(seen));
  if (auto differs = difference(input, seen, patience))
    findings.push_back(std::move(*differs));
  return findings;
}

/// A session without an answer is one thing; a server that greets nobody behind
/// it is another.
bool Campaign::hangs(const Observation& seen, Patience patience) {
  if (seen.outcome != Outcome::silent || seen.is_alive_after_silence)
    return false;
  if (await(executor_.is_greeted(patience))) return false;
  if (server_) restart_server();
  return true;
}

std::optional<Finding> Campaign::difference(const Input& input,
                                            const Observation& seen,
                                            Patience patience) {
  if (!other_) return std::nullopt;
  try {
    const Observation other = await(other_->run(input, patience));
    Finding finding = compare(seen, other);
    if (!finding.signature.empty()) return finding;
  } catch (const boost::system::system_error&) {
    throw CampaignOver{"the other server takes no connection"};
  }
  return std::nullopt;
}

/// Who dies closes its connections before its end can be seen, which would then
/// be found in the next session, and in no replay of that.
void Campaign::await_death() {
  if (!server_ || await(executor_.is_greeted(Patience::adaptive))) return;
  const auto deadline = net::Clock::now() + death_time;
  while (server_->is_alive() && net::Clock::now() < deadline)
    await(pause(between_looks));
}

void Campaign::restart_server() {
  server_->restart();
  memory_.clear();
}

/// What a server that we started shows besides its replies.
std::vector<Finding> Campaign::of_server(const Observation& seen) {
  std::vector<Finding> findings;
  if (!server_) return findings;
  for (const SanitizerReport& report : server_->new_sanitizer_reports()) {
    findings.push_back(beside_replies(
        report.signature, fmt::format("a sanitizer reported {} ({})",
                                      report.signature, report.file)));
    findings.back().remarks = report.text;
  }
  if (!server_->is_alive()) {
    findings.push_back(beside_replies(
        "server-died",
        fmt::format("the server died: {}", server_->how_it_died())));
    findings.back().remarks = server_->log_end();
    restart_server();
  }
  for (Finding& finding : findings) finding.answer = seen.answers.size();
  return findings;
}

/// Now and then, behind a session that is over.
void Campaign::watch_memory(const Input& input) {
  if (!server_) return;
  since_sample_.push_back(input);
  if (status_.sessions < next_sample_) return;
  if (memory_.add(server_->resident_kib())) look_into_growth();
  since_sample_.clear();
  next_sample_ = status_.sessions + sessions_between_samples;
}

std::int64_t Campaign::gain(std::span<const Input> inputs) {
  const auto before = static_cast<std::int64_t>(server_->resident_kib());
  const std::size_t least = sessions_a_round;
  for (std::size_t said = 0; said < least; said += inputs.size()) {
    for (const Input& input : inputs)
      arrivals_.expect(input, session(input, Patience::adaptive));
  }
  return static_cast<std::int64_t>(server_->resident_kib()) - before;
}

/// No single session shows that memory grows: rounds of one and the same do.
void Campaign::look_into_growth() {
  Finding finding;
  finding.signature = "memory-grows";
  finding.sentence = memory_.words();
  const int wanted = options_.replays;
  finding.remarks =
      fmt::format(growth_remarks, sessions_a_round, sessions_a_round * wanted);
  memory_.clear();
  if (!begin_to_look_into(finding.signature)) return;
  const Gain gain = std::bind_front(&Campaign::gain, this);
  const Input heavy = heaviest(since_sample_, gain);
  Input minimal = heavy;
  int rounds = rounds_with_gain(heavy, wanted, gain);
  if (rounds == wanted) {
    const auto least = std::max(gain({&heavy, 1}) / 2, least_gain_kib);
    minimal = smaller(heavy, [&](const Input& candidate) {
      return gain({&candidate, 1}) >= least;
    });
    rounds = rounds_with_gain(minimal, wanted, gain);
  }
  if (rounds < wanted) {
    give_up(finding, minimal);
    return;
  }
  tries_[finding.signature] = most_tries;
  finding.sentence += ", and in each round of one and the same session";
  Observation seen = session(minimal, Patience::full);
  finding.answer = seen.answers.size();
  write_down(heavy, minimal, {std::move(finding), std::move(seen)}, rounds);
}

void Campaign::run(const Input& input, std::span<std::uint8_t> counters) {
  const Observation seen = session(input, Patience::adaptive);
  const std::vector<Finding> of_last = std::exchange(late_, {});
  feedback_.learn(seen, counters);
  status_.states = feedback_.states();
  count_edges();
  if (server_) server_->count_session();
  arrivals_.expect(input, seen);
  if (seen.is_cut()) await_death();
  for (const Finding& finding : judge(input, seen, Patience::adaptive))
    look_into(input, finding);
  for (const auto& late : arrivals_.take()) look_into(late.input, late.finding);
  for (const Finding& finding : of_last) look_into(last_input_, finding);
  late_.clear();
  last_input_ = input;
  watch_memory(input);
}

void Campaign::finish() {
  if (options_.target.witness) await(pause(arrival_time));
  for (const auto& late : arrivals_.take()) look_into(late.input, late.finding);
}

/// What arrives of this input in good time.
std::optional<Finding> Campaign::arrival(const Input& input,
                                         const std::string& signature,
                                         Patience patience) {
  const auto time = patience == Patience::full ? arrival_time : arrival_wait_;
  const auto start = net::Clock::now();
  for (;;) {
    const auto waited = net::Clock::now() - start;
    for (auto& late : arrivals_.take()) {
      if (late.finding.signature != signature || late.input != input) continue;
      latest_arrival_ = std::max(latest_arrival_, waited);
      return std::move(late.finding);
    }
    if (waited >= time) return std::nullopt;
    await(pause(between_looks));
  }
}

std::optional<Campaign::Shown> Campaign::show(const Input& input,
                                              const std::string& signature,
                                              Patience patience) {
  Observation seen = session(input, patience);
  arrivals_.expect(input, seen);
  if (seen.outcome != Outcome::silent) await_death();
  for (Finding& finding : judge(input, seen, patience)) {
    if (finding.signature == signature)
      return Shown{std::move(finding), std::move(seen)};
  }
  if (is_of_arrival(signature)) {
    if (auto finding = arrival(input, signature, patience))
      return Shown{std::move(*finding), std::move(seen)};
  }
  return std::nullopt;
}

bool Campaign::begin_to_look_into(const std::string& signature) {
  int& tries = tries_[signature];
  if (tries >= most_tries || !claims_.take(signature)) return false;
  ++tries;
  return true;
}

void Campaign::look_into(const Input& input, const Finding& finding) {
  const std::string& signature = finding.signature;
  if (input.units.empty()) return;  // nobody has said anything yet
  if (!begin_to_look_into(signature)) return;
  int times = 0;
  arrival_wait_ = arrival_time;
  latest_arrival_ = {};
  for (int i = 0; i < options_.replays; ++i)
    times += show(input, signature, Patience::adaptive) ? 1 : 0;
  std::optional<Shown> shown;
  Input minimal = input;
  if (times > 0) {
    arrival_wait_ = std::clamp<net::Clock::duration>(
        4 * latest_arrival_, shortest_arrival_time, arrival_time);
    minimal = smaller(input, [&](const Input& candidate) {
      return show(candidate, signature, Patience::adaptive).has_value();
    });
    // What is made small, or at least what was found, must show it to who is
    // patient as well.
    shown = show(minimal, signature, Patience::full);
    if (!shown) {
      minimal = input;
      shown = show(input, signature, Patience::full);
    }
  }
  if (!shown) {
    give_up(finding, input);
    return;
  }
  tries_[signature] = most_tries;
  write_down(input, minimal, *shown, times);
}

void Campaign::give_up(const Finding& finding, const Input& input) {
  if (tries_[finding.signature] == 1) ++status_.unrepeated;
  claims_.give_back(finding.signature);
  write_unrepeated(options_.folder, finding, input);
}

Input Campaign::smaller(const Input& input, const Shows& shows) {
  MinimiseLimits limits;
  limits.deadline = net::Clock::now() + options_.minimise_time;
  return minimise(input, shows, limits);
}

void Campaign::write_down(const Input& found, const Input& minimal,
                          const Shown& shown, int times) {
  const auto& target = options_.target;
  FindingReport report;
  report.evidence = {shown.finding, minimal, shown.seen,
                     scenario::numbered(target.variables, 1), target.listener};
  report.evidence.variables["token"] = shown.seen.token;
  report.first = found;
  report.shown = static_cast<std::size_t>(times);
  report.replays = static_cast<std::size_t>(options_.replays);
  report.target = to_string(target.endpoint);
  report.seed = std::to_string(options_.seed);
  const std::string folder = finding_folder(options_.folder, shown.finding);
  report.command = fmt::format("smtpspec replay {} {}", folder, report.target);
  // It may stand there: of another worker, or of another run.
  write_finding(options_.folder, report, play::secrets_of(target));
  ++status_.findings;
  on_finding({shown.finding.signature, shown.finding.sentence, times,
              options_.replays, found.units.size(), minimal.units.size(),
              folder});
}

/// How often an edge was taken is no news: it would make a third of all inputs
/// look new.
void Campaign::count_edges() {
  if (!edges_) return;
  edges_->flatten();
  const auto counters = edges_->counters();
  reached_.resize(counters.size());
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] == 0 || reached_[i]) continue;
    reached_[i] = true;
    ++status_.edges;
  }
}

}  // namespace smtpspec::fuzzing
