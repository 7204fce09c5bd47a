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

constexpr std::array<std::string_view, 13> mailboxes = {
    "alice", "bob", "carol", "dave", "theboss", "postmaster", "staff", "crew",
    "news", "news-owner", away_mailbox, longest_mailbox, utf8_mailbox};

constexpr MailingList news = {"news", "news-owner@example.test",
                              "reader@elsewhere.example"};

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

const MailingList* mailing_list(std::string_view mailbox) {
  return mailbox == news.mailbox ? &news : nullptr;
}

const Elsewhere* elsewhere(std::string_view mailbox) {
  const auto found = std::find_if(
      gone.begin(), gone.end(),
      [mailbox](const Elsewhere& row) { return row.mailbox == mailbox; });
  return found == gone.end() ? nullptr : &*found;
}

bool is_own_name(std::string_view domain) {
  constexpr std::array<std::string_view, 6> names = {
      mail_domain, host_name,     "localhost", "localhost.localdomain",
      "[127.0.0.1]", "[IPv6:::1]"};
  return std::any_of(names.begin(), names.end(), [domain](auto name) {
    return base::equal_without_case(name, domain);
  });
}

void Store::add(Message message) {
  if (message.id == 0) message.id = next_id_;
  next_id_ = std::max(next_id_, message.id + 1);
  messages_.push_back(message);
  if (messages_.size() > kept) messages_.pop_front();
  if (watcher_) watcher_(message);
}

}  // namespace smtpspec::server
