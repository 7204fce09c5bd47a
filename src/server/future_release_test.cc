#include <gtest/gtest.h>

#include <string>

#include "server/parameters.h"

namespace smtpspec::server {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr Offer submission{.extensions = true, .future_release = true};

/// "501 5.5.4", or "" if MAIL with `text` is taken on 21 November 2026.
std::string refusal(const std::string& text, Offer offer = submission) {
  MailParameters parameters;
  auto reply = parse_parameters(" " + text, offer, {}, parameters);
  if (!reply)
    reply = hold_refusal(parameters, sys_days(year(2026) / 11 / 21), {});
  if (!reply) return "";
  return std::to_string(reply->code) + " " + std::string(reply->enhanced);
}

TEST(FutureRelease, TakesIntervalsAndDatesUpToTheMaximum) {
  for (const auto* text :
       {"HOLDFOR=1", "holdfor=86400", "HOLDUNTIL=2026-11-22T00:00:00Z",
        "HOLDUNTIL=2028-02-29T23:59:60.5+00:00", "SIZE=524288 HOLDFOR=1",
        "HOLDUNTIL=2099-12-31t23:59:59z", "HOLDFOR=3600 BY=3600;R"}) {
    EXPECT_EQ(refusal(text), "") << text;
  }
}

TEST(FutureRelease, RefusesWhatIsBeyondTheMaximumOrMalformed) {
  for (const auto* text :
       {"HOLDFOR=86401", "HOLDFOR=0", "HOLDFOR=-5", "HOLDFOR=01", "HOLDFOR=abc",
        "HOLDFOR=9999999999", "HOLDFOR", "HOLDUNTIL=2100-01-01T00:00:00Z",
        "HOLDUNTIL=2026-13-01T00:00:00Z", "HOLDUNTIL=2027-02-29T00:00:00Z",
        "HOLDUNTIL=2026-12-01T24:00:00Z", "HOLDUNTIL=2026-12-01T00:00:00",
        "HOLDUNTIL=2026-12-01T00:00:00+02:00", "HOLDUNTIL=2026-12-01"}) {
    EXPECT_EQ(refusal(text), "501 5.5.4") << text;
  }
}

TEST(FutureRelease, RefusesASecondHold) {
  const std::string until = "HOLDUNTIL=2026-12-01T00:00:00Z";
  for (const auto& text : {std::string("HOLDFOR=1 HOLDFOR=1"),
                           "HOLDFOR=1 " + until, until + " " + until}) {
    EXPECT_EQ(refusal(text), "501 5.5.4") << text;
  }
}

TEST(FutureRelease, RefusesAReleaseBehindTheDeadline) {
  for (const auto* text :
       {"HOLDFOR=3601 BY=3600;R", "BY=3600;N HOLDFOR=3601",
        "HOLDUNTIL=2026-11-21T01:00:01Z BY=3600;R", "HOLDFOR=1 BY=-1;N"}) {
    EXPECT_EQ(refusal(text), "501 5.5.4") << text;
  }
}

TEST(FutureRelease, HasAQuota) {
  EXPECT_EQ(refusal("SIZE=1000000 HOLDFOR=1"), "552 5.7.16");
  EXPECT_EQ(refusal("SIZE=1000000"), "");
}

TEST(FutureRelease, IsUnknownWhereItIsNotOffered) {
  EXPECT_EQ(refusal("HOLDFOR=1", {.extensions = true}), "555 5.5.4");
  EXPECT_EQ(refusal("HOLDUNTIL=x", {.extensions = true}), "555 5.5.4");
}

}  // namespace
}  // namespace smtpspec::server
