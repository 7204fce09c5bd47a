#include "fuzzing/structure.h"

#include <gmock/gmock.h>

namespace smtpspec::fuzzing {
namespace {

using testing::ElementsAre;

std::vector<Unit> units(const char* text) {
  return parse_input(text, "f").units;
}

std::vector<std::size_t> sizes(const std::vector<Span>& spans) {
  std::vector<std::size_t> result;
  for (const Span& span : spans) result.push_back(span.size());
  return result;
}

std::string framed(const char* octets) {
  Unit unit = command("");
  unit.octets = octets;
  frame_chunk(unit);
  return unit.octets;
}

std::string ended(std::string octets) {
  end_content(octets);
  return octets;
}

TEST(Structure, AVerbIsTheFirstWordInUpperCase) {
  EXPECT_EQ(verb_of(command("mail FROM:<>")), "MAIL");
  EXPECT_EQ(verb_of(command("")), "");
  EXPECT_EQ(verb_of({Unit::Kind::login, "PLAIN", "", false, true}), "");
}

TEST(Structure, PhasesFollowWhatWasSaid) {
  EXPECT_THAT(
      phases(units("C: EHLO a\nS:\nC: RCPT TO:<a>\nC: MAIL FROM:<>\n"
                   "C: RCPT TO:<a>\nC: DATA\nC> RSET\\r\\n.\\r\\n\nC: MAIL "
                   "FROM:<>\nC: RSET\n")),
      ElementsAre(Phase::connected, Phase::greeted, Phase::greeted, Phase::mail,
                  Phase::recipient, Phase::content, Phase::greeted, Phase::mail,
                  Phase::greeted));
  EXPECT_THAT(
      phases(units("C: EHLO a\nC: MAIL FROM:<>\nC: RCPT TO:<a>\nC: BDAT 0\n"
                   "C: bdat 0 last\nC: AUTH PLAIN\nC: AA==\nC: NOOP\nTLS:\n")),
      ElementsAre(Phase::connected, Phase::greeted, Phase::mail,
                  Phase::recipient, Phase::chunks, Phase::greeted, Phase::login,
                  Phase::login, Phase::greeted, Phase::connected));
}

TEST(Structure, AtomsKeepTogetherWhatBelongsTogether) {
  EXPECT_THAT(
      sizes(atoms(units("C: EHLO a\nC: STARTTLS\nTLS:\nC: EHLO a\nC: AUTH "
                        "LOGIN\nC: a\nC: *\nC: DATA\nC> x\\r\\n.\\r\\n\n"
                        "C: NOOP\nC: DATA\n"))),
      ElementsAre(1, 3, 3, 2, 1, 1));
}

TEST(Structure, AChunkHasItsSize) {
  EXPECT_EQ(framed("BDAT 9 LAST\r\nab"), "BDAT 2 LAST\r\nab");
  EXPECT_EQ(framed("bdat  0\r\n\r\n"), "bdat  2\r\n\r\n");
  EXPECT_EQ(framed("BDAT 5\r\n"), "BDAT 0\r\n");
  for (const char* other : {"BDAT x\r\na", "BDAT 1", "NOOP 1\r\na", "BDAT\r\n1"})
    EXPECT_EQ(framed(other), other);
}

TEST(Structure, ChunksToTheLetterAreClear) {
  for (const char* clear :
       {"BDAT 0", "bdat 12 last", "BDAT 999999999 LAST", "NOOP BDAT 1 X", ""})
    EXPECT_FALSE(is_doubtful_chunk(clear)) << clear;
  for (const char* doubtful :
       {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 S", "BDAT 1 LAST X", "BDAT  1",
        "BDAT 1 ", " BDAT 1", "BDAT 18446744073709551617"})
    EXPECT_TRUE(is_doubtful_chunk(doubtful)) << doubtful;
}

TEST(Structure, MailDataHasAnEnd) {
  EXPECT_EQ(ended(""), ".\r\n");
  EXPECT_EQ(ended(".\r\n"), ".\r\n");
  EXPECT_EQ(ended("a"), "a\r\n.\r\n");
  EXPECT_EQ(ended("a\r\n"), "a\r\n.\r\n");
  EXPECT_EQ(ended("a\n.\n"), "a\n.\n\r\n.\r\n");
  EXPECT_EQ(ended("a\r\n.\r\n"), "a\r\n.\r\n");
}

TEST(Structure, LimitsAreMadeToFit) {
  Input input;
  input.units.resize(Input::max_units + 1,
                     command(std::string(Input::max_octets / 2, 'a')));
  input.units[0] = {Unit::Kind::tls, "", "", true, false};
  fit(input);
  EXPECT_EQ(parse_input(print(input), "f"), input);
}

}  // namespace
}  // namespace smtpspec::fuzzing
