// A message as a target delivered it, set against the mail that we sent: which
// header fields are ours, what became of them, and which ones the target added.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/message.h"
#include "smtp/trace.h"

namespace smtpspec::smtp {

/// What we know of the transaction and of the place where the message was seen.
struct DeliveryFacts {
  std::string client_name;     ///< argument of EHLO, HELO or LHLO
  std::string client_address;  ///< our address as the target sees it
  std::string sender;          ///< of MAIL, without brackets; empty: null
  std::vector<std::string> recipients;  ///< of all RCPT, without brackets
  std::string recipient;  ///< whose copy this is; empty: not known
  bool extended = true;   ///< after EHLO or LHLO
  bool lmtp = false;      ///< the target took our mail by LMTP
  bool tls = false;
  bool authenticated = false;
  bool utf8 = false;            ///< MAIL had SMTPUTF8
  std::string tls_suite;        ///< as our side calls it; empty: not known
  std::optional<int> priority;  ///< MT-PRIORITY of MAIL (RFC 6710)
  /// Names of the target: of its greeting and EHLO reply. For DSNs.
  std::vector<std::string> target_names;
  /// Read in a mailbox that the target itself writes, where Return-Path is due.
  bool final_delivery = false;
  /// The target wrote the message itself (a DSN); the octets sent are void.
  bool is_generated = false;
  /// The other reports that came of the same test, as they arrived.
  std::vector<std::string> other_reports;
  /// Seen by our SMTP receiver as the target's next hop.
  bool via_next_hop = false;
};

/// What became of a header field that we sent.
enum class Fate {
  same,      ///< octet by octet, LF for CRLF aside
  refolded,  ///< the same but for white space
  changed,   ///< stands there with another body
  gone,
};

struct OurField {
  Fate fate = Fate::gone;
  std::size_t at = 0;  ///< in `arrived`; void if it is gone
};

/// A Received field that the target added.
struct AddedStamp {
  std::size_t at = 0;  ///< in `arrived`
  Stamp stamp;
};

/// The comparison is made once, at construction; `arrived` must outlive it.
struct Delivered {
  /// `sent_octets`: the mail data that we sent, without dot-stuffing.
  Delivered(const Message& arrived_message, std::string_view sent_octets,
            DeliveryFacts delivery_facts);
  Delivered(const Message&&, std::string_view, DeliveryFacts) = delete;

  const Message& arrived;
  Message sent;
  DeliveryFacts facts;
  std::vector<OurField> ours;      ///< one for each of sent.fields
  std::vector<std::size_t> added;  ///< in `arrived`, from the top
  std::vector<AddedStamp> stamps;  ///< the added Received fields, from the top

  /// The Received field of the hop that took our mail: the lowest of `stamps`;
  /// nullptr: there is none, or the target wrote the message itself.
  const Stamp* hop() const;
};

/// The first difference between what we sent and what arrived.
struct ContentChange {
  std::string field;       ///< whose field it is; empty: in the body
  std::size_t offset = 0;  ///< in the body that we sent; of a field: 0
  std::string sent;        ///< a snippet, escaped
  std::string arrived;     ///< the same; of a field that is gone: empty
  std::string text() const;
};

/// Whether each of our header fields and the body arrived unchanged; what the
/// target added and the order of fields are not looked at, nor is a Return-Path
/// of ours. An extra line end behind the body passes. In a mailbox LF for CRLF
/// and '>' before "From " (or ">From ") at the start of a line pass too.
std::optional<ContentChange> content_changes(std::string_view sent,
                                             const Message& arrived,
                                             bool is_mailbox);
/// The same for the body alone.
std::optional<ContentChange> body_changes(const Message& sent,
                                          const Message& arrived,
                                          bool is_mailbox);

}  // namespace smtpspec::smtp
