#include "server/courier.h"

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <exception>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/connection.h"
#include "net/deadline.h"
#include "server/next_hop.h"
#include "server/report.h"

namespace smtpspec::server {

namespace asio = boost::asio;
using boost::system::system_error;

namespace {

/// A coroutine's error is a bug of ours: it leaves io_context::run().
void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

struct Job {
  Message message;
  int attempts = 0;
};

/// "5.1.1" where the reply has one, else the class alone (RFC 3463).
std::string status_of(const HopResult& result) {
  const auto words = base::words(result.text);
  if (words.size() > 1 && words[1].size() >= 5 && words[1][1] == '.' &&
      (words[1][0] == '5' || words[1][0] == '4')) {
    return "5" + std::string(words[1].substr(1));
  }
  return result.code == 0 ? "5.4.1" : "5.0.0";
}

}  // namespace

class Courier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, CourierOptions options, Store& store)
      : context_(context), options_(std::move(options)), store_(store) {}

  void take(Job job) {
    if (is_stopped_ || waiting_.size() >= options_.max_waiting) return;
    waiting_.push_back(std::move(job));
    start();
  }

  void stop() {
    is_stopped_ = true;
    waiting_.clear();
    for (asio::steady_timer* pause : pauses_) pause->cancel();
    for (net::Connection* connection : connections_) connection->close();
  }

 private:
  void start();
  // Coroutines hold the courier by `self` for as long as they run.
  asio::awaitable<void> carry(std::shared_ptr<Impl> self, Job job);
  asio::awaitable<std::vector<HopResult>> try_once(const Message& message);
  asio::awaitable<void> retry(std::shared_ptr<Impl> self, Job job);
  void settle(Job job, const std::vector<HopResult>& results);
  void report(const Message& message, const std::vector<HopResult>& results);
  std::optional<RecipientReport> report_of(const HopResult& result) const;

  asio::io_context& context_;
  CourierOptions options_;
  Store& store_;
  std::deque<Job> waiting_;
  std::set<net::Connection*> connections_;
  std::set<asio::steady_timer*> pauses_;
  std::size_t running_ = 0;
  bool is_stopped_ = false;
};

void Courier::Impl::start() {
  while (running_ < options_.max_connections && !waiting_.empty()) {
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    asio::co_spawn(context_, carry(shared_from_this(), std::move(job)),
                   rethrow);
  }
}

asio::awaitable<void> Courier::Impl::carry(std::shared_ptr<Impl>, Job job) {
  if (is_stopped_) co_return;
  std::vector<HopResult> results = co_await try_once(job.message);
  --running_;
  if (is_stopped_) co_return;
  ++job.attempts;
  settle(std::move(job), results);
  start();
}

/// Nothing is thrown: where there is no connection, nothing is decided.
asio::awaitable<std::vector<HopResult>> Courier::Impl::try_once(
    const Message& message) {
  std::vector<HopResult> results;
  for (const Recipient& recipient : message.recipients)
    results.push_back({recipient, 0, "", false});
  net::Connection connection(context_.get_executor());
  connections_.insert(&connection);
  try {
    co_await connection.connect(options_.address, options_.port, "",
                                net::Clock::now() + options_.patience);
    results = co_await deliver_to(connection, message, options_.patience);
  } catch (const system_error&) {
    // Nobody listens, or we were stopped.
  }
  connections_.erase(&connection);
  co_return results;
}

/// Reports what is decided, and keeps the rest for another attempt.
void Courier::Impl::settle(Job job, const std::vector<HopResult>& results) {
  const bool is_last = job.attempts >= options_.attempts;
  std::vector<HopResult> decided;
  std::vector<Recipient> undecided;
  for (const HopResult& result : results) {
    if (is_last || result.is_taken() || result.is_refused()) {
      decided.push_back(result);
    } else {
      undecided.push_back(result.recipient);
    }
  }
  report(job.message, decided);
  if (undecided.empty()) return;
  job.message.recipients = std::move(undecided);
  asio::co_spawn(context_, retry(shared_from_this(), std::move(job)), rethrow);
}

asio::awaitable<void> Courier::Impl::retry(std::shared_ptr<Impl>, Job job) {
  asio::steady_timer pause(context_, options_.retry_pause);
  pauses_.insert(&pause);
  boost::system::error_code ignored;
  if (!is_stopped_) {
    co_await pause.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
  pauses_.erase(&pause);
  take(std::move(job));
}

/// What the sender is to know of a recipient; nothing if all is well, or he
/// does not want to (RFC 3461 sections 4.1 and 5.2).
std::optional<RecipientReport> Courier::Impl::report_of(
    const HopResult& result) const {
  const Notify& notify = result.recipient.notify;
  RecipientReport report;
  report.recipient = result.recipient;
  if (result.is_taken()) {
    if (!notify.on_success || result.reports) return std::nullopt;
    report.action = Action::relayed;
    report.status = "2.0.0";
    return report;
  }
  if (!notify.on_failure && !options_.flaws.contains("dsn-never-ignored"_flaw))
    return std::nullopt;
  report.status = status_of(result);
  report.diagnostic = result.text;
  if (result.code != 0) report.remote_host = "[" + options_.address + "]";
  return report;
}

void Courier::Impl::report(const Message& message,
                           const std::vector<HopResult>& results) {
  if (message.sender.empty()) return;  // no report on a report (RFC 5321 6.1)
  std::vector<RecipientReport> reports;
  for (const HopResult& result : results) {
    if (auto one = report_of(result)) reports.push_back(std::move(*one));
  }
  if (reports.empty()) return;
  const ReportOrigin origin{store_.next_id(), std::chrono::system_clock::now(),
                            options_.flaws};
  store_.add(report_on(message, reports, origin));
}

Courier::Courier(boost::asio::io_context& context, CourierOptions options,
                 Store& store)
    : impl_(std::make_shared<Impl>(context, std::move(options), store)) {}

Courier::~Courier() { stop(); }

void Courier::take(const Message& message) {
  if (message.is_relayed) impl_->take({message, 0});
}

void Courier::stop() { impl_->stop(); }

}  // namespace smtpspec::server
