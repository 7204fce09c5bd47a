// One SMTP session of the reference server, as a state machine (RFC 5321,
// 1870, 2034, 2645, 2920, 3030, 3461, 4468, 4954, 6152, 6409, 6531): octets in,
// octets out, no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls.h"
#include "server/address.h"
#include "server/content.h"
#include "server/deep.h"
#include "server/flaws.h"
#include "server/line_reader.h"
#include "server/parameters.h"
#include "server/reply.h"
#include "server/sasl.h"
#include "server/sasl_crypto.h"
#include "server/store.h"
#include "server/trace.h"

namespace smtpspec::server {

/// What a port is for: mail between servers, mail from its authors (RFC 6409),
/// or mail to be put into mailboxes (LMTP, RFC 2033).
enum class Service { mta, submission, lmtp };

/// What a session is told about the world.
struct Surroundings {
  /// Address of the client, for the Received field; trusted_address may relay.
  std::string client_address = "127.0.0.1";
  std::function<std::chrono::system_clock::time_point()> now =
      std::chrono::system_clock::now;
  /// On submission nobody may send who has not logged in (RFC 6409).
  Service service = Service::mta;
  /// STARTTLS can be had (RFC 3207).
  bool offers_tls = false;
  /// What TLS on the connection agreed on; nothing: plain text.
  std::optional<net::TlsFacts> tls = std::nullopt;
  /// TLS came before the greeting (RFC 8314 section 3.3).
  bool tls_comes_first = false;
  /// Octets that nobody can guess, as many as asked for.
  std::function<std::string(std::size_t)> random = random_octets;
  /// The mechanisms of SASL that may be used, in upper case; empty: all.
  std::vector<std::string> mechanisms = {};
};

class Conversation {
 public:
  /// `store` takes the messages and outlives the conversation.
  Conversation(Store& store, FlawSet flaws, Surroundings surroundings = {});

  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// What the server says first. Called once.
  std::string greeting();
  /// Takes octets from the client, in pieces of any size; gives what is to be
  /// sent. Pieces change nothing but when it is sent.
  std::string receive(std::string_view bytes);
  /// How long what greeting() or receive() gave is to be held back: after wrong
  /// passwords, or by a flaw.
  std::chrono::milliseconds delay() const { return delay_; }
  /// The connection is to be closed once everything is sent. What comes
  /// afterwards is ignored.
  bool closing() const { return closing_; }
  /// STARTTLS was answered by 220: once all is sent, the handshake follows, and
  /// tls_started() after it.
  bool starting_tls() const { return starting_tls_; }
  /// The connection is under TLS now: what the client said before is forgotten
  /// (RFC 3207 section 4.2). Gives what is to be sent.
  std::string tls_started(net::TlsFacts facts);
  /// The client has gone without QUIT. To a right server nothing: what is not
  /// finished is not delivered (RFC 5321 section 4.1.1.10).
  void client_left();

  /// Recipients of a message; more draw 452 (4.5.3.1.8 asks for 100).
  static constexpr std::size_t recipient_limit = 1000;
  /// Error replies in a session; the next one is 421.
  static constexpr int error_limit = 20;
  /// Failed logins in a session; the next one is 421 (RFC 4954 section 9).
  static constexpr int login_failure_limit = 5;
  /// Wrong passwords in a row, in whatever sessions; the next ones are greeted
  /// late.
  static constexpr int wrong_password_limit = 8;
  /// Longest AUTH command or response, CRLF included: what RFC 4954 section 4
  /// calls sufficient.
  static constexpr std::size_t auth_line_limit = 12288 + 2;

 private:
  enum class Mode { command, data, chunk, auth };
  enum class Greeted { no, helo, ehlo };

  /// A command: its verb and what does it.
  struct Command {
    std::string_view verb;
    void (Conversation::*run)(std::string_view argument);
    /// Longest line, CRLF included: 512 and what extensions add.
    std::size_t line_limit = 512;
    /// Its argument may hold octets above 127 (RFC 6531).
    bool takes_utf8 = false;
    /// It has no argument (4.1.1).
    bool is_bare = false;
  };
  static const std::vector<Command>& commands();
  void unimplemented(std::string_view argument);

  /// A mail transaction, from MAIL on.
  struct Transaction {
    bool is_open = false;
    Path sender;
    MailParameters parameters;
    std::vector<Recipient> recipients;
    std::string chunks;
    std::uint64_t chunks_size = 0;
    bool has_chunks = false;
    bool has_failed_chunk = false;
    bool has_unknown_user = false;
    bool is_last_rcpt_refused = false;
  };

  /// A chunk of BDAT that is being read.
  struct Chunk {
    std::uint64_t remaining = 0;
    std::uint64_t size = 0;
    bool is_last = false;
    std::optional<Reply> refusal;
  };

  /// A reply that waits for the end of the read.
  struct Outgoing {
    std::string octets;
    std::string_view verb;
  };

  bool is_lmtp() const { return surroundings_.service == Service::lmtp; }
  bool is_submission() const {
    return surroundings_.service == Service::submission;
  }
  bool flawed(FlawId flaw) const { return flaws_.contains(flaw); }

  // conversation.cc: octets to lines to commands; replies to octets.
  std::string_view step(std::string_view bytes);
  void take_line(CommandLine line);
  const Command* find_command(std::string_view verb) const;
  bool splits_long_line(const Command* command, const CommandLine& line);
  bool refuses_line(const Command* command, const CommandLine& line,
                    std::string_view argument);
  bool meets_deep_flaw(const CommandLine& line, std::string_view argument);
  void answer_early();
  bool refuses_session() const;
  void begin_read();
  bool drops_rest_of_read() const;
  std::string echo(std::string_view text) const;
  void say(int code, std::string_view enhanced, std::string text);
  void say(Reply reply);
  void send(std::string octets);
  std::string flush();
  bool holds_back(const Outgoing& last) const;

  // greetings.cc: EHLO and HELO.
  void ehlo(std::string_view argument);
  void lhlo(std::string_view argument);
  void helo(std::string_view argument);
  bool accepts_name(std::string_view name);
  std::vector<std::string> keywords() const;
  bool lists_starttls() const;

  // securing.cc: STARTTLS.
  void starttls(std::string_view argument);
  bool drops_input_before_tls(std::string_view rest);
  bool demands_tls(std::string_view verb) const;
  bool refuses_for_tls(std::string_view verb);
  bool refuses_for_weak_tls(std::string_view verb);
  bool is_secure() const { return surroundings_.tls.has_value(); }
  void forget_before_tls();
  void keep_chunks();

  // authentication.cc: AUTH.
  void auth(std::string_view argument);
  SaslWorld sasl_world() const;
  const Mechanism* usable_mechanism(std::string_view name) const;
  std::string flawed_auth_keyword() const;
  bool offers(const Mechanism& mechanism) const;
  std::vector<std::string> auth_keywords() const;
  std::optional<Reply> auth_refusal();
  bool needs_tls(const Mechanism& mechanism,
                 std::string_view initial_response) const;
  void begin_exchange(std::optional<std::string_view> response);
  void take_response(const CommandLine& line);
  void refuse_long_response(const CommandLine& line);
  void cancel();
  void take_base64(std::string_view text);
  void challenge(std::string_view octets);
  void advance(std::string_view message);
  void finish_login(const SaslSuccess& success);
  void fail_login(const SaslFailure& failure, std::string_view message);

  // submission.cc: what else holds for those who submit mail.
  std::optional<Reply> login_refusal(std::string_view verb) const;
  std::optional<Reply> submission_refusal(const Mailbox& sender) const;
  std::optional<Reply> domain_refusal(const Mailbox& mailbox) const;
  std::optional<Reply> relay_refusal(const Mailbox& recipient,
                                     const RcptParameters& parameters) const;
  std::optional<Reply> header_refusal(std::string_view content) const;
  bool names_another_user(std::string_view field) const;
  std::string login_address() const;
  void complete_domain(Path& sender) const;

  // completion.cc: the header of what is submitted.
  std::string completed(std::string content, std::uint64_t id) const;
  std::string sender_field(std::string_view content) const;

  // transaction.cc: MAIL, RCPT, RSET and the state between them.
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void rset(std::string_view argument);
  bool may_begin_mail();
  std::optional<Path> path_argument(std::string_view keyword, PathKind kind,
                                    std::string_view& argument);
  bool refuses_utf8(const Path& path, bool has_parameter) const;
  Offer offer() const;
  void reset_transaction() { transaction_ = {}; }

  // recipients.cc: whom RCPT may name.
  std::optional<Path> recipient_argument(std::string_view& argument);
  std::optional<Reply> recipient_refusal(const Path& path,
                                         const RcptParameters& parameters);
  std::optional<Reply> refusal_for(const RcptParameters& parameters,
                                   const Mailbox& mailbox) const;
  void add_recipient(const Path& path, const RcptParameters& parameters);
  Recipient recipient_of(const Path& path,
                         const RcptParameters& parameters) const;
  bool is_foreign(const Path& path) const;
  bool serves(const Mailbox& mailbox) const;

  // delivery.cc: DATA, BDAT and what becomes of content.
  void data(std::string_view argument);
  void bdat(std::string_view argument);
  std::optional<Reply> chunk_refusal() const;
  bool eats_chunk() const;
  void take_octet_of_data(char octet);
  void finish_chunk();
  std::optional<std::size_t> after_dot_in_chunk(std::size_t size);
  void finish_message(std::string octets, Content content);
  void say_result(Reply reply);

  // handover.cc: a message that was taken, on its way.
  void deliver(std::string octets);
  void hand_over(std::string octets, std::uint64_t id);
  void hand_over(const std::string& octets, std::uint64_t id,
                 std::vector<Recipient> recipients, bool is_relayed);
  void report(const Message& message);
  void answer(const Message& message);
  void redistribute(const Message& message, std::size_t skipped);
  std::chrono::system_clock::time_point release_time() const;
  void deliver_unfinished();
  TraceFacts trace_facts(std::uint64_t id) const;
  std::string careless_comment() const;
  std::string tls_clause() const;
  std::string client_literal() const;
  std::string protocol() const;

  // trust.cc: for whom mail goes on to other hosts.
  bool may_relay(const Mailbox& recipient,
                 const RcptParameters& parameters) const;
  bool refuses_own_sender(const Mailbox& sender) const;

  // burl.cc: BURL.
  void burl(std::string_view argument);
  std::optional<Reply> burl_refusal(std::string_view url) const;

  // atrn.cc: ATRN.
  void atrn(std::string_view argument);
  bool offers_atrn() const;

  // relaying.cc: ETRN, XCLIENT and XFORWARD.
  void etrn(std::string_view argument);
  void xclient(std::string_view argument);
  void xforward(std::string_view argument);
  bool is_trusted() const;
  bool refuses_forwarding(std::string_view argument);

  // enquiries.cc: VRFY, EXPN, HELP, NOOP and QUIT.
  void vrfy(std::string_view argument);
  void expn(std::string_view argument);
  void help(std::string_view argument);
  void noop(std::string_view argument);
  void quit(std::string_view argument);
  bool is_untimely(FlawId wants_ehlo);

  Store& store_;
  /// Of deep ones, those that show at the command at hand.
  FlawSet flaws_;
  Deep deep_{flaws_};
  Surroundings surroundings_;
  LineReader lines_{flaws_};
  Mode mode_ = Mode::command;
  Greeted greeted_ = Greeted::no;
  std::string client_name_;
  Transaction transaction_;
  std::optional<DataReader> data_;
  Chunk chunk_;
  std::vector<Outgoing> outgoing_;
  std::string held_;
  std::string_view verb_ = "unknown";
  int errors_ = 0;
  int commands_in_read_ = 0;
  bool refused_in_read_ = false;
  bool content_ended_in_read_ = false;
  bool answered_early_ = false;
  bool mail_came_by_bdat_ = false;
  bool has_delivered_ = false;
  bool has_reset_ = false;
  bool was_forwarded_ = false;
  /// Before XCLIENT said otherwise.
  bool is_from_here_ = surroundings_.client_address == "127.0.0.1";
  bool has_refused_user_ = false;
  bool starting_tls_ = false;
  /// Sent behind STARTTLS; with a flaw only.
  std::string kept_input_;
  /// Chunks from before the handshake; with a flaw only.
  std::string kept_chunks_;
  /// Who has logged in; empty: nobody.
  std::string user_;
  const Mechanism* mechanism_ = nullptr;
  std::unique_ptr<SaslExchange> exchange_;
  int responses_ = 0;
  int login_failures_ = 0;
  std::chrono::milliseconds delay_{0};
  bool has_cancelled_ = false;
  bool closing_ = false;
};

}  // namespace smtpspec::server
