// What a submission server mends in the header of what it takes (RFC 6409
// section 8), and what flaws do instead.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "server/content.h"
#include "server/conversation.h"

namespace smtpspec::server {

namespace {

/// Whether `body` has <left@right> (RFC 5322 section 3.6.4). White space inside
/// is obsolete, and replaced.
bool has_message_id(std::string_view body) {
  const auto open = body.find('<');
  const auto close = body.find('>', open);
  if (close == std::string_view::npos) return false;
  const auto id = body.substr(open + 1, close - open - 1);
  const auto at = id.rfind('@');
  return at != std::string_view::npos && at != 0 && at + 1 != id.size() &&
         id.find_first_of(" \t\r\n") == std::string_view::npos;
}

/// `content` with `field` in the place of the fields `name`; without them where
/// `field` is empty.
std::string replaced(std::string_view content, std::string_view name,
                     std::string field) {
  const auto header = header_of(content);
  std::string result;
  for (const auto old : fields_of(header)) {
    if (!base::starts_without_case(old, name)) {
      result += old;
    } else {
      result += std::exchange(field, "");
    }
  }
  return result += content.substr(header.size());
}

}  // namespace

/// A submitted message with Date, Message-ID and Sender where they are missing,
/// and another Message-ID where it is malformed (sections 8.1 to 8.3).
std::string Conversation::completed(std::string content,
                                    std::uint64_t id) const {
  const bool completes_relayed =
      surroundings_.service == Service::mta &&
      flawed("relay-completes-header"_flaw);
  if (!is_submission() && !completes_relayed) return content;
  std::string added;
  if (!has_message_id(field_body(content, "Message-ID")) &&
      !flawed("submission-message-id-missing"_flaw)) {
    content = replaced(content, "Message-ID:", "");
    added += fmt::format("Message-ID: <{}.{}@{}>\r\n", id,
                         surroundings_.now().time_since_epoch().count(),
                         host_name);
  }
  if (field_body(content, "Date").empty() &&
      !flawed("submission-date-missing"_flaw)) {
    const auto date = flawed("submission-date-two-digit-year"_flaw)
                          ? two_digit_date_time(surroundings_.now())
                          : date_time(surroundings_.now());
    added += "Date: " + date + "\r\n";
  }
  if (is_submission()) added += sender_field(content);
  if (is_submission() && flawed("submission-from-rewritten"_flaw))
    content = replaced(content, "From:", "From: <" + login_address() + ">\r\n");
  return added + content;
}

/// Who has logged in, where From names somebody else and no Sender is there.
std::string Conversation::sender_field(std::string_view content) const {
  if (flawed("submission-sender-malformed"_flaw))
    return "Sender: <" + user_ + "@>\r\n";
  const std::string from = base::to_lower(field_body(content, "From"));
  if (user_.empty() || from.empty() ||
      from.find(login_address()) != std::string::npos ||
      !field_body(content, "Sender").empty() ||
      flawed("submission-sender-missing"_flaw)) {
    return "";
  }
  return "Sender: <" + login_address() + ">\r\n";
}

}  // namespace smtpspec::server
