#include "server/store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace smtpspec::server {

namespace {

constexpr std::string_view longest_mailbox =
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
static_assert(longest_mailbox.size() == 64);

constexpr std::array<std::string_view, 7> mailboxes = {
    "alice", "bob", "theboss", "postmaster", "staff", longest_mailbox,
    utf8_mailbox};

}  // namespace

std::optional<std::string> mailbox_of(std::string_view local_part) {
  std::string name = base::to_lower(local_part);
  if (name.starts_with("alice+")) name = "alice";
  const bool known =
      std::find(mailboxes.begin(), mailboxes.end(), name) != mailboxes.end();
  if (!known) return std::nullopt;
  return name;
}

std::vector<std::string_view> members_of(std::string_view mailbox) {
  if (mailbox != "staff") return {};
  return {"alice", "bob"};
}

void Store::add(Message message) {
  message.id = next_id_++;
  messages_.push_back(std::move(message));
  if (messages_.size() > kept) messages_.pop_front();
}

}  // namespace smtpspec::server
