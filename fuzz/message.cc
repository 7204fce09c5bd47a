// Fuzzes the reading of messages that targets deliver: no octet is lost, and the
// parsers of trace fields, dates, paths and addresses take any text.
#include "base/text.h"
#include "outcome.h"
#include "smtp/delivered.h"
#include "smtp/message.h"
#include "smtp/trace.h"
#include "smtp/trace_rules.h"

namespace {

using namespace smtpspec;

void look_at(const smtp::Field& field) {
  const std::string body = field.unfolded();
  const smtp::Stamp stamp = smtp::parse_stamp(body);
  for (const smtp::Clause& clause : stamp.clauses)
    fuzz::require(clause.name == base::to_lower(clause.name));
  if (stamp.date) stamp.date->impossibility();
  if (const auto date = smtp::parse_date_time(body)) date->impossibility();
  const smtp::ReturnPath path = smtp::parse_return_path(field.body);
  fuzz::require(smtp::same_mailbox(path.address, path.address));
  smtp::mailbox_of(body);
  for (const smtp::IpAddress& address : smtp::ips_in(body))
    smtp::is_loopback(address);
}

void judge(const smtp::Message& arrived, std::string_view sent,
           std::uint8_t flags) {
  smtp::DeliveryFacts facts;
  facts.client_name = "client.example";
  facts.client_address = "127.0.0.2";
  facts.sender = "tester@client.example";
  facts.recipients = {"alice@example.test"};
  facts.recipient = "alice@example.test";
  facts.target_names = {"mx.example.test"};
  facts.extended = (flags & 1) != 0;
  facts.lmtp = (flags & 2) != 0;
  facts.tls = (flags & 4) != 0;
  facts.authenticated = (flags & 8) != 0;
  facts.utf8 = (flags & 16) != 0;
  facts.final_delivery = (flags & 32) != 0;
  facts.is_generated = (flags & 64) != 0;
  facts.via_next_hop = (flags & 128) != 0;
  const smtp::Delivered delivered(arrived, sent, facts);
  for (const smtp::DeliveryRule& rule : smtp::delivery_rules()) {
    const auto complaint = rule.judge(delivered);
    if (complaint) fuzz::require(!complaint->text.empty());
  }
  smtp::content_changes(sent, arrived, (flags & 32) != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const auto octets = fuzz::octets(data + 1, size - 1);
  const smtp::Message message = smtp::parse_message(octets);
  fuzz::require(smtp::print(message) == octets);
  for (const smtp::Field& field : message.fields) look_at(field);
  for (const smtp::Part& part : smtp::parts_of(message))
    smtp::parse_message(part.content);
  smtp::message_id(message);
  // What was sent stands behind the first field that arrived, or is all of it.
  const std::size_t added =
      message.fields.empty() ? 0 : message.fields.front().raw.size();
  judge(message, octets.substr(added), data[0]);
  fuzz::require(!smtp::content_changes(octets, message, false));
  return 0;
}
