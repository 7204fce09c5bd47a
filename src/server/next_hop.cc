#include "server/next_hop.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <optional>
#include <utility>

#include "base/text.h"
#include "server/address.h"

namespace smtpspec::server {

namespace {

namespace asio = boost::asio;
using Keywords = std::vector<std::string>;

/// More octets without the end of a reply are none.
constexpr std::size_t longest_reply = 64 * 1024;

bool offers(const Keywords& keywords, std::string_view keyword) {
  return std::find(keywords.begin(), keywords.end(), keyword) != keywords.end();
}

/// The session is of no use any more.
struct Broken {};

bool is_positive(const HopReply& reply) {
  return reply.code >= 200 && reply.code < 300;
}

class Session {
 public:
  Session(net::Connection& connection, const Message& message,
          std::chrono::milliseconds patience)
      : connection_(connection), message_(message), patience_(patience) {
    for (const Recipient& recipient : message.recipients)
      results_.push_back({recipient, 0, "", false});
  }

  asio::awaitable<std::vector<HopResult>> run();

 private:
  asio::awaitable<HopReply> read_reply();
  asio::awaitable<HopReply> say(std::string octets);
  asio::awaitable<void> converse();
  asio::awaitable<bool> greet();
  asio::awaitable<void> transact();
  asio::awaitable<HopReply> send_content();
  std::optional<HopReply> obstacle() const;
  void conclude(const HopReply& reply);
  static std::string text_of(const HopReply& reply);

  net::Connection& connection_;
  const Message& message_;
  std::chrono::milliseconds patience_;
  std::string input_;
  Keywords keywords_;
  std::vector<HopResult> results_;
};

asio::awaitable<HopReply> Session::read_reply() {
  const auto deadline = net::Clock::now() + patience_;
  for (;;) {
    if (auto reply = take_reply(input_)) {
      if (reply->code == 0) throw Broken();
      co_return std::move(*reply);
    }
    if (input_.size() > longest_reply) throw Broken();
    const std::string more = co_await connection_.read(deadline);
    input_ += more;
  }
}

asio::awaitable<HopReply> Session::say(std::string octets) {
  co_await connection_.write(octets, net::Clock::now() + patience_);
  HopReply reply = co_await read_reply();
  co_return reply;
}

std::string Session::text_of(const HopReply& reply) {
  std::string text = std::to_string(reply.code);
  for (const std::string& line : reply.lines) text += " " + line;
  return text;
}

/// For all recipients who have no result yet.
void Session::conclude(const HopReply& reply) {
  for (HopResult& result : results_) {
    if (result.code != 0) continue;
    result.code = reply.code;
    result.text = text_of(reply);
    result.reports = offers(keywords_, "DSN");
  }
}

/// EHLO, or HELO where that is unknown (RFC 5321 section 3.2).
asio::awaitable<bool> Session::greet() {
  HopReply reply = co_await read_reply();
  if (!is_positive(reply)) {
    conclude(reply);
    co_return false;
  }
  const std::string name = std::string(host_name) + "\r\n";
  reply = co_await say("EHLO " + name);
  if (is_positive(reply)) {
    for (std::size_t i = 1; i < reply.lines.size(); ++i) {
      const auto words = base::words(reply.lines[i]);
      if (!words.empty()) keywords_.push_back(base::to_upper(words[0]));
    }
    co_return true;
  }
  reply = co_await say("HELO " + name);
  if (is_positive(reply)) co_return true;
  conclude(reply);
  co_return false;
}

/// What the message needs and the next host does not offer (RFC 3030 section 3,
/// RFC 6152 section 3, RFC 6531 section 3.2).
std::optional<HopReply> Session::obstacle() const {
  const bool has_utf8_path =
      has_non_ascii(message_.sender) ||
      std::any_of(message_.recipients.begin(), message_.recipients.end(),
                  [](const Recipient& r) { return has_non_ascii(r.address); });
  const bool takes_utf8 = offers(keywords_, "SMTPUTF8");
  if (!takes_utf8 && (message_.options.is_utf8 || has_utf8_path))
    return HopReply{550, {"5.6.7 SMTPUTF8 is not offered"}};
  const bool takes_binary =
      offers(keywords_, "BINARYMIME") && offers(keywords_, "CHUNKING");
  if (message_.options.is_binary && !takes_binary)
    return HopReply{550, {"5.6.3 BINARYMIME is not offered"}};
  if (has_non_ascii(message_.octets) && !offers(keywords_, "8BITMIME"))
    return HopReply{550, {"5.6.3 8BITMIME is not offered"}};
  return std::nullopt;
}

asio::awaitable<HopReply> Session::send_content() {
  if (message_.options.is_binary) {
    const std::string chunk = fmt::format("BDAT {} LAST\r\n",
                                          message_.octets.size());
    HopReply reply = co_await say(chunk + message_.octets);
    co_return reply;
  }
  HopReply go = co_await say("DATA\r\n");
  if (is_positive(go)) throw Broken();
  if (go.code != 354) co_return go;
  HopReply reply = co_await say(stuffed(message_.octets));
  co_return reply;
}

asio::awaitable<void> Session::transact() {
  HopReply reply = co_await say(mail_command(message_, keywords_) + "\r\n");
  if (!is_positive(reply)) {
    conclude(reply);
    co_return;
  }
  bool is_taken = false;
  for (HopResult& result : results_) {
    const std::string command = rcpt_command(result.recipient, keywords_);
    reply = co_await say(command + "\r\n");
    if (is_positive(reply)) {
      is_taken = true;
      continue;
    }
    result.code = reply.code;
    result.text = text_of(reply);
  }
  if (!is_taken) co_return;
  reply = co_await send_content();
  conclude(reply);
}

asio::awaitable<void> Session::converse() {
  const bool is_greeted = co_await greet();
  if (is_greeted) {
    if (const auto reply = obstacle()) {
      conclude(*reply);
    } else {
      co_await transact();
    }
  }
  co_await say("QUIT\r\n");
}

asio::awaitable<std::vector<HopResult>> Session::run() {
  try {
    co_await converse();
  } catch (const Broken&) {
  } catch (const net::PeerClosed&) {
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) throw;
  }
  co_return std::move(results_);
}

}  // namespace

boost::asio::awaitable<std::vector<HopResult>> deliver_to(
    net::Connection& connection, const Message& message,
    std::chrono::milliseconds patience) {
  Session session(connection, message, patience);
  auto results = co_await session.run();
  co_return results;
}

std::string stuffed(std::string_view octets) {
  std::string result;
  bool at_line_start = true;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (at_line_start && octets[i] == '.') result += '.';
    result += octets[i];
    at_line_start = octets[i] == '\n' && i > 0 && octets[i - 1] == '\r';
  }
  if (!at_line_start) result += "\r\n";
  return result + ".\r\n";
}

std::optional<HopReply> take_reply(std::string& input) {
  HopReply reply;
  std::size_t begin = 0;
  for (;;) {
    const auto end = input.find("\r\n", begin);
    if (end == std::string::npos) return std::nullopt;
    const auto line = std::string_view(input).substr(begin, end - begin);
    const bool has_code = line.size() >= 3 && base::is_digit(line[0]) &&
                          base::is_digit(line[1]) && base::is_digit(line[2]);
    const bool is_last = line.size() == 3 || (has_code && line[3] == ' ');
    if (!has_code || (!is_last && line[3] != '-')) return HopReply{};
    reply.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
    reply.lines.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
    begin = end + 2;
    if (!is_last) continue;
    input.erase(0, begin);
    return reply;
  }
}

std::string mail_command(const Message& message, const Keywords& keywords) {
  std::string command = "MAIL FROM:<" + message.sender + ">";
  if (offers(keywords, "SIZE"))
    command += fmt::format(" SIZE={}", message.octets.size());
  if (message.options.is_binary) {
    command += " BODY=BINARYMIME";
  } else if (has_non_ascii(message.octets) && offers(keywords, "8BITMIME")) {
    command += " BODY=8BITMIME";
  }
  if (message.options.is_utf8) command += " SMTPUTF8";
  if (!message.options.author.empty() && offers(keywords, "AUTH"))
    command += " AUTH=" + message.options.author;
  if (offers(keywords, "MT-PRIORITY"))  // RFC 6710 section 4.2
    command += fmt::format(" MT-PRIORITY={}", message.options.priority);
  if (!offers(keywords, "DSN")) return command;
  if (!message.options.returned.empty())
    command += " RET=" + message.options.returned;
  if (!message.options.envelope_id.empty())
    command += " ENVID=" + message.options.envelope_id;
  return command;
}

namespace {

/// NOTIFY's value (RFC 3461 section 4.1).
std::string words_of(const Notify& notify) {
  std::string words;
  const auto add = [&words](bool is_wanted, std::string_view word) {
    if (!is_wanted) return;
    if (!words.empty()) words += ',';
    words += word;
  };
  add(notify.on_success, "SUCCESS");
  add(notify.on_failure, "FAILURE");
  add(notify.on_delay, "DELAY");
  return words.empty() ? "NEVER" : words;
}

}  // namespace

std::string rcpt_command(const Recipient& recipient, const Keywords& keywords) {
  std::string command = "RCPT TO:<" + recipient.address + ">";
  if (!offers(keywords, "DSN")) return command;
  if (recipient.notify.is_given)
    command += " NOTIFY=" + words_of(recipient.notify);
  if (!recipient.original.empty()) command += " ORCPT=" + recipient.original;
  return command;
}

}  // namespace smtpspec::server
