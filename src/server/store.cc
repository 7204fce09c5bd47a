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

constexpr std::array<std::string_view, 10> mailboxes = {
    "alice", "bob", "carol", "dave", "theboss", "postmaster", "staff", "crew",
    longest_mailbox, utf8_mailbox};

constexpr std::array<Elsewhere, 2> gone = {{
    {"carol", "carol@elsewhere.example", true},
    {"dave", "dave@elsewhere.example", false},
}};

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
  if (mailbox == "staff") return {"alice", "bob"};
  if (mailbox == "crew") return {"alice", "dave"};
  return {};
}

const Elsewhere* elsewhere(std::string_view mailbox) {
  const auto found = std::find_if(
      gone.begin(), gone.end(),
      [mailbox](const Elsewhere& row) { return row.mailbox == mailbox; });
  return found == gone.end() ? nullptr : &*found;
}

void Store::add(Message message) {
  message.id = next_id_++;
  messages_.push_back(std::move(message));
  if (messages_.size() > kept) messages_.pop_front();
}

}  // namespace smtpspec::server
