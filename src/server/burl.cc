// BURL (RFC 4468): content is fetched from where a URL points. Nothing is
// fetched here: alice and bob have one message each, at addresses that are
// known.
#include "server/burl.h"

#include <utility>

#include "base/text.h"
#include "server/conversation.h"
#include "server/users.h"

namespace smtpspec::server {

namespace {

constexpr std::string_view access = ";urlauth=submit+";

struct Command {
  std::string_view url;
  bool is_last = false;
};

/// absolute-URI of RFC 3986 section 4.3, as far as its scheme tells.
bool is_absolute_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  if (!base::is_alpha(text.front()) || colon + 1 == text.size()) return false;
  for (const char c : text.substr(0, colon)) {
    if (!base::is_alpha(c) && !base::is_digit(c) && c != '+' && c != '-' &&
        c != '.') {
      return false;
    }
  }
  return true;
}

/// burl-cmd of section 3.5.
std::optional<Command> parse_burl(std::string_view argument) {
  const auto parts = base::split(argument, ' ');
  const bool has_marker = parts.size() == 2;
  if (parts.size() > 2 || !is_absolute_uri(parts[0])) return std::nullopt;
  if (has_marker && !base::equal_without_case(parts[1], "LAST"))
    return std::nullopt;
  return Command{parts[0], has_marker};
}

/// Whom a URL is for (section 3.3); empty: it does not say.
std::string_view user_of(std::string_view url) {
  const auto start = url.find(access);
  if (start == std::string_view::npos) return {};
  const auto name = url.substr(start + access.size());
  return name.substr(0, name.find(':'));
}

/// What `url` stands for.
std::optional<std::string> fetch(std::string_view url) {
  for (const auto user : {user_name, second_user_name}) {
    if (url != burl_of(user)) continue;
    const std::string address =
        std::string(user) + "@" + std::string(mail_domain);
    return "From: " + address + "\r\nSubject: Fetched\r\n\r\nHello\r\n";
  }
  return std::nullopt;
}

}  // namespace

std::string burl_of(std::string_view user) {
  const std::string name(user);
  return "imap://" + name + "@imap.example.test/outbox/;uid=1" +
         std::string(access) + name +
         ":internal:91354a473744909de610943775f92038";
}

void Conversation::burl(std::string_view argument) {
  if (!is_submission()) return unimplemented(argument);
  const auto command = parse_burl(argument);
  if (!command) {
    if (flawed("burl-malformed-accepted"_flaw))
      return say(250, "2.5.0", "Waiting for more");
    return say(501, "5.5.4", "BURL URL [LAST] is wanted");
  }
  if (auto refusal = burl_refusal(command->url)) {
    // Section 3.2: the whole transaction fails.
    reset_transaction();
    return say(std::move(*refusal));
  }
  const std::string content = fetch(command->url).value_or("");
  transaction_.has_chunks = true;
  transaction_.chunks += content;
  transaction_.chunks_size += content.size();
  if (!command->is_last) return say(250, "2.5.0", "Waiting for more");
  if (transaction_.recipients.empty()) return say(250, "2.5.0", "Ok");  // flaw
  Content facts;
  facts.size = transaction_.chunks_size;
  finish_message(std::move(transaction_.chunks), facts);
}

/// Why nothing comes of `url` (section 6).
std::optional<Reply> Conversation::burl_refusal(std::string_view url) const {
  if (transaction_.recipients.empty() &&
      !flawed("burl-without-recipient-accepted"_flaw)) {
    return Reply{503, "5.5.0", {"Say MAIL and RCPT first"}};
  }
  if (transaction_.has_failed_chunk ||
      (transaction_.has_chunks && flawed("burl-after-bdat-refused"_flaw))) {
    return Reply{503, "5.5.0", {"BURL is misplaced"}};
  }
  const auto user = user_of(url);
  if (!user.empty() && user != user_ &&
      !flawed("burl-of-another-accepted"_flaw)) {
    return Reply{554, "5.7.14", {"The URL is another user's"}};
  }
  if (!fetch(url) && !flawed("burl-failure-accepted"_flaw))
    return Reply{554, "5.6.6", {"The URL leads nowhere"}};
  return std::nullopt;
}

}  // namespace smtpspec::server
