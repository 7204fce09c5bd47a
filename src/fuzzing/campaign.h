// A fuzzing campaign against one server: sessions, what is found in them, and
// each finding replayed, made small and written down once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fuzzing/arrivals.h"
#include "fuzzing/claims.h"
#include "fuzzing/edge_map.h"
#include "fuzzing/executor.h"
#include "fuzzing/feedback.h"
#include "fuzzing/input.h"
#include "fuzzing/memory_watch.h"
#include "fuzzing/minimise.h"
#include "fuzzing/oracles.h"
#include "fuzzing/server_process.h"
#include "play/target.h"
#include "scenario/catalog.h"

namespace smtpspec::fuzzing {

struct CampaignOptions {
  play::Target target;
  /// Another server, which ought to answer alike.
  std::optional<play::Target> against;
  /// Findings go to FOLDER/SIGNATURE.
  std::string folder;
  std::uint32_t seed = 0;
  /// How often a finding is replayed.
  int replays = 5;
  /// For making a finding small.
  std::chrono::seconds minimise_time{30};
  /// Somebody wants an end; asked all the time.
  std::function<bool()> must_stop = [] { return false; };
};

/// What is told of a finding as it is made.
struct Reported {
  std::string signature;
  std::string sentence;
  int shown = 0;  ///< in so many of `replays`
  int replays = 0;
  std::size_t units_found = 0;
  std::size_t units = 0;  ///< of the minimal session
  std::string folder;     ///< where it was written
};

struct Status {
  std::uint64_t sessions = 0;
  std::size_t states = 0;
  std::size_t edges = 0;
  std::size_t findings = 0;
  std::size_t unrepeated = 0;  ///< seen once, and not again
};

/// Thrown where nothing more can be found.
struct CampaignOver {
  /// What keeps the server from us; empty: somebody wanted an end.
  std::string problem;
};

class Campaign {
 public:
  /// All outlive it. `server` is nullptr where somebody else starts the target,
  /// and `edges` where nobody counts edges.
  Campaign(boost::asio::io_context& io, const CampaignOptions& options,
           const scenario::Catalog& catalog, Claims& claims,
           ServerProcess* server, EdgeMap* edges);

  /// Has a session; what is new in it goes to `counters`. Throws CampaignOver.
  void run(const Input& input, std::span<std::uint8_t> counters);

  /// What has come too late for its session is judged. Throws CampaignOver.
  void finish();

  std::function<void(const Reported&)> on_finding = [](const Reported&) {};

  const Status& status() const { return status_; }

 private:
  struct Shown {
    Finding finding;
    Observation seen;
  };

  template <class T>
  T await(net::asio::awaitable<T> work);

  std::optional<Observation> try_session(const Input& input,
                                         Executor::Patience patience);
  Observation session(const Input& input, Executor::Patience patience);
  /// All but what arrives.
  std::vector<Finding> judge(const Input& input, const Observation& seen,
                             Executor::Patience patience);
  bool hangs(const Observation& seen, Executor::Patience patience);
  std::optional<Finding> difference(const Input& input,
                                    const Observation& seen,
                                    Executor::Patience patience);
  void await_death();
  std::vector<Finding> of_server(const Observation& seen);
  void restart_server();
  void watch_memory(const Input& input);
  std::int64_t gain(std::span<const Input> inputs);
  void look_into_growth();
  /// Whether we, and not another worker, look into `signature` now.
  bool begin_to_look_into(const std::string& signature);
  std::optional<Finding> arrival(const Input& input,
                                 const std::string& signature,
                                 Executor::Patience patience);
  /// Nothing where the session does not show `signature`.
  std::optional<Shown> show(const Input& input, const std::string& signature,
                            Executor::Patience patience);
  void look_into(const Input& input, const Finding& finding);
  Input smaller(const Input& input, const Shows& shows);
  void give_up(const Finding& finding, const Input& input);
  void write_down(const Input& found, const Input& minimal, const Shown& shown,
                  int times);
  void count_edges();

  boost::asio::io_context& io_;
  const CampaignOptions& options_;
  Claims& claims_;
  ServerProcess* server_;
  EdgeMap* edges_;
  std::string token_prefix_;
  Executor executor_;
  std::optional<Executor> other_;
  Oracles oracles_;
  Arrivals arrivals_;
  Feedback feedback_;
  /// Of the finding that is looked into: what has arrived was awaited so long.
  net::Clock::duration latest_arrival_{};
  /// And so long is it awaited, without full patience.
  net::Clock::duration arrival_wait_{};
  MemoryWatch memory_;
  std::uint64_t next_sample_ = 0;
  /// What was said since the last sample.
  std::vector<Input> since_sample_;
  /// What the session before did to the server, seen when it was over.
  std::vector<Finding> late_;
  Input last_input_;
  /// Each edge that was ever reached.
  std::vector<bool> reached_;
  /// How often each signature was looked into; written ones count as often as
  /// can be.
  std::map<std::string, int> tries_;
  int refused_in_a_row_ = 0;
  Status status_;
};

}  // namespace smtpspec::fuzzing
