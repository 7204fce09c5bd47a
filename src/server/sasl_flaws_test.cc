// Every flaw against AUTH or submission shows: in at least one of these
// sessions a server that has it sends, closes or stores something else than a
// right one.
#include <gtest/gtest.h>

#include <functional>

#include "server/sasl_fixture.h"

namespace smtpspec::server {
namespace {

using Play = std::function<void(Dialogue&)>;
using std::string_literals::operator""s;

struct Scene {
  std::optional<net::TlsFacts> tls;
  Service service = Service::mta;
  Play play;
};

/// Says `texts` under TLS, a line each.
Scene lines(std::vector<std::string> texts) {
  return {tls_1_3(), Service::mta, [texts](Dialogue& dialogue) {
            for (const auto& text : texts) dialogue.say(text);
          }};
}

/// Logs in, then says `texts`.
Scene after_login(std::vector<std::string> texts,
                  Service service = Service::mta) {
  return {tls_1_3(), service, [texts](Dialogue& dialogue) {
            dialogue.log_in();
            for (const auto& text : texts) dialogue.say(text);
          }};
}

Scene message(std::string mechanism, std::string octets,
              std::optional<net::TlsFacts> tls = tls_1_3()) {
  return {std::move(tls), Service::mta, [=](Dialogue& dialogue) {
            dialogue.auth(mechanism, octets);
            dialogue.answer("\x01");
          }};
}

Scene plain(const std::string& authzid, const std::string& name,
            const std::string& password) {
  return {tls_1_3(), Service::mta, [=](Dialogue& dialogue) {
            dialogue.auth("PLAIN", Dialogue::plain(authzid, name, password));
            dialogue.mail("x");
          }};
}

const std::string alice(user_name);
const std::string password(user_password);
const std::string credentials =
    base::base64_encode(Dialogue::plain("", user_name, user_password));

/// Puts `what` into the middle of right credentials.
std::string broken(const std::string& what) {
  return credentials.substr(0, 8) + what + credentials.substr(8);
}

std::vector<Scene> rules() {
  const std::string mail = "MAIL FROM:<alice@example.test>";
  const std::string rcpt = "RCPT TO:<alice@example.test>";
  const std::string auth = "AUTH PLAIN " + credentials;
  const auto wrong = "AUTH PLAIN " + base::base64_encode("\0alice\0x"s);
  std::string long_name = "+61@";
  for (int i = 0; i < 160; ++i) long_name += "+61";
  return {
      lines({"EHLO client.example"}),
      {std::nullopt, Service::mta,
       [=](Dialogue& d) {
         d.say("EHLO client.example");
         d.say(auth);
         d.say(wrong);
         d.auth("OAUTHBEARER", bearer_message("n,,"));
         d.say(mail + " AUTH=<>");
         d.say(rcpt);
         d.say("DATA");
         d.say(".");
       }},
      {with_certificate(), Service::mta,
       [](Dialogue& d) { d.say("EHLO client.example"); }},
      {tls_1_3(), Service::mta,
       [=](Dialogue& d) {
         d.start_tls();
         d.say(auth);
       }},
      lines({"HELO client.example", auth, "NOOP"}),
      lines({auth, auth}),
      after_login({"RSET", auth}),
      after_login({"EHLO client.example", auth}),
      after_login({mail, rcpt, "DATA", ".", auth}),
      lines({mail, auth, rcpt, "RSET"}),
      after_login({mail}),
      {tls_1_3(), Service::mta,
       [=](Dialogue& d) {
         d.send(auth + "\r\nNOOP\r\n");
         d.say("NOOP");
       }},
      lines({"AUTH X-NOSUCH"}),
      lines({"auth plain"}),
      lines({"AUTH", "*"}),
      lines({auth + " x"}),
      lines({"AUTH PLAIN", credentials}),
      lines({"AUTH LOGIN", "YWxpY2U=", "*", "NOOP"}),
      lines({"AUTH PLAIN =", "NOOP"}),
      {with_certificate(), Service::mta,
       [](Dialogue& d) { d.say("AUTH EXTERNAL ="); }},
      lines({"AUTH CRAM-MD5 Zm9v", "*", "NOOP"}),
      lines({"AUTH CRAM-MD5", "*", "NOOP", "AUTH PLAIN", "*"}),
      lines({"AUTH PLAIN", "!!!!", "NOOP"}),
      lines({"AUTH PLAIN", broken("-")}),
      lines({"AUTH PLAIN", broken("=")}),
      lines({"AUTH PLAIN", credentials.substr(0, credentials.find('='))}),
      lines({"AUTH PLAIN", "AB=="}),
      lines({"AUTH PLAIN", "AAA"}),
      lines({"AUTH PLAIN", std::string(1024, 'A'), "NOOP"}),
      lines({"AUTH PLAIN", std::string(12288, 'A'), "NOOP"}),
      lines({"AUTH PLAIN", std::string(20000, 'A'), "NOOP"}),
      lines({"AUTH PLAIN " + std::string(600, 'A')}),
      lines({wrong, wrong, wrong, auth}),
      {tls_1_3(), Service::mta,
       [=](Dialogue& d) {
         for (int i = 0; i < 12; ++i) d.say(wrong);
       }},
      {tls_1_3(), Service::mta,
       [=](Dialogue& d) {
         for (int i = 0; i < 9; ++i) {
           d.say(wrong);
           d.next_session();
         }
       }},
      after_login({mail, rcpt, "DATA", "."}),
      lines({"AUTH CRAM-MD5", base::base64_encode("carol 0123")}),
      plain("", "theboss", std::string(user_password)),
      plain("", "dave", std::string(user_password)),
      lines({mail + " AUTH=<>", "RSET", mail + " AUTH=a@b.example", "RSET",
             mail + " auth=<>", "RSET", mail + " AUTH=foo+ZZ", "RSET",
             mail + " AUTH=" + long_name}),
  };
}

std::vector<Scene> submission() {
  const auto early = [](const std::string& line) {
    return Scene{tls_1_3(), Service::submission,
                 [line](Dialogue& dialogue) { dialogue.say(line); }};
  };
  const auto from = [](const std::string& sender) {
    return after_login({"MAIL FROM:<" + sender + ">", "RCPT TO:<x@far.example>",
                        "RCPT TO:<x@single>", "RCPT TO:<x@barred.example>"},
                       Service::submission);
  };
  const auto content = [](const std::string& text) {
    return Scene{tls_1_3(), Service::submission, [text](Dialogue& dialogue) {
                   dialogue.log_in();
                   dialogue.mail(text);
                 }};
  };
  return {early("MAIL FROM:<a@b.example>"),
          early("RCPT TO:<a@b.example>"),
          early("DATA"),
          early("VRFY alice"),
          early("EXPN staff"),
          early("NOOP"),
          early("RSET"),
          early("EHLO x.example"),
          early("QUIT"),
          from("alice@example.test"),
          from("bob@example.test"),
          from("alice@single"),
          content("x"),
          content("From: <a..b@c.example>\r\n"),
          content("Sender: <bob@example.test>\r\n")};
}

std::vector<Scene> mechanisms() {
  const std::string shy = "\xc2\xad";
  return {
      plain("", "al" + shy + "ice", password),
      plain(shy, alice, password),
      lines({"AUTH PLAIN ="}),
      message("PLAIN", alice),
      message("PLAIN", alice + "\0"s + password),
      message("PLAIN", Dialogue::plain("", alice, password) + "\0x"s),
      plain("", alice, ""),
      plain("", "", password),
      plain("", alice, shy),
      plain("", alice, "x"),
      plain("", "nobody", "x"),
      plain("", alice + "\a", password),
      plain("", alice + "\xff", password),
      plain("", alice + "\r\nX: y", password),
      plain("", alice + "\nX: y", password),
      plain("", alice + "\x1b[31m", password),
      plain("", alice + "\xc2\x85X: y", password),
      plain("", "\xef\xbd\x81lice", password),
      plain("", std::string(255, 'n'), "x"),
      plain(alice, alice, password),
      plain("bob", alice, password),
      {tls_1_3(), Service::mta,
       [](Dialogue& d) {
         for (const std::size_t size : {16U, 32U}) {
           const auto challenge = ScramClient::decoded(d.say("AUTH CRAM-MD5"));
           d.answer("alice " +
                    cram_md5(user_password, challenge).substr(0, size));
         }
       }},
      {tls_1_3(), Service::mta,
       [](Dialogue& d) {
         d.say("AUTH CRAM-MD5");
         d.answer("alice 00000000000000000000000000000000");
       }},
      {tls_1_3(), Service::mta,
       [](Dialogue& d) {
         const auto challenge = ScramClient::decoded(d.say("AUTH CRAM-MD5"));
         d.say("*");
         d.say("AUTH CRAM-MD5");
         d.answer("alice " + cram_md5(user_password, challenge));
       }},
      message("OAUTHBEARER", bearer_message("n,,", bearer_token, "x=y\x01")),
      message("OAUTHBEARER", "n,,\x01port=25\x01\x01"),
      message("OAUTHBEARER", bearer_message("n,,", "x")),
      message("OAUTHBEARER",
              bearer_message("n,,", bearer_token, "host=wrong.example\x01")),
      message("OAUTHBEARER", bearer_message("n,,"), std::nullopt),
      message("XOAUTH2", bearer_message("user=alice", "x")),
      lines({"AUTH EXTERNAL ="}),
  };
}

std::vector<Scene> scrams() {
  std::vector<Scene> result;
  const auto add = [&result](ScramClient client,
                             std::optional<net::TlsFacts> tls = tls_1_3()) {
    result.push_back(
        {std::move(tls), Service::mta,
         [client](Dialogue& dialogue) { ScramClient(client).play(dialogue); }});
  };
  add({});
  add({.mechanism = "SCRAM-SHA-1"});
  add({.name = "al=ice"});
  add({.name = "al=2Cice"});
  add({.header = "x,,"});
  add({.before = "m=x,"});
  add({.more = ",z=1"});
  add({.final_header = "n,a=alice,"});
  add({.final_nonce = "other"});
  add({.has_wrong_proof = true});
  add({.header = "y,,"});
  add({.header = "n,a=bob,"});
  const std::string plus = "SCRAM-SHA-256-PLUS";
  add({.mechanism = plus,
       .header = "p=tls-exporter,,",
       .binding = tls_1_3().exporter});
  add({.mechanism = plus,
       .header = "p=tls-unique,,",
       .binding = tls_1_2().unique},
      tls_1_2());
  add({.mechanism = plus, .header = "p=tls-exporter,,", .binding = "x"});
  add({.mechanism = plus, .header = "p=foo,,"});
  add({.mechanism = plus, .header = "p=tls-exporter,,", .binding = "x"},
      std::nullopt);
  return result;
}

std::vector<std::string> seen(const Scene& scene, FlawSet flaws) {
  Dialogue dialogue(scene.tls, flaws, scene.service);
  scene.play(dialogue);
  return dialogue.seen();
}

TEST(AuthFlaws, EachOneShows) {
  std::vector<Scene> scenes = rules();
  for (const auto& more : {submission(), mechanisms(), scrams()})
    scenes.insert(scenes.end(), more.begin(), more.end());
  std::vector<std::vector<std::string>> right;
  for (const Scene& scene : scenes) right.push_back(seen(scene, {}));

  const auto shows = [&](FlawId flaw) {
    for (std::size_t i = 0; i < scenes.size(); ++i) {
      if (seen(scenes[i], {flaw}) != right[i]) return true;
    }
    return false;
  };
  for (const auto& row : auth_flaws)
    EXPECT_TRUE(shows(*find_flaw(row.name))) << row.name;
  for (const auto& row : sasl_flaws)
    EXPECT_TRUE(shows(*find_flaw(row.name))) << row.name;
}

/// The login that succeeds in spite of what it lacks, by flaw.
TEST(AuthFlaws, LetInWhomTheyShould) {
  const auto last_code = [](const Scene& scene, FlawSet flaws) {
    Dialogue dialogue(scene.tls, flaws, scene.service);
    scene.play(dialogue);
    const auto all = dialogue.seen();
    return all[1].substr(0, 3);
  };
  const auto lets_in = [&](const Scene& scene, FlawId flaw) {
    EXPECT_NE(last_code(scene, {}), "235") << flaw.name();
    EXPECT_EQ(last_code(scene, {flaw}), "235") << flaw.name();
  };
  const auto after_auth = [](const std::string& response) {
    return lines({"AUTH PLAIN " + response});
  };
  lets_in(after_auth(broken("-")), "auth-bad-base64-skipped"_flaw);
  lets_in(after_auth(broken("=")), "auth-padding-inside-accepted"_flaw);
  lets_in(after_auth("=" + credentials), "auth-padding-inside-accepted"_flaw);
  lets_in(plain("", alice, ""), "plain-empty-password-accepted"_flaw);
  lets_in(plain("bob", alice, password), "plain-foreign-authzid-accepted"_flaw);
  lets_in(plain("", alice + "\xff", password),
          "plain-invalid-utf8-accepted"_flaw);
  lets_in(message("EXTERNAL", alice),
          "external-without-certificate-accepted"_flaw);
}

}  // namespace
}  // namespace smtpspec::server
