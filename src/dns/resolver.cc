#include "dns/resolver.h"

#include <fmt/format.h>
#include <poll.h>
#include <unbound.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace smtpspec::dns {
namespace {

using Clock = std::chrono::steady_clock;

void require(int error) {
  if (error != 0)
    throw LookupError(
        fmt::format("the DNS resolver fails: {}", ub_strerror(error)));
}

void use_servers(ub_ctx* context, const std::vector<std::string>& servers) {
  for (const auto& server : servers) {
    if (ub_ctx_set_fwd(context, server.c_str()) == 0) continue;
    throw std::invalid_argument(fmt::format(
        "'{}' is no DNS server: an address is wanted, as 192.0.2.53, or "
        "192.0.2.53@5353 with a port",
        server));
  }
  // Without anybody to ask it would begin at the root. A file that names
  // nobody means 127.0.0.1 (resolv.conf(5)).
  if (!servers.empty()) return;
  const int error = ub_ctx_resolvconf(context, nullptr);
  if (error != 0)
    throw LookupError(
        fmt::format("/etc/resolv.conf cannot be used: {}", ub_strerror(error)));
}

void use_trust_anchors(ub_ctx* context, const std::string& file) {
  if (file.empty()) return;
  if (access(file.c_str(), R_OK) != 0) {
    throw std::invalid_argument(
        fmt::format("trust anchors '{}': {}", file, std::strerror(errno)));
  }
  require(ub_ctx_add_ta_file(context, file.c_str()));
}

/// Makes `context` a stub that tells what its servers say.
void set_up(ub_ctx* context, const ResolverOptions& options) {
  ub_ctx_debugout(context, nullptr);  // it would write to our standard error
  require(ub_ctx_async(context, 1));  // a thread, not a process
  require(ub_ctx_set_option(context, "do-not-query-localhost:", "no"));
  use_servers(context, options.servers);
  use_trust_anchors(context, options.trust_anchors);
  // It answers for these by itself, but a server of a lab may know them.
  for (const char* zone : {"test.", "home.arpa."})
    require(ub_ctx_zone_add(context, zone, "transparent"));
}

std::string without_final_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

Answer::Status status_of(const ub_result& result) {
  if (result.bogus) return Answer::Status::failure;
  if (result.nxdomain) return Answer::Status::no_such_name;
  if (result.rcode != 0) return Answer::Status::failure;
  return result.havedata ? Answer::Status::data : Answer::Status::no_data;
}

/// The resolver says SERVFAIL for all that goes wrong, REFUSED included.
std::string failure_of(const ub_result& result) {
  constexpr int servfail = 2;
  if (result.bogus) {
    return fmt::format("DNSSEC: {}",
                       result.why_bogus ? result.why_bogus : "not valid");
  }
  if (result.rcode == servfail) return "no DNS server could answer (SERVFAIL)";
  return fmt::format("DNS response code {}", result.rcode);
}

Answer answer_of(const ub_result& result) {
  Answer answer;
  answer.status = status_of(result);
  answer.is_secure = result.secure != 0;
  if (answer.status == Answer::Status::failure)
    answer.failure = failure_of(result);
  answer.canonical_name =
      without_final_dot(result.canonname ? result.canonname : result.qname);
  if (answer.status == Answer::Status::data) {
    for (int i = 0; result.data[i]; ++i) {
      answer.data.emplace_back(result.data[i],
                               static_cast<std::size_t>(result.len[i]));
    }
  }
  return answer;
}

}  // namespace

/// A question on its way.
struct Resolver::Pending {
  int id = 0;
  bool is_done = false;
  Answer answer;

  /// libunbound calls this from ub_process(), in our own thread.
  static void finish(void* self, int error, ub_result* result) noexcept {
    auto& pending = *static_cast<Pending*>(self);
    pending.is_done = true;
    if (error == 0) {
      pending.answer = answer_of(*result);
    } else {
      pending.answer.failure = ub_strerror(error);
    }
    ub_resolve_free(result);
  }
};

Resolver::Resolver(const ResolverOptions& options)
    : context_(ub_ctx_create()),
      time_limit_(options.time_limit),
      deadline_(Clock::now() + options.time_limit) {
  if (!context_) throw LookupError("the DNS resolver cannot be made");
  try {
    set_up(context_, options);
  } catch (...) {
    ub_ctx_delete(context_);
    throw;
  }
}

Resolver::~Resolver() { ub_ctx_delete(context_); }

std::vector<Answer> Resolver::ask(const std::vector<Question>& questions) {
  std::vector<Pending> pending(questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i)
    start(questions[i], pending[i]);
  wait_for(pending);
  std::vector<Answer> answers;
  for (auto& one : pending) {
    if (!one.is_done) {
      ub_cancel(context_, one.id);
      one.answer.failure =
          fmt::format("no answer within {} seconds",
                      std::chrono::duration<double>(time_limit_).count());
    }
    answers.push_back(std::move(one.answer));
  }
  return answers;
}

void Resolver::start(const Question& question, Pending& pending) {
  constexpr int internet = 1;
  pending.answer.canonical_name = without_final_dot(question.name);
  const int error = ub_resolve_async(context_, question.name.c_str(),
                                     static_cast<int>(question.type), internet,
                                     &pending, Pending::finish, &pending.id);
  if (error == 0) return;
  pending.is_done = true;
  pending.answer.failure = ub_strerror(error);
}

void Resolver::wait_for(const std::vector<Pending>& pending) {
  pollfd answers{ub_fd(context_), POLLIN, 0};
  while (!std::ranges::all_of(pending, &Pending::is_done)) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) return;
    const int ready = poll(&answers, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
    if (ready > 0) require(ub_process(context_));
  }
}

}  // namespace smtpspec::dns
