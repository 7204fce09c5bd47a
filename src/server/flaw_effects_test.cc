// Every flaw shows: in at least one of these sessions a server that has it
// sends, closes or stores something else than a right one.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/base64.h"
#include "server/burl.h"
#include "server/conversation.h"
#include "server/users.h"

namespace smtpspec::server {
namespace {

using Reads = std::vector<std::string>;
using std::string_literals::operator""s;

/// Lines, each a read of its own.
Reads lines(std::initializer_list<std::string> texts) {
  Reads result;
  for (const auto& text : texts) result.push_back(text + "\r\n");
  return result;
}

Reads operator+(Reads a, const Reads& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Reads hello = lines({"EHLO client.example"});
const Reads begun = hello + lines({"MAIL FROM:<a@client.example>"});
const Reads ready = begun + lines({"RCPT TO:<alice@example.test>"});

Reads mail(const std::string& content) {
  return ready + Reads{"DATA\r\n", content};
}

/// `text`, `count` times.
std::string times(std::uint64_t count, const std::string& text) {
  std::string result;
  for (std::uint64_t i = 0; i < count; ++i) result += text;
  return result;
}

Reads senders() {
  const std::string specials = "!#$%&'*+-/=?^_`{}|~";
  const std::string label(63, 'd');
  const std::string domain = label + "." + label + "." + label + "." +
                             std::string(59, 'd');
  Reads result = hello;
  for (const std::string& path :
       {"<>"s, "<" + specials + "@client.example>", "<\"a b\"@client.example>"s,
        "<@r.example:a@client.example>"s, "<a@[127.0.0.1]>"s,
        "<a\x01@client.example>"s, "<a\xe9@client.example>"s,
        "<a@a_b.example>"s, "<a@a..b>"s, "<a..b@client.example>"s,
        "<" + std::string(64, 'a') + "@client.example>", "<a@" + domain + ">",
        "<" + std::string(64, 'a') + "@" + domain.substr(0, 189) + ">",
        "<\xc3\xbc@client.example>"s, "<\xc3\xbc@client.example> SMTPUTF8"s,
        "<a@b\xc3\xbc.example> SMTPUTF8"s, "<a\xc0\x80@b.example> SMTPUTF8"s,
        "<\xc3\xbc(@client.example> SMTPUTF8"s, "a@client.example"s}) {
    result.push_back("MAIL FROM:" + path + "\r\nRSET\r\n");
  }
  return result;
}

Reads with(const std::string& parameter) {
  return hello + lines({"MAIL FROM:<a@b.example> " + parameter,
                        "RCPT TO:<alice@example.test>"});
}

/// ETRN, XCLIENT, XFORWARD, and parameters of their time.
std::vector<Reads> relaying() {
  const std::string long_path(500, 'p');
  const std::string to = "RCPT TO:<alice@example.test> ";
  return {
      with("BY=600;R"), with("BY=0;N"), with("BY=0;R"), with("BY=59;R"),
      with("MT-PRIORITY=-3"), with("MT-PRIORITY=3"), with("MT-PRIORITY=10"),
      with("MTRK=QUJDREVGRw=="s), with("MTRK=QUJDREVGRw:60"),
      with("SOLICIT=org.example:adv"), with("CONPERM"),
      with("MT-PRIORITY=-3 SIZE=1000000"),
      begun + lines({to + "RRVS=2026-01-01T00:00:00Z", to + "CONNEG"}),
      begun + lines({to + "RRVS=1999-01-01T00:00:00Z",
                     "RCPT TO:<postmaster> RRVS=1999-01-01T00:00:00Z",
                     "RCPT TO:<" + long_path + "> RRVS=x"}),
      begun + Reads(7, to + "\r\n"),
      hello + lines({"MAIL FROM:<" + long_path + "> BY=600;R",
                     "MAIL FROM:<" + long_path + "> MT-PRIORITY=3",
                     "MAIL FROM:<" + long_path + "> MTRK=QUJDREVGRw",
                     "MAIL FROM:<" + long_path + "> SOLICIT=a"}),
      hello + lines({"ETRN x.example", "ETRN a b", "LHLO client.example"}),
      begun + lines({"ETRN x.example"}),
      begun + lines({"XCLIENT NAME=a", "XFORWARD NAME=a"}),
      hello + lines({"XFORWARD", "XFORWARD NAME=a"}),
      hello + lines({"XCLIENT", "XCLIENT NAME=[UNAVAILABLE]",
                     "EHLO client.example"}),
      hello + lines({"XCLIENT ADDR=192.0.2.1", "EHLO client.example"}),
  };
}

/// Mail that is to wait; on submission, for those who may send.
std::vector<Reads> holding() {
  return {with("HOLDFOR=1"), with("HOLDFOR=01"), with("HOLDFOR=86400"),
          with("HOLDFOR=86401"), with("HOLDFOR=1 HOLDUNTIL=2099-01-01T00:00Z"),
          with("HOLDFOR=3601 BY=3600;R"), with("HOLDFOR=1 SIZE=1000000"),
          hello + lines({"MAIL FROM:<" + std::string(500, 'p') +
                         "@x> HOLDFOR=1"})};
}

/// Alice's, under TLS: ATRN, and BURL on submission.
std::vector<Reads> logged_in() {
  const Reads login =
      hello + lines({"AUTH PLAIN " + base::base64_encode(
                                         "\0alice\0"s +
                                         std::string(user_password))});
  const Reads with_recipient =
      login + lines({"MAIL FROM:<alice@example.test>",
                     "RCPT TO:<alice@example.test>"});
  const std::string own = "BURL " + burl_of(user_name) + " LAST";
  return {
      hello + lines({"ATRN"}),
      login + lines({"ATRN"}),
      login + lines({"ATRN far.example"}),
      login + lines({own}),
      with_recipient + lines({"BURL x"}),
      with_recipient + lines({"BURL imap://nohost.example/x LAST"}),
      with_recipient + lines({"BURL " + burl_of(second_user_name) + " LAST"}),
      with_recipient + Reads{"BDAT 3\r\nx\r\n"} + lines({own}),
  };
}

/// Where only LMTP, or submission, tells.
std::vector<Reads> services() {
  const Reads lhlo = lines({"LHLO client.example", "MAIL FROM:<a@b.example>",
                            "RCPT TO:<alice@example.test>",
                            "RCPT TO:<alice@example.test>", "DATA", "x", "."});
  return {lhlo, lines({"EHLO client.example"}),
          hello + lines({"XCLIENT NAME=a", "XFORWARD NAME=a"})};
}

/// Few to a session: it ends after too many errors.
std::vector<Reads> mail_parameters() {
  std::vector<Reads> result;
  for (const std::string& text :
       {"SIZE=0"s, "size=100"s, "SIZE=00000000000000000001"s, "SIZE=1k"s,
        "SIZE=1 SIZE=2"s, "SIZE=99999999"s, "SIZE=1000000"s,
        "SIZE=" + std::to_string(size_limit), "BODY=7BIT"s, "BODY=8BITMIME"s,
        "BODY=7bit"s, "BODY=FOO"s, "BODY=7BIT BODY=7BIT"s, "BODY=BINARYMIME"s,
        "RET=FULL"s, "RET=hdrs"s, "RET=FOO"s, "RET=FULL RET=FULL"s, "ENVID"s,
        "ENVID=a=b"s, "ENVID=a+2"s, "ENVID=!#$"s, "ENVID=a ENVID=b"s,
        "ENVID=" + std::string(94, 'e'), "SMTPUTF8"s, "SMTPUTF8=1"s,
        "SMTPUTF8 BODY=8BITMIME"s, "FOO=BAR"s, "=5"s, " SIZE=1"s}) {
    result.push_back(hello + lines({"MAIL FROM:<a@client.example> " + text,
                                    "RCPT TO:<alice@example.test>"}));
  }
  return result;
}

Reads rcpt_parameters() {
  Reads result = begun;
  for (const std::string& text :
       {"NOTIFY=NEVER"s, "NOTIFY=SUCCESS,FAILURE,DELAY"s, "NOTIFY=success"s,
        "NOTIFY=NEVER,SUCCESS"s, "NOTIFY=FOO"s, "NOTIFY="s,
        "NOTIFY=DELAY NOTIFY=DELAY"s, "ORCPT=rfc822;a@x"s, "ORCPT=rfc822"s,
        "ORCPT=rfc822;x"s, "ORCPT=rfc822;a@x ORCPT=rfc822;b@x"s,
        "ORCPT=utf-8;\xc3\xbc@x"s, "FOO=BAR"s,
        "ORCPT=rfc822;" + std::string(487, 'o')}) {
    result.push_back("RCPT TO:<alice@example.test> " + text + "\r\n");
  }
  return result + lines({"RCPT TO:<nobody@example.test> NOTIFY=NEVER"});
}

/// Contents that a right server takes or refuses.
std::vector<Reads> contents() {
  const std::string good = "From: a@b.example\r\nDate: now\r\n";
  std::vector<Reads> result = {
      mail(good + "\r\nHello\r\n..dot\r\n.\r\n") +
          lines({"RCPT TO:<alice@example.test>", "MAIL FROM:<b@c.example>",
                 "DATA", "NOOP"}),
      mail("\r\nno header.\r\n.\r\n"), mail(".\r\n"),
      mail(good + "Content-Type: text\r\n\r\n.\r\n"),
      mail(good + "Subject : x\r\n\r\n.\r\n"),
      mail(good + "Resent-To: a@b.example\r\n\r\n.\r\n"),
      mail(good + "To: " + times(100, "a@b.example,\r\n ") + "\r\n\r\n.\r\n"),
      mail("Received: garbage\r\n" + good + "\r\n.\r\n"),
      mail("Received: x; " + times(60, "junk junk junk junk junk junk\r\n ") +
           times(60, "junk\r\n ") + "y\r\n" + good + "\r\n.\r\n"),
      mail(times(90, "Received: from x by y; now\r\n") + good + "\r\n.\r\n"),
      mail(times(101, "Received: from x by y; now\r\n") + good + "\r\n.\r\n") +
          lines({"RCPT TO:<alice@example.test>"}),
      mail(good + "\r\n\xe4\r\n.\r\n"),
      mail("\xe4\r\n..\r\n.\r\n"),
      mail(good + "Content-Transfer-Encoding: binary\r\n\r\n.\r\n"),
      mail(good + "\r\nBDAT 5\r\n.\r\n"),
      ready + Reads{"DATA\r\n", "x\r\n.\r", "\n", "NOOP\r\n", "\r\n.\r\n"},
      ready + Reads{"DATA\r\n", "x\r\n.\r\nNOOP\r\nFOO\r\nNOOP\r\n"},
      hello + lines({"MAIL FROM:<a@b.example> SIZE=2",
                     "RCPT TO:<bob@example.test>", "DATA", "x", "."}),
      hello + lines({"MAIL FROM:<a@b.example> SIZE=3",
                     "RCPT TO:<bob@example.test>", "DATA", "x", ".", "NOOP"}),
      ready + lines({"RCPT TO:<bob@example.test>",
                     "RCPT TO:<nobody@example.test>", "DATA", "x", ".",
                     "MAIL FROM:<a@b.example>"}),
  };
  for (const auto& end :
       {"\n.\n"s, "\n.\r\n"s, "\r\n.\n"s, "\r.\r"s, "\r.\r\n"s, "\r.\n"s,
        "\n.\r"s, "\r\n.\r"s, "\r\n.\r\r\n"s, "\r\n.\0\r\n"s, "\r\n\0.\r\n"s,
        "\r\n. \r\n"s, "\r\n .\r\n"s, "\r\n.\t\r\n"s, "\x0b.\x0b"s}) {
    result.push_back(mail("x" + end + "y"));
  }
  return result;
}

std::vector<Reads> chunks() {
  const Reads binary =
      hello + lines({"MAIL FROM:<a@b.example> BODY=BINARYMIME",
                     "RCPT TO:<alice@example.test>"});
  return {
      ready + Reads{"BDAT 5\r\nNOOP\n", "BDAT 0 LAST\r\n", "NOOP\r\n"},
      ready + Reads{"BDAT 6 LAST\r\nNOOP\r\n", "BDAT 6\r\nNOOP\r\n"} + ready +
          lines({"DATA", ".", "NOOP"}),
      ready + lines({"BDAT", "BDAT x", "BDAT 5 FOO"}),
      hello + Reads{"BDAT 6\r\nNOOP\r\n", "NOOP\r\n"},
      begun + Reads{"RCPT TO:<x@example.test>\r\n", "BDAT 6\r\nNOOP\r\n",
                    "BDAT 6\r\nNOOP\r\n", "RSET\r\n"},
      ready + Reads{"BDAT 6\r\nold\r\nx", "RSET\r\n"} +
          lines({"MAIL FROM:<a@b.example>", "RCPT TO:<alice@example.test>",
                 "BDAT 0 LAST"}),
      ready + Reads{"BDAT 6\r\nNOOP\r\n", "DATA\r\n", ".\r\n"},
      binary + lines({"DATA", "."}),
      ready + Reads{"BDAT 2\r\nxx\x80\r\n"},
  };
}

std::vector<Reads> commands() {
  const std::string pad(460, ' ');
  return {
      {},
      lines({"NOOP"}), lines({"RSET"}), lines({"HELP"}), lines({"QUIT"}),
      lines({"VRFY alice"}), lines({"MAIL FROM:<a@b.example>"}),
      lines({"ehlo client.example"}), lines({"HELO client.example", "RSET",
                                             "MAIL FROM:<a@b.example>"}),
      lines({"EHLO", "EHLO a_b", "EHLO a b"}),
      lines({"HELO"}), lines({"EHLO a_b"}), lines({"EHLO a b"}), lines({"EHLO elsewhere.test"}),
      lines({"EHLO [127.0.0.1]", "EHLO [IPv6:::1]", "EHLO [ipv6:::1]",
             "EHLO [256.1.1.1]", "EHLO [IPv6:1::2::3]"}),
      ready + lines({"EHLO client.example", "RCPT TO:<alice@example.test>"}),
      ready + lines({"HELO client.example", "RCPT TO:<alice@example.test>"}),
      ready + lines({"EHLO a_b", "RCPT TO:<alice@example.test>"}),
      ready + lines({"MAIL FROM:<b@c.example>", "DATA", ".", "QUIT"}),
      ready + lines({"DATA x", ".", "RSET x", "QUIT x", "NOOP x", "QUIT"}),
      begun + lines({"DATA", "QUIT", "RCPT TO:<alice@example.test>"}),
      begun + lines({"RSET", "RCPT TO:<alice@example.test>"}),
      begun + lines({"DATA", "RCPT TO:<alice@example.test>"}),
      ready + lines({"RSET", "DATA", "."}),
      ready + lines({"NOOP", "DATA"}), ready + lines({"VRFY alice", "DATA"}),
      ready + lines({"EXPN staff", "DATA"}), ready + lines({"HELP", "DATA"}),
      hello + Reads{"NOOP\nRSET\r\n", "NOOP\rRSET\r\n", "NOOP\n\rRSET\r\n"},
      hello + Reads{"NOOP", "\r\n", "RS", "ET\r\n"},
      hello + lines({"NOOP ", "MAIL FROM:<a@b.example>" + pad + "      ",
                     "NOOP " + std::string(600, 'x'), "NOOP \"a b\""}),
      hello + lines({"FOO", "NOOP"}), hello + lines({"DEBUG"}),
      hello + lines({"SEND FROM:<a@b.example>"}), hello + lines({"TURN"}),
      hello + lines({"ETRN x", "HELP x"}), hello + lines({"VRFY", "EXPN"}),
      hello + lines({"ETRN x"}), hello + lines({"ATRN x"}),
      hello + lines({"AUTH PLAIN"}), hello + lines({"STARTTLS"}), hello + lines({"VRFY", "EXPN"}),
      hello + lines({"VRFY alice@example.test", "VRFY nobody",
                     "VRFY a@b.example", "VRFY alice SMTPUTF8", "VRFY crew",
                     "EXPN alice",
                     "VRFY " + std::string(utf8_mailbox),
                     "VRFY " + std::string(500, 'v')}),
      hello + lines({"MAIL from:<a@b.example>"}),
      hello + lines({"MAIL", "RCPT TO:<alice@example.test>", "MAIL FROM:"}),
      hello + lines({"MAIL FROM:<a@@b>", "RCPT TO:<alice@example.test>"}),
      hello + lines({"MAIL FROM: <a@b.example>"}),
      hello + lines({"MAIL FROM:<a@b.example> X=1",
                     "RCPT TO:<alice@example.test>"}),
      hello + lines({"RCPT TO:<alice@example.test>"}),
      hello + lines({"MAIL FROM:<>", "RCPT TO:<alice@example.test>",
                     "RCPT TO:<bob@example.test>", "RCPT TO:<postmaster>"}),
      begun + lines({"RCPT TO:<nobody@example.test>",
                     "RCPT TO:<nobody@example.test>", "RCPT TO:<a@b.example>",
                     "RCPT TO:<>", "RCPT", "RCPT TO:<alice@example.test>x",
                     "RCPT TO:<@r.example:alice@example.test>",
                     "RCPT TO:<postmaster@example.test>",
                     "RCPT TO:<postmaster>", "RCPT TO:<PostMaster>",
                     "RCPT TO:<alice@EXAMPLE.test>", "RCPT  TO:<bob@b.example>",
                     "RCPT TO:<carol@example.test>",
                     "RCPT TO:<dave@example.test>",
                     "RCPT TO:<\"al\\ice\"@example.test>",
                     "RCPT TO:<" + std::string(utf8_mailbox) +
                         "@example.test>"}),
      Reads(ready) + Reads{times(1001, "RCPT TO:<bob@example.test>\r\n")},
      Reads(22, "RCPT TO:<bob@example.test>\r\n"),
      hello + Reads{"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@example.test>\r\n"
                    "RCPT TO:<alice@example.test>\r\n", "NOOP\r\n",
                    "RSET\r\nNOOP\r\n", "RSET\r\nFOO\r\n", "NOOP\r\n"},
      ready + Reads{"RCPT TO:<x@example.test>\r\nDATA\r\n", ".\r\n"},
      ready + Reads{"NOOP\r\nVRFY bob\r\n", "RSET\r\n"},
      hello + Reads{"NOOP\r\nEHLO client.example\r\n", "RSET\r\n"},
      hello + Reads{times(300, "NOOP x\r\n")},
      hello + lines({"MAIL FROM:<a@barred.example>"}),
      hello + Reads{"MAIL FROM:<" + std::string(500, 'x') +
                    "> BODY=BINARYMIME SMTPUTF8 SIZE=1\r\n"},
      senders(), rcpt_parameters(),
  };
}

/// Sessions around limits of size: run where nothing else shows a flaw.
std::vector<Reads> large() {
  const std::string half(size_limit * 6 / 10, 'x');
  const std::string chunk = "BDAT " + std::to_string(half.size());
  return {mail(times(1100, std::string(60, 'x') + "\r\n") + ".\r\n"),
          mail(times(2000, std::string(60, 'x') + "\r\n") + ".\r\n"),
          ready + Reads{chunk + "\r\n" + half, chunk + " LAST\r\n" + half},
          mail(times(size_limit * 2 / 9, "..x\r\n") + ".\r\n")};
}

/// All that a client, or the owner of a mailbox, sees of a session.
std::vector<std::string> seen(const Reads& reads, const FlawSet& flaws,
                              Service service = Service::mta,
                              std::optional<net::TlsFacts> tls = {}) {
  Store store;
  Conversation conversation(store, flaws, {"127.0.0.1", [] {
    return std::chrono::system_clock::time_point();
  }, service, service == Service::submission, std::move(tls)});
  std::vector<std::string> result = {conversation.greeting()};
  for (const auto& read : reads) {
    if (conversation.closing()) break;
    result.push_back(conversation.receive(read));
  }
  result.push_back(conversation.closing() ? "closed" : "open");
  for (const Message& message : store.messages()) {
    result.push_back(message.sender);
    for (const auto& recipient : message.recipients)
      result.push_back(recipient.address);
    result.push_back(message.octets);
  }
  return result;
}

bool has_its_own_test(const Flaw& flaw) {
  const auto has = [&flaw](const auto& table) {
    return std::any_of(table.begin(), table.end(), [&](const Flaw& row) {
      return row.name == flaw.name;
    });
  };
  return has(auth_flaws) || has(sasl_flaws) || has(tls_flaws) ||
         has(audit_flaws) || is_deep(flaw.name);
}

TEST(Flaws, EachOneShows) {
  std::vector<Reads> sessions = commands();
  for (const auto& more :
       {contents(), chunks(), mail_parameters(), relaying()})
    sessions.insert(sessions.end(), more.begin(), more.end());
  std::vector<std::vector<std::string>> right;
  for (const auto& session : sessions) right.push_back(seen(session, {}));

  const std::vector<Reads> slow = large();
  std::vector<std::vector<std::string>> slow_right;
  for (const auto& session : slow) slow_right.push_back(seen(session, {}));

  const auto shows = [](FlawId flaw, const auto& all, const auto& expected) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (seen(all[i], {flaw}) != expected[i]) return true;
    }
    return false;
  };
  const auto shows_in_service = [](FlawId flaw) {
    for (const Service service : {Service::submission, Service::lmtp}) {
      for (const Reads& session : services())
        if (seen(session, {flaw}, service) != seen(session, {}, service))
          return true;
    }
    for (const Service service : {Service::mta, Service::submission}) {
      for (const Reads& session : logged_in())
        if (seen(session, {flaw}, service, net::TlsFacts{}) !=
            seen(session, {}, service, net::TlsFacts{}))
          return true;
    }
    const FlawId open = "submission-open"_flaw;
    for (const Reads& session : holding()) {
      if (seen(session, {flaw, open}, Service::submission) !=
          seen(session, {open}, Service::submission)) {
        return true;
      }
    }
    return false;
  };
  for (const Flaw& row : all_flaws()) {
    const FlawId flaw = *find_flaw(row.name);
    if (flaw == "one-session-at-a-time"_flaw) continue;  // see listener_test
    // See sasl_flaws_test, tls_flaws_test, audit_flaws_test and
    // deep_flaws_test.
    if (has_its_own_test(row)) continue;
    EXPECT_TRUE(shows(flaw, sessions, right) || shows_in_service(flaw) ||
                 shows(flaw, slow, slow_right))
        << row.name;
  }
}

}  // namespace
}  // namespace smtpspec::server
