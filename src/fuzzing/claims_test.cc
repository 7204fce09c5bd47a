#include "fuzzing/claims.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace smtpspec::fuzzing {
namespace {

/// What a process that is forked now says to `question`.
template <class Question>
bool another_says(Question question) {
  const pid_t pid = fork();
  if (pid == 0) _exit(question() ? 1 : 0);
  int how = 0;
  waitpid(pid, &how, 0);
  EXPECT_TRUE(WIFEXITED(how));
  return WEXITSTATUS(how) == 1;
}

TEST(Claims, WhatOneProcessHasTakenNoOtherTakes) {
  Claims claims;
  EXPECT_TRUE(another_says([&] { return claims.take("late-reply"); }));
  EXPECT_FALSE(claims.take("late-reply"));
  EXPECT_FALSE(another_says([&] { return claims.take("late-reply"); }));
  EXPECT_TRUE(claims.take("server-died"));
}

TEST(Claims, WhatIsGivenBackIsForTheNextOne) {
  Claims claims;
  EXPECT_TRUE(claims.take("late-reply"));
  claims.give_back("late-reply");
  EXPECT_TRUE(another_says([&] { return claims.take("late-reply"); }));
  EXPECT_FALSE(claims.take("late-reply"));
}

TEST(Claims, WhereAllPlacesAreInUseEverybodyTakesWhatIsNew) {
  Claims claims;
  for (int i = 0; i < 10'000; ++i) claims.take("signature-" + std::to_string(i));
  EXPECT_FALSE(claims.take("signature-0"));
  EXPECT_TRUE(claims.take("one-more"));
  EXPECT_TRUE(claims.take("one-more"));
}

}  // namespace
}  // namespace smtpspec::fuzzing
