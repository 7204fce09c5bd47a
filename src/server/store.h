// The mail domain that the reference server serves, and the messages that it
// took.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smtpspec::server {

constexpr std::string_view host_name = "mx.example.test";
constexpr std::string_view mail_domain = "example.test";
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
/// bob, theboss, postmaster, 64 times 'x', and one in UTF-8; the lists staff and
/// crew; carol and dave, who are elsewhere.
std::optional<std::string> mailbox_of(std::string_view local_part);

/// The mailbox with a name outside ASCII (RFC 6531): two Han characters.
constexpr std::string_view utf8_mailbox = "\xe7\x94\xa8\xe6\x88\xb7";

/// The members of `mailbox` if it is a list, else empty.
std::vector<std::string_view> members_of(std::string_view mailbox);

/// Who has gone (RFC 5321 section 3.4).
struct Elsewhere {
  std::string_view mailbox;
  std::string_view address;  ///< where to
  bool is_forwarded = false;  ///< else mail is refused
};

/// Where `mailbox` has gone; nullptr if it is here.
const Elsewhere* elsewhere(std::string_view mailbox);

/// A message with its envelope.
struct Message {
  std::uint64_t id = 0;
  std::string sender;  ///< empty: <>
  std::vector<std::string> recipients;
  /// Content, with Return-Path and Received on top (RFC 5321 section 4.4).
  std::string octets;
};

/// The newest messages of all sessions.
class Store {
 public:
  static constexpr std::size_t kept = 64;

  /// Number of the next message, from 1.
  std::uint64_t next_id() const { return next_id_; }
  void add(Message message);
  /// From old to new, at most `kept`.
  const std::deque<Message>& messages() const { return messages_; }

 private:
  std::deque<Message> messages_;
  std::uint64_t next_id_ = 1;
};

}  // namespace smtpspec::server
