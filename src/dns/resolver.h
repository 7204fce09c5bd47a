// Questions to DNS, many at once, with one time limit for all.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

struct ub_ctx;

namespace smtpspec::dns {

/// DNS gave neither a yes nor a no: a server failed, or time ran out.
class LookupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ResolverOptions {
  /// Whom to ask, and nobody else: "192.0.2.53" or "192.0.2.53@5353". Empty:
  /// those of /etc/resolv.conf.
  std::vector<std::string> servers;
  /// For all questions together, from the making of the resolver on.
  std::chrono::milliseconds time_limit{10'000};
  /// A file of DS or DNSKEY records to trust (RFC 4033 section 2), as
  /// /usr/share/dns/root.key. What it leads to is validated, and an answer that
  /// fails is a failure. Empty: nothing is validated.
  std::string trust_anchors;
};

/// The types of records that mail needs (RFC 1035 section 3.2.2, RFC 3596).
enum class Type { a = 1, mx = 15, aaaa = 28 };

struct Question {
  std::string name;  ///< as in a zone file (RFC 1035 section 5.1)
  Type type;
};

struct Answer {
  enum class Status {
    data,
    no_data,       ///< the name exists, and has no record of this type
    no_such_name,  ///< NXDOMAIN (RFC 2308 section 2.1)
    failure,       ///< nobody knows
  };
  Status status = Status::failure;
  std::string failure;  ///< why, in words; empty unless `failure`
  /// Where the CNAMEs of the name lead, without final dot; the name itself
  /// where there are none.
  std::string canonical_name;
  std::vector<std::string> data;  ///< RDATA of each record, uncompressed
  /// Proven by DNSSEC, be it that there is nothing (RFC 4033 section 5).
  bool is_secure = false;
};

class Resolver {
 public:
  /// Throws std::invalid_argument for a server that is no address and for trust
  /// anchors that cannot be read, and LookupError where /etc/resolv.conf cannot
  /// be used.
  explicit Resolver(const ResolverOptions& options);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Asks all questions at once; the answers are in their order. Those that
  /// have not come at the time limit are failures. Throws LookupError where
  /// the resolver itself fails.
  std::vector<Answer> ask(const std::vector<Question>& questions);

 private:
  struct Pending;
  void start(const Question& question, Pending& pending);
  void wait_for(const std::vector<Pending>& pending);

  ub_ctx* context_;
  std::chrono::milliseconds time_limit_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace smtpspec::dns
