// The mail domain that the reference server serves, and the messages that it
// took.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smtpspec::server {

constexpr std::string_view host_name = "mx.example.test";
constexpr std::string_view mail_domain = "example.test";
/// Whoever comes from there on port 25 may send anywhere, as the hosts of a
/// site's own network may.
constexpr std::string_view trusted_address = "127.0.0.9";
/// Whoever comes from there is not served.
constexpr std::string_view refused_address = "127.0.0.8";
/// Mail for it is kept until whoever has logged in asks for it (RFC 2645).
constexpr std::string_view customer_domain = "customer.example";
/// Mail from senders in this domain is refused.
constexpr std::string_view barred_domain = "barred.example";

/// The solicitation class that nobody here takes mail of (RFC 3865).
constexpr std::string_view refused_class = "org.example:adv";

/// The year since which the mailboxes have the owners that they have.
constexpr int owner_since = 2020;

/// The mailbox to which mail for `local_part` goes, in lower case: "alice" for
/// Alice and alice+lists; nothing if there is none. The mailboxes are alice,
/// bob, theboss, postmaster, frank, news-owner, 64 times 'x', and one in UTF-8;
/// the lists staff, crew and news; carol and dave, who are elsewhere.
std::optional<std::string> mailbox_of(std::string_view local_part);

/// Whose mail a machine answers (RFC 3834).
constexpr std::string_view away_mailbox = "frank";

/// The mailbox with a name outside ASCII (RFC 6531): two Han characters.
constexpr std::string_view utf8_mailbox = "\xe7\x94\xa8\xe6\x88\xb7";

/// The members of `mailbox` if it is a list, else empty.
std::vector<std::string_view> members_of(std::string_view mailbox);

/// A mailing list whose copies have a reverse-path of their own (RFC 3461
/// section 5.2.7.1).
struct MailingList {
  std::string_view mailbox;
  std::string_view owner;       ///< address; reports on the copies go there
  std::string_view subscriber;  ///< address elsewhere
};

/// The list that has `mailbox`; nullptr if none has.
const MailingList* mailing_list(std::string_view mailbox);

/// Who has gone (RFC 5321 section 3.4).
struct Elsewhere {
  std::string_view mailbox;
  std::string_view address;  ///< where to
  bool is_forwarded = false;  ///< else mail is refused
};

/// Where `mailbox` has gone; nullptr if it is here.
const Elsewhere* elsewhere(std::string_view mailbox);

/// Whether `domain` is a name of this very host or of its mail domain, as a
/// server may believe that knows more names than it serves.
bool is_own_name(std::string_view domain);

/// Which reports a sender wants on a recipient (RFC 3461 section 4.1).
struct Notify {
  bool is_given = false;
  bool on_success = false;
  bool on_failure = true;
  bool on_delay = false;
};

struct Recipient {
  std::string address;  ///< as RCPT writes it, without brackets
  /// The mailbox is at another host.
  bool is_relayed = false;
  Notify notify;
  std::string original;  ///< ORCPT as written; empty: none (section 4.2)
};

/// What MAIL said of the message that holds at the next host too.
struct MailOptions {
  std::string envelope_id;  ///< ENVID as written (RFC 3461 section 4.4)
  std::string returned;     ///< RET: FULL, HDRS or empty (section 4.3)
  bool is_eight_bit = false;  ///< BODY=8BITMIME
  bool is_binary = false;     ///< BODY=BINARYMIME
  bool is_utf8 = false;       ///< SMTPUTF8
  /// AUTH as the next host is to be told, in xtext (RFC 4954 section 5); empty:
  /// MAIL had none.
  std::string author = {};
  int priority = 0;  ///< as this server determined it (RFC 6710 section 4.1)
};

/// A message with its envelope.
struct Message {
  std::uint64_t id = 0;
  std::string sender;  ///< as MAIL writes it, without brackets; empty: <>
  std::vector<Recipient> recipients;
  /// Content, with Received on top, and above it, if it is not relayed,
  /// Return-Path (RFC 5321 section 4.4).
  std::string octets;
  /// It goes to another host, and so do all its recipients.
  bool is_relayed = false;
  MailOptions options;
  /// It stays here until then (RFC 4865).
  std::chrono::system_clock::time_point release = {};
};

/// The newest messages of all sessions, and what is kept of their logins.
class Store {
 public:
  static constexpr std::size_t kept = 64;

  /// Number of the next message, from 1.
  std::uint64_t next_id() const { return next_id_; }
  /// A message without id gets the next one. A transaction with recipients here
  /// and elsewhere makes two messages of one id.
  void add(Message message);
  /// `watcher` is called with each message that comes. It may add more.
  void watch(std::function<void(const Message&)> watcher) {
    watcher_ = std::move(watcher);
  }
  /// From old to new, at most `kept`.
  const std::deque<Message>& messages() const { return messages_; }

  /// How many messages were taken, this one included, whatever becomes of them.
  std::uint64_t count_taken() { return ++taken_; }
  void count_failed_login() { ++failed_logins_; }
  /// Wrong passwords of users there are, in whatever sessions, since somebody
  /// logged in.
  void count_wrong_password() { ++wrong_passwords_; }
  void forget_wrong_passwords() { wrong_passwords_ = 0; }
  int wrong_passwords() const { return wrong_passwords_; }
  /// Those of CRAM-MD5 that were sent; with a flaw only.
  std::vector<std::string>& challenges() { return challenges_; }
  int failed_logins() const { return failed_logins_; }

 private:
  std::deque<Message> messages_;
  std::function<void(const Message&)> watcher_;
  std::uint64_t next_id_ = 1;
  std::uint64_t taken_ = 0;
  int failed_logins_ = 0;
  int wrong_passwords_ = 0;
  std::vector<std::string> challenges_;
};

}  // namespace smtpspec::server
