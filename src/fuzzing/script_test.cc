#include "fuzzing/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>

#include "fuzzing/evidence_fixture.h"
#include "play/scripted_server.h"

namespace smtpspec::fuzzing {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// Runs scripts against a server that keeps what it is told.
class ScriptTest : public testing::Test {
 protected:
  ScriptTest() {
    std::string name =
        (fs::path(testing::TempDir()) / "replay-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ScriptTest() override { fs::remove_all(folder_); }

  /// What the script prints.
  std::string run(const std::string& script,
                  const std::string& environment = "") {
    std::ofstream(folder_ + "/replay.py") << script;
    boost::asio::io_context io{1};
    play::ScriptedServer server(io, [this](const std::string& line, int) {
      told_ += line + "|";
      return answer_to(line);
    });
    const std::string command =
        environment + " python3 " + folder_ + "/replay.py 127.0.0.1 " +
        std::to_string(server.port()) + " 2>&1";
    auto printed = std::async(std::launch::async, [&] {
      std::string text = output_of(command);
      boost::asio::post(io, [&] { io.stop(); });
      return text;
    });
    io.run();
    return printed.get();
  }

  static std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    while (fgets(buffer, sizeof(buffer), pipe) != nullptr) text += buffer;
    pclose(pipe);
    return text;
  }

  static play::Answer answer_to(const std::string& line) {
    if (line.empty()) return {"220 mx.example.test\r\n"};
    if (line.starts_with("EHLO")) return {"250-mx\r\n250 PIPELINING\r\n"};
    if (line.starts_with("AUTH")) return {"334 \r\n"};
    if (line == "AGZyZWQAc2VjcmV0") return {"235 Ok\r\n"};
    if (line.starts_with("last")) return {"500 What\r\n", true};
    return {"250 Ok\r\n"};
  }

  std::string folder_;
  std::string told_;
};

TEST_F(ScriptTest, SaysTheSessionAndPrintsIt) {
  Evidence evidence = evidence_of(
      {line_unit("MAIL FROM:<${sender}>", false),
       {Unit::Kind::octets, "'\\" + std::string(40, 'x') + "\x80\r\n", "", true,
        true},
       line_unit("last")},
      {answer("MAIL", "250 Ok", 2), answer("", "250 Ok", 2),
       answer("", "500 What", 3)});
  const std::string printed = run(to_script(evidence));
  EXPECT_EQ(told_, "|EHLO client.example|MAIL FROM:<s@client.example>|'\\" +
                       std::string(40, 'x') + "\x80|last|");
  EXPECT_EQ(printed,
            "S: 220 mx.example.test\\r\\n\n"
            "C: EHLO client.example\n"
            "S: 250-mx\\r\\n\nS: 250 PIPELINING\\r\\n\n"
            "C: MAIL FROM:<s@client.example>\n"
            "C: '\\\\" + std::string(40, 'x') + "\\x80\n"
            "S: 250 Ok\\r\\n\nS: 250 Ok\\r\\n\n"
            "C: last\nS: 500 What\\r\\n\n"
            "# the server closed the connection\n");
}

TEST_F(ScriptTest, AsksForSecretsAndDoesNotShowThem) {
  Evidence evidence =
      evidence_of({{Unit::Kind::login, "PLAIN", "", false, true},
                   line_unit("X ${password}"),
                   line_unit("last")},
                  {logged_in("AUTH PLAIN", "235 Ok", 1),
                   answer("X", "250 Ok", 2), answer("", "500 What", 3)});
  const std::string script = to_script(evidence);
  EXPECT_THAT(script, Not(HasSubstr("geheim123")));
  EXPECT_THAT(run(script), HasSubstr("set SMTP_USER: this session logs in"));
  told_.clear();
  const std::string printed =
      run(script, "SMTP_USER=fred SMTP_PASSWORD=secret");
  EXPECT_EQ(told_,
            "|EHLO client.example|AUTH PLAIN|AGZyZWQAc2VjcmV0|X secret|last|");
  EXPECT_THAT(printed, HasSubstr("C: AUTH PLAIN\n"));
  EXPECT_THAT(printed, HasSubstr("C: X ***\n"));
  EXPECT_THAT(printed, Not(HasSubstr("secret")));
}

TEST_F(ScriptTest, HandshakeBeforeTheGreetingIsNoReply) {
  Evidence evidence = evidence_of({line_unit("last")}, {});
  evidence.listener = scenario::Listener::submissions;
  Answer handshake = secured(0);
  handshake.is_outcome = false;
  auto& answers = evidence.observation.answers;
  answers.insert(answers.begin(), handshake);
  EXPECT_THAT(to_script(evidence),
              HasSubstr("STEPS = [\n    ('tls',),\n    ('read', 1),\n"
                        "    ('send', [b'EHLO client.example\\r\\n'], False),\n"
                        "    ('read', 1),\n"));
}

TEST_F(ScriptTest, EachSessionHasATokenOfItsOwn) {
  Evidence evidence =
      evidence_of({line_unit("NOOP ${token}"), line_unit("last")},
                  {answer("NOOP", "250 Ok", 1)});
  run(to_script(evidence));
  EXPECT_THAT(told_, Not(HasSubstr("${token}")));
  EXPECT_THAT(told_, Not(HasSubstr("t0123")));
}

TEST_F(ScriptTest, SaysHowItIsUsed) {
  std::ofstream(folder_ + "/replay.py") << to_script(evidence_of({}, {}));
  EXPECT_THAT(output_of("python3 " + folder_ + "/replay.py 2>&1"),
              HasSubstr("replay.py HOST PORT"));
}

}  // namespace
}  // namespace smtpspec::fuzzing
