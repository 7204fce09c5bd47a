// Sessions in which clients log in, for the tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/text.h"
#include "server/conversation.h"
#include "server/sasl_scram.h"
#include "server/users.h"

namespace smtpspec::server {

inline net::TlsFacts tls_1_3() {
  net::TlsFacts facts;
  facts.version = "TLSv1.3";
  facts.exporter = "what the exporter gives";
  return facts;
}

inline net::TlsFacts tls_1_2() {
  net::TlsFacts facts;
  facts.version = "TLSv1.2";
  facts.unique = "finished";
  return facts;
}

inline net::TlsFacts with_certificate() {
  net::TlsFacts facts = tls_1_3();
  facts.fingerprint = "0123456789abcdef";
  return facts;
}

/// A time that stands still, and random octets that are always the same: each
/// call gives the next letter.
inline Surroundings still_surroundings(std::optional<net::TlsFacts> tls,
                                       Service service = Service::mta) {
  Surroundings result;
  result.now = [] {
    return std::chrono::system_clock::time_point(
        std::chrono::sys_days(std::chrono::year(2026) / 11 / 21));
  };
  result.service = service;
  result.tls = std::move(tls);
  result.random = [next = std::make_shared<char>('a')](std::size_t count) {
    return std::string(count, (*next)++);
  };
  return result;
}

/// A session that remembers what it saw.
class Dialogue {
 public:
  explicit Dialogue(std::optional<net::TlsFacts> tls, FlawSet flaws = {},
                    Service service = Service::mta)
      : tls_(std::move(tls)), flaws_(flaws), service_(service) {
    next_session();
  }
  /// Another client of the same server.
  void next_session() {
    conversation_.emplace(store_, flaws_, still_surroundings(tls_, service_));
    conversation_->greeting();
    if (conversation_->delay().count() > 0) seen_.push_back("greeted late");
    send("EHLO client.example\r\n");
  }

  std::string send(std::string_view octets) {
    if (conversation_->closing()) return "";
    const std::string reply = conversation_->receive(octets);
    seen_.push_back(reply);
    if (conversation_->delay().count() > 0) seen_.push_back("late");
    return reply;
  }
  std::string say(std::string_view line) {
    return send(std::string(line) + "\r\n");
  }
  /// Says `octets` in base64.
  std::string answer(std::string_view octets) {
    return say(base::base64_encode(octets));
  }
  std::string auth(std::string_view mechanism, std::string_view octets) {
    return say("AUTH " + std::string(mechanism) + " " +
               base::base64_encode(octets));
  }
  std::string log_in() {
    return auth("PLAIN", plain("", user_name, user_password));
  }
  /// Sends `content` from `sender` to alice.
  std::string mail(const std::string& content,
                   const std::string& sender = "alice@example.test") {
    say("MAIL FROM:<" + sender + ">");
    say("RCPT TO:<alice@example.test>");
    say("DATA");
    return send(content + "\r\n.\r\n");
  }

  static std::string plain(std::string_view authzid, std::string_view name,
                           std::string_view password) {
    std::string result(authzid);
    result += '\0';
    result += name;
    result += '\0';
    result += password;
    return result;
  }

  const Message& last_message() const { return store_.messages().back(); }
  bool closing() const { return conversation_->closing(); }
  void start_tls() { conversation_->tls_started(tls_1_3()); }

  /// All that the client or the owner of a mailbox has seen.
  std::vector<std::string> seen() const {
    auto result = seen_;
    result.push_back(closing() ? "closed" : "open");
    for (const Message& message : store_.messages()) {
      result.push_back(message.octets);
      for (const auto& recipient : message.recipients)
        result.push_back(recipient.address);
    }
    return result;
  }

 private:
  std::optional<net::TlsFacts> tls_;
  FlawSet flaws_;
  Service service_;
  Store store_;
  std::optional<Conversation> conversation_;
  std::vector<std::string> seen_;
};

/// A client of SCRAM, right unless told otherwise.
struct ScramClient {
  std::string mechanism = "SCRAM-SHA-256";
  std::string name = std::string(user_name);
  std::string password = std::string(user_password);
  std::string header = "n,,";
  std::string binding = {};
  std::string before = {};        ///< in front of n=
  std::string more = {};          ///< behind r= of both messages
  std::string final_header = {};  ///< in place of `header`
  std::string final_nonce = {};   ///< in place of the server's
  bool has_wrong_proof = false;
  std::string client_nonce = "rOprNGfwEbeRWgbNEkqO";

  /// The server's challenges, decoded.
  std::string server_first = {};
  std::string server_final = {};

  Digest digest() const {
    return mechanism.find("256") == std::string::npos ? Digest::sha1
                                                      : Digest::sha256;
  }
  static std::string decoded(std::string_view reply) {
    if (!reply.starts_with("334 ")) return "";
    return base::base64_decode(reply.substr(4, reply.size() - 6)).value_or("");
  }
  /// Whether the server knows the password too.
  bool is_signature_right() const { return server_final == expected; }
  std::string expected = {};

  /// The server's last reply.
  std::string play(Dialogue& dialogue) {
    const std::string bare = before + "n=" + name + ",r=" + client_nonce + more;
    auto reply = dialogue.auth(mechanism, header + bare);
    server_first = decoded(reply);
    const auto parts = base::split(server_first, ',');
    if (parts.size() < 3) return reply;
    const auto salt = base::base64_decode(parts[1].substr(2));
    if (!salt) return dialogue.say("*");
    const ScramSecret secret{
        .salt = *salt,
        .iterations = std::stoi(std::string(parts[2].substr(2))),
        .password = password};
    const std::string c = (final_header.empty() ? header : final_header);
    const std::string without_proof =
        "c=" + base::base64_encode(c + binding) + ",r=" +
        (final_nonce.empty() ? std::string(parts[0].substr(2)) : final_nonce) +
        more;
    const std::string all = bare + "," + server_first + "," + without_proof;
    const ScramKeys keys(digest(), secret);
    auto proof =
        exclusive_or(keys.client_key, hmac(digest(), keys.stored_key, all));
    if (has_wrong_proof) proof.back() ^= 1;
    expected = "v=" + base::base64_encode(hmac(digest(), keys.server_key, all));
    reply = dialogue.answer(without_proof + ",p=" + base::base64_encode(proof));
    server_final = decoded(reply);
    return reply.starts_with("334") ? dialogue.say("") : reply;
  }
};

/// XOAUTH2's or OAUTHBEARER's message.
inline std::string bearer_message(std::string_view header,
                                  std::string_view token = bearer_token,
                                  const std::string& more = "") {
  return std::string(header) + "\x01" + more + "auth=Bearer " +
         std::string(token) + "\x01\x01";
}

}  // namespace smtpspec::server
