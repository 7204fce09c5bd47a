#include "scenario/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/source.h"

namespace smtpspec::scenario {
namespace {

std::string shown(std::string_view text) {
  const auto endpoint = parse_endpoint(text);
  return endpoint.host + " " + std::to_string(endpoint.port);
}

std::string error(const std::string& text) {
  try {
    parse_profile(text, "p.yaml");
  } catch (const base::SourceError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Endpoint, PortIs25UnlessGiven) {
  EXPECT_EQ(shown("mx.example"), "mx.example 25");
  EXPECT_EQ(shown("mx.example:2525"), "mx.example 2525");
  EXPECT_EQ(shown("127.0.0.1:65535"), "127.0.0.1 65535");
  EXPECT_EQ(shown("[::1]:2525"), "::1 2525");
  EXPECT_EQ(shown("[::1]"), "::1 25");
  EXPECT_EQ(shown("2001:db8::1"), "2001:db8::1 25");
}

TEST(Endpoint, IsPrintedAsItIsRead) {
  for (const auto* text : {"mx.example:2525", "127.0.0.1:25", "[::1]:2525"})
    EXPECT_EQ(to_string(parse_endpoint(text)), text);
}

TEST(Endpoint, OtherTextIsRefused) {
  for (const auto* text :
       {"", ":25", "a:", "a:0", "a:65536", "a:x", "a:25x", "[::1", "[]:25",
        "[::1]x", "[::1]25", "a b:25", "http://a"}) {
    EXPECT_THROW(parse_endpoint(text), std::invalid_argument) << text;
  }
}

TEST(Profile, HoldsOtherWaysToTheServer) {
  const auto profile = parse_profile(
      "name: x\n"
      "listeners:\n"
      "  mta: localhost:25\n"
      "  other: [localhost:2525, localhost:26]\n"
      "host6: '2001:db8::25'\n"
      "sources: {outside: 127.0.0.2, refused: 127.0.0.8, outside6: 'fd00::2'}\n",
      "p.yaml");
  ASSERT_EQ(profile.other_listeners.size(), 2u);
  EXPECT_EQ(profile.other_listeners[1].port, 26);
  EXPECT_EQ(profile.host6, "2001:db8::25");
  EXPECT_EQ(profile.refused_source, "127.0.0.8");
  EXPECT_EQ(profile.source6, "fd00::2");
}

TEST(Profile, HoldsListenersAndVariables) {
  const auto profile = parse_profile(
      "name: postfix\n"
      "listeners:\n"
      "  mta: localhost:2525\n"
      "  lmtp: '[::1]:24'\n"
      "source: 127.0.0.2\n"
      "client: me.example\n"
      "recipient: alice+\\x41@b.test\n"
      "recipient_n: a+${n}@b.test\n",
      "p.yaml");
  EXPECT_EQ(profile.name, "postfix");
  EXPECT_EQ(profile.listeners.at(Listener::lmtp).port, 24);
  EXPECT_EQ(profile.source, "127.0.0.2");
  EXPECT_EQ(profile.variables, (Variables{{"client", "me.example"},
                                          {"sender", "tester@me.example"},
                                          {"recipient", "alice+A@b.test"},
                                          {"local_part", "alice+A"},
                                          {"domain", "b.test"},
                                          {"recipient_n", "a+${n}@b.test"}}));
}

TEST(Profile, ValuesAreNotGuessedTwice) {
  const auto profile = parse_profile(
      "name: x\nrecipient: a@b.test\ndomain: c.test\nlocal_part: d\n", "p");
  EXPECT_EQ(profile.variables.at("domain"), "c.test");
  EXPECT_EQ(profile.variables.at("local_part"), "d");
}

TEST(Profile, LinesOfAStepAreNumbered) {
  const auto variables = numbered({{"recipient_n", "a${n}+${n}@b.test"}}, 12);
  EXPECT_EQ(variables.at("n"), "12");
  EXPECT_EQ(variables.at("recipient_n"), "a12+12@b.test");
  EXPECT_EQ(numbered({}, 1), (Variables{{"n", "1"}}));
}

TEST(Profile, UnknownTargetHasPostmasterOnly) {
  const auto profile = default_profile({"mx.example", 25}, Listener::lmtp);
  EXPECT_EQ(profile.name, "mx.example:25");
  EXPECT_EQ(profile.listeners.at(Listener::lmtp).host, "mx.example");
  EXPECT_EQ(profile.variables, (Variables{{"client", "client.example"},
                                          {"sender", "tester@client.example"},
                                          {"recipient", "postmaster"},
                                          {"local_part", "postmaster"}}));
}

TEST(Profile, ReferenceSetsNoVariableThatNobodyKnows) {
  const auto profile = reference_profile();
  EXPECT_EQ(profile.variables.at("domain"), "example.test");
  EXPECT_EQ(profile.variables.at("recipient_64").find('@'), 64U);
  for (const auto& [name, value] : profile.variables) {
    const auto& names = variable_names();
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const auto& known) {
      return known.name == name && !known.from_player;
    })) << name;
  }
}

TEST(Profile, GuessingIsPermittedByName) {
  EXPECT_FALSE(parse_profile("name: x\n", "p").permits_guessing);
  EXPECT_TRUE(parse_profile("name: x\npermits: [guessing]\n", "p")
                  .permits_guessing);
  EXPECT_TRUE(parse_profile("name: x\npermits: guessing\n", "p")
                  .permits_guessing);
  EXPECT_FALSE(default_profile({"mx.example", 25}, Listener::mta)
                   .permits_guessing);
  EXPECT_THAT(error("name: x\npermits: [guesing]\n"),
              testing::HasSubstr(":2:11: 'guesing' is nothing that can be"));
}

TEST(Profile, MechanismsAreNames) {
  EXPECT_TRUE(parse_profile("name: x\n", "p").mechanisms.empty());
  EXPECT_EQ(parse_profile("name: x\nmechanisms: [PLAIN, SCRAM-SHA-1]\n", "p")
                .mechanisms,
            (std::vector<std::string>{"PLAIN", "SCRAM-SHA-1"}));
  EXPECT_THAT(error("name: x\nmechanisms: [plain]\n"),
              testing::HasSubstr(":2:14: 'plain' is no mechanism of SASL"));
}

TEST(Profile, ErrorsPointAtThePlace) {
  using testing::HasSubstr;
  EXPECT_EQ(error("name: x\nrecipient: a\\q@b\n"),
            "p.yaml:2:13: unknown escape: there are \\r \\n \\t \\0 \\\\ \\$ "
            "\\xHH\n"
            "  recipient: a\\q@b\n"
            "              ^");
  EXPECT_THAT(error("name: x\ntoken: y\n"), HasSubstr(":2:1: unknown key"));
  EXPECT_THAT(error("name: x\nname: y\n"), HasSubstr("there already"));
  EXPECT_THAT(error("name: x\nuser:\n"), HasSubstr("user is a text"));
  EXPECT_THAT(error("name: x\nlisteners: a:25\n"), HasSubstr("is a mapping"));
  EXPECT_THAT(error("name: x\nlisteners: {mx: a}\n"),
              HasSubstr(":2:13: a lis"));
  EXPECT_THAT(error("name: x\nlisteners: {mta: 'a:b'}\n"),
              HasSubstr(":2:18: 'a:b' is no host:port"));
}

TEST(Profile, MissingFileIsASourceError) {
  EXPECT_THROW(load_profile("/nonexistent.yaml"), base::SourceError);
  EXPECT_THROW(load_profile("/"), base::SourceError);
}

}  // namespace
}  // namespace smtpspec::scenario
