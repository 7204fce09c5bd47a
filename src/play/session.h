// One SMTP session with the target: what is sent and what comes back, both kept
// in the transcript, every reply held against the rules of smtp/reply_rules.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/connection.h"
#include "net/ssl_probe.h"
#include "play/command_tracker.h"
#include "play/mail_record.h"
#include "play/secrets.h"
#include "play/segmentation.h"
#include "play/verdict.h"
#include "scenario/profile.h"
#include "smtp/capabilities.h"
#include "smtp/reply.h"
#include "smtp/reply_rules.h"

namespace smtpspec::play {

/// The server ended the connection; `partial` holds octets of a reply that was
/// not whole.
struct Ended {
  net::Ending ending;
  /// Under TLS: a close alert came first.
  bool by_alert = false;
  std::string partial;
};

/// "the server reset the connection", as transcripts say it.
std::string_view describe(net::Ending ending);

/// Nothing came in time; `partial` as above.
struct NoReply {
  std::string partial;
};

/// TLS is active.
struct Secured {
  net::TlsFacts facts;
};

/// The handshake failed: nothing more can be said on this connection.
struct NotSecured {
  net::TlsFailure failure;
};

/// An AUTH exchange ended, and the server has not proved what the mechanism
/// demands (RFC 5802 section 3): 235 came too early, or we cancelled.
struct Unproven {
  std::string text;
};

using Event = std::variant<smtp::Reply, smtp::ReplyError, Ended, NoReply,
                           Secured, NotSecured, Unproven>;

/// What a server listed in its first replies to EHLO or LHLO.
struct Offers {
  smtp::Capabilities in_clear;
  smtp::Capabilities under_tls;

  /// Takes from `more` what is not known yet.
  void merge(const Offers& more);
};

/// A reply that breaks a rule.
struct Breach {
  const smtp::ReplyRule* rule;
  smtp::Complaint complaint;
  std::string command;  ///< the line that it answers, escaped
  std::string reply;    ///< its octets, escaped, shortened
  std::uint16_t source_port;
};

class Session {
 public:
  /// What `secrets` finds is kept from the transcript and from all replies.
  explicit Session(net::asio::any_io_executor executor,
                   Segmentation segmentation = Segmentation::as_written,
                   Secrets secrets = {})
      : connection_(executor),
        segmentation_(segmentation),
        secrets_(std::move(secrets)) {}

  /// Throws boost::system::system_error where there is no connection.
  net::asio::awaitable<void> connect(const scenario::Endpoint& target,
                                     const std::string& source,
                                     net::Deadline deadline);

  /// Writes `bytes`, cut as the session's segmentation says, and puts them into the transcript. A server
  /// that has closed shows at the next receive().
  net::asio::awaitable<void> send(std::string bytes, net::Deadline deadline);

  /// See net::Connection.
  void have_thread_alone() { connection_.have_thread_alone(); }

  /// How the next send() is cut.
  void cut(Segmentation segmentation) { segmentation_ = segmentation; }

  /// Something has come that receive() has not given yet.
  bool has_unread() const { return !parser_.empty(); }

  /// What the server does next, at most until `deadline`.
  net::asio::awaitable<Event> receive(net::Deadline deadline);

  /// Makes TLS of the connection; forgets what the server offered before. Gives
  /// Secured, NotSecured, Ended or NoReply.
  net::asio::awaitable<Event> start_tls(const net::TlsContext& context,
                                        const std::string& server_name,
                                        net::Deadline deadline);

  /// Offers an old version by hand, and gives Secured, NotSecured, Ended or
  /// NoReply as start_tls() does; nothing more can be said afterwards.
  net::asio::awaitable<Event> offer_old_ssl(net::OldSsl version,
                                            net::Deadline deadline);

  /// Says QUIT where that is possible, takes what still comes until `deadline`,
  /// and closes.
  net::asio::awaitable<void> finish(net::Deadline deadline);
  /// Ends the connection without a word.
  void hang_up();

  const net::Connection& connection() const { return connection_; }

  const smtp::Capabilities& capabilities() const { return capabilities_; }
  /// Whether a positive reply to EHLO or LHLO was seen.
  bool has_capabilities() const { return has_capabilities_; }
  const Offers& offers() const { return offers_; }
  const CommandTracker& tracker() const { return tracker_; }
  MailRecord& mail_record() { return mail_record_; }
  /// What TLS agreed on; nothing: plain text.
  const std::optional<net::TlsFacts>& tls() const { return tls_; }
  /// The last command of HELO, EHLO and LHLO with a positive reply; empty:
  /// none since TLS began.
  const std::string& hello() const { return hello_; }
  /// The first words of greeting and replies to EHLO (RFC 5321 section 4.2).
  const std::vector<std::string>& target_names() const {
    return target_names_;
  }
  /// A 235 has answered AUTH.
  bool has_login() const { return has_login_; }
  /// An AUTH exchange waits for the server.
  bool in_login() const { return in_login_; }
  /// For the transcript: what we do and why.
  void remark(const std::string& text);
  /// The octets of the last reply; empty: there was none.
  const std::string& last_reply() const { return last_reply_; }
  /// From the last send() before the last reply to when that was there.
  std::chrono::nanoseconds last_wait() const { return last_wait_; }
  /// The command that the last reply answered.
  const std::string& last_command() const { return last_command_; }
  const std::vector<Breach>& breaches() const { return breaches_; }
  Transcript& transcript() { return transcript_; }

 private:
  void note(TranscriptLine::Kind kind, std::string text);
  void record_sent(std::string_view bytes);
  void record_reply(const smtp::ReplyOrError& reply);
  std::string early_octets();
  std::optional<Event> end_before_handshake();
  net::asio::awaitable<Event> answer_to_old_ssl(net::OldSsl version,
                                                net::Deadline deadline);
  void record_handshake(const Event& event);
  void learn(const smtp::Reply& reply, const AnsweredCommand& answered);
  void judge(const smtp::ReplyOrError& reply, const AnsweredCommand& answered);

  net::asio::awaitable<void> write(std::string_view bytes,
                                   net::Deadline deadline);

  net::Connection connection_;
  Segmentation segmentation_;
  Secrets secrets_;
  smtp::ReplyParser parser_;
  CommandTracker tracker_;
  MailRecord mail_record_;
  std::optional<net::TlsFacts> tls_;
  std::string hello_;
  bool has_login_ = false;
  std::vector<std::string> target_names_;
  smtp::Capabilities capabilities_;
  bool has_capabilities_ = false;
  Offers offers_;
  bool said_421_ = false;
  bool ended_ = false;
  /// The transaction began with the parameter SMTPUTF8.
  bool utf8_transaction_ = false;
  /// What is sent is a secret: a response in an AUTH exchange.
  bool in_auth_ = false;
  bool in_login_ = false;
  net::Ending ending_ = net::Ending::end_of_file;
  std::string last_command_ = "connect";
  std::string last_reply_;
  net::Clock::time_point sent_at_;
  net::Clock::time_point arrived_at_;
  std::chrono::nanoseconds last_wait_{0};
  std::vector<Breach> breaches_;
  Transcript transcript_;
};

}  // namespace smtpspec::play
