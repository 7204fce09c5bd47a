// One session of the receiver, as a state machine (RFC 5321, 1870, 2033, 2034,
// 2920, 3030, 3207, 3461, 4954, 6152, 6531): octets in, octets out, no I/O. It
// takes whatever a client says, so that it can be seen what that is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls.h"
#include "sink/mail_data.h"
#include "sink/mailbox.h"

namespace smtpspec::sink {

/// What the receiver calls itself.
inline constexpr std::string_view receiver_name = "sink.smtpspec.test";

/// A recipient whose local part begins so is refused: 550 5.1.1.
inline constexpr std::string_view refused_prefix = "refused-";

struct ReceivingOptions {
  bool lmtp = false;
  /// STARTTLS can be had (RFC 3207).
  bool offers_tls = false;
  /// Address of the client.
  std::string peer;
  /// Octets of a message that are kept.
  std::size_t octet_limit = 64 << 20;
};

class Receiving {
 public:
  /// `mailbox` takes the messages and outlives the session.
  Receiving(Mailbox& mailbox, ReceivingOptions options);

  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

  static std::string greeting();
  /// Takes octets from the client, in pieces of any size; gives what is to be
  /// sent. Pieces change nothing but when it is sent.
  std::string receive(std::string_view input);
  /// The connection is to be closed once everything is sent. What comes
  /// afterwards is ignored.
  bool closing() const { return closing_; }
  /// STARTTLS was answered by 220: once that is sent, the handshake follows,
  /// and tls_started() after it. What comes before that is ignored.
  bool starting_tls() const { return starting_tls_; }
  /// The connection is under TLS now: what the client said before is forgotten
  /// (RFC 3207 section 4.2).
  void tls_started(net::TlsFacts facts);

  /// Recipients of a message; more draw 452.
  static constexpr std::size_t recipient_limit = 1000;
  /// Longest command, CRLF included, above what all extensions ask for; a
  /// longer one draws 500.
  static constexpr std::size_t line_limit = 16384;

 private:
  /// What the next octets are.
  enum class Mode { command, data, chunk, plain, login_user, login_password };

  struct Command {
    std::string_view verb;
    void (Receiving::*run)(std::string_view argument);
  };
  static const Command* find_command(std::string_view verb);

  /// A mail transaction, from MAIL on.
  struct Transaction {
    bool is_open = false;
    EnvelopePath sender;
    std::vector<EnvelopePath> recipients;
    MailData data;
    bool has_chunks = false;
  };
  /// A chunk of BDAT that is being read.
  struct Chunk {
    std::uint64_t remaining = 0;
    bool is_last = false;
    /// What answers it in the end; empty: it is taken.
    std::string_view refusal;
  };

  std::string_view step(std::string_view input);
  std::string_view step_line(std::string_view input);
  std::string_view step_chunk(std::string_view input);
  void take_line(std::string_view line);
  void say(std::string_view reply);

  void hello(std::string_view name, bool is_extended);
  void helo(std::string_view argument);
  void ehlo(std::string_view argument);
  void lhlo(std::string_view argument);
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void data(std::string_view argument);
  void bdat(std::string_view argument);
  void rset(std::string_view argument);
  void noop(std::string_view argument);
  void vrfy(std::string_view argument);
  void quit(std::string_view argument);
  void starttls(std::string_view argument);
  void auth(std::string_view argument);

  std::string_view chunk_refusal() const;
  void finish_chunk();
  void finish_message();
  bool lists_auth() const { return tls_ || !options_.offers_tls; }
  void take_login(std::string_view text);
  void log_in(std::optional<std::string> user);

  Mailbox& mailbox_;
  ReceivingOptions options_;
  Mode mode_ = Mode::command;
  std::string line_;
  bool is_line_too_long_ = false;
  bool line_ends_in_cr_ = false;
  std::string client_name_;
  std::optional<net::TlsFacts> tls_;
  std::string user_;
  std::string login_name_;  ///< said, but not logged in yet
  Transaction transaction_;
  DotReader dots_;
  Chunk chunk_;
  std::string output_;
  bool starting_tls_ = false;
  bool closing_ = false;
};

}  // namespace smtpspec::sink
