// Flaws that put other octets in the place of a right reply: a table.
#include <array>

#include "server/reply.h"

namespace smtpspec::server {

namespace {

/// With `flaw`, a reply to `verb` that begins with `right` is sent as `wrong`.
struct Substitute {
  FlawId flaw;
  std::string_view verb;
  std::string_view right;
  std::string_view wrong;
};

constexpr auto substitutes = std::to_array<Substitute>({
    {"greeting-missing"_flaw, "greeting", "", ""},
    {"greeting-without-domain"_flaw, "greeting", "", "220 ***\r\n"},
    {"greeting-bare-host-name"_flaw, "greeting", "", "220 mx ESMTP\r\n"},
    {"greeting-550"_flaw, "greeting", "", "550 mx.example.test ESMTP\r\n"},
    {"greeting-with-version"_flaw, "greeting", "",
     "220 mx.example.test ESMTP Refmail 4.96\r\n"},
    {"refusal-unexplained"_flaw, "greeting", "", "554 mx.example.test\r\n"},

    {"refused-ehlo-wrong-code"_flaw, "EHLO", "501", "553 No such name\r\n"},

    {"unknown-command-502"_flaw, "unknown", "500", "502 5.5.1 Unknown\r\n"},
    {"enhanced-code-unpaired"_flaw, "unknown", "500", "500 5.2.2 Unknown\r\n"},
    {"unimplemented-command-504"_flaw, "SEND", "502", "504 5.5.1 Unknown\r\n"},
    {"unimplemented-command-504"_flaw, "TURN", "502", "504 5.5.1 Unknown\r\n"},

    {"two-replies"_flaw, "NOOP", "", "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n"},
    {"one-reply-missing"_flaw, "NOOP", "", ""},
    {"reply-bare-lf"_flaw, "NOOP", "", "250 2.0.0 Ok\n"},
    {"reply-cr-cr-lf"_flaw, "NOOP", "", "250 2.0.0 Ok\r\r\n"},
    {"reply-first-digit"_flaw, "NOOP", "", "650 Ok\r\n"},
    {"reply-second-digit"_flaw, "NOOP", "", "260 2.0.0 Ok\r\n"},
    {"reply-unknown-code"_flaw, "NOOP", "", "259 2.0.0 Ok\r\n"},
    {"reply-four-digits"_flaw, "NOOP", "", "2500 2.0.0 Ok\r\n"},
    {"reply-bad-separator"_flaw, "NOOP", "", "250_Ok\r\n"},
    {"reply-line-without-code"_flaw, "NOOP", "",
     "250-2.0.0 Ok\r\nand well\r\n250 2.0.0 Ok\r\n"},
    {"reply-without-last-line"_flaw, "NOOP", "", "250-2.0.0 Ok\r\n"},
    {"reply-codes-differ"_flaw, "NOOP", "",
     "250-2.0.0 Ok\r\n251 2.0.0 Ok\r\n"},
    {"reply-control-octets"_flaw, "NOOP", "", "250 2.0.0 Ok\a\r\n"},
    {"reply-non-ascii"_flaw, "NOOP", "", "250 2.0.0 Gr\xc3\xbc\xc3\x9f\r\n"},
    {"reply-without-text"_flaw, "NOOP", "", "250\r\n"},
    {"noop-wrong-code"_flaw, "NOOP", "250", "220 2.0.0 Ok\r\n"},
    {"enhanced-code-missing"_flaw, "NOOP", "", "250 Ok\r\n"},
    {"enhanced-code-class-differs"_flaw, "NOOP", "", "250 5.0.0 Ok\r\n"},
    {"enhanced-code-leading-zero"_flaw, "NOOP", "", "250 2.00.0 Ok\r\n"},
    {"enhanced-code-syntax"_flaw, "NOOP", "", "250 2.0.1000 Ok\r\n"},
    {"enhanced-code-with-spaces"_flaw, "NOOP", "", "250 2. 0.0 Ok\r\n"},
    {"enhanced-code-no-space"_flaw, "NOOP", "", "250 2.0.0-Ok\r\n"},
    {"enhanced-code-differs-between-lines"_flaw, "NOOP", "",
     "250-2.0.0 Ok\r\n250 2.1.5 Ok\r\n"},
    {"enhanced-code-unregistered"_flaw, "NOOP", "", "250 2.9.9 Ok\r\n"},

    {"line-too-long-501"_flaw, "NOOP", "500 5.5.2 Line",
     "501 5.5.2 Line too long\r\n"},

    {"mail-before-ehlo-wrong-code"_flaw, "MAIL", "503 5.5.1 Say EHLO",
     "550 5.5.1 No\r\n"},
    {"mail-wrong-success-code"_flaw, "MAIL", "250", "251 2.1.0 Ok\r\n"},
    {"refused-sender-554"_flaw, "MAIL", "550 5.7.1 The sender is barred",
     "554 5.7.1 No\r\n"},
    {"mail-refused-with-551"_flaw, "MAIL", "501 5.1.7", "551 5.1.7 No\r\n"},
    {"mail-refused-with-551"_flaw, "MAIL", "550 5.7.1", "551 5.7.1 No\r\n"},
    {"enhanced-syntax-code-wrong"_flaw, "MAIL", "501 5.5.4",
     "501 5.0.0 No\r\n"},
    {"enhanced-syntax-code-wrong"_flaw, "MAIL", "555 5.5.4",
     "555 5.0.0 No\r\n"},

    {"out-of-order-500"_flaw, "RCPT", "503", "500 5.5.1 Not now\r\n"},
    {"rcpt-refusal-wrong-code"_flaw, "RCPT", "550 5.1.1", "504 5.1.1 No\r\n"},
    {"unknown-user-551"_flaw, "RCPT", "550 5.1.1", "551 5.1.1 No\r\n"},
    {"rcpt-251-without-path"_flaw, "RCPT", "250",
     "251 2.1.5 User moved, will forward\r\n"},
    {"rcpt-251-non-ascii"_flaw, "RCPT", "250",
     "251 2.1.5 Will forward to <\xc3\xbc@example.test>\r\n"},
    {"forwarded-recipient-252"_flaw, "RCPT", "251", "252 2.1.5 Perhaps\r\n"},
    {"moved-recipient-552"_flaw, "RCPT", "551", "552 5.1.6 Moved\r\n"},
    {"recipient-limit-wrong-code"_flaw, "RCPT", "452",
     "552 5.5.3 Too many recipients\r\n"},
    {"enhanced-recipients-code-wrong"_flaw, "RCPT", "452",
     "452 4.0.0 Too many recipients\r\n"},
    {"enhanced-unknown-user-code-wrong"_flaw, "RCPT", "550 5.1.1",
     "550 5.0.0 No\r\n"},
    {"enhanced-relay-code-wrong"_flaw, "RCPT", "550 5.7.1", "550 5.0.0 No\r\n"},
    {"unknown-user-521"_flaw, "RCPT", "550 5.1.1", "521 5.1.1 No\r\n"},
    {"relay-521"_flaw, "RCPT", "550 5.7.1", "521 5.7.1 No\r\n"},
    {"smtputf8-refusal-wrong-code"_flaw, "MAIL", "550 5.6.7",
     "554 5.6.7 No\r\n"},
    {"smtputf8-refusal-wrong-code"_flaw, "RCPT", "553 5.6.7",
     "554 5.6.7 No\r\n"},

    {"data-answered-250"_flaw, "DATA", "354", "250 2.0.0 Go on\r\n"},
    {"enhanced-code-on-354"_flaw, "DATA", "354", "354 3.0.0 Go on\r\n"},
    {"data-refusal-wrong-code"_flaw, "DATA", "503", "551 5.5.1 Not now\r\n"},
    {"out-of-order-500"_flaw, "DATA", "503", "500 5.5.1 Not now\r\n"},
    {"content-answered-354"_flaw, "content", "250", "354 Go on\r\n"},
    {"content-answered-251"_flaw, "content", "250", "251 2.0.0 Ok\r\n"},
    {"content-refusal-silent"_flaw, "content", "5", ""},
    {"content-refusal-wrong-code"_flaw, "content", "5", "503 5.6.0 No\r\n"},
    {"enhanced-size-code-wrong"_flaw, "MAIL", "552", "552 5.0.0 No\r\n"},
    {"enhanced-size-code-wrong"_flaw, "content", "552", "552 5.0.0 No\r\n"},
    {"bdat-malformed-354"_flaw, "BDAT", "501", "354 Go on\r\n"},

    {"rset-wrong-code"_flaw, "RSET", "250", "220 2.0.0 Ok\r\n"},
    {"quit-no-reply"_flaw, "QUIT", "221", ""},
    {"quit-wrong-code"_flaw, "QUIT", "221", "250 2.0.0 Bye\r\n"},
    {"quit-without-domain"_flaw, "QUIT", "221", "221 2.0.0 ***\r\n"},
    {"quit-two-replies"_flaw, "QUIT", "221",
     "221 2.0.0 mx.example.test Bye\r\n250 2.0.0 And thanks\r\n"},

    {"vrfy-always-550"_flaw, "VRFY", "2", "550 5.1.1 No such user\r\n"},
    {"vrfy-wrong-code"_flaw, "VRFY", "250", "211 2.1.5 Known\r\n"},
    {"vrfy-without-mailbox"_flaw, "VRFY", "250", "250 2.1.5 Known\r\n"},
    {"vrfy-mailbox-form"_flaw, "VRFY", "250",
     "250 2.1.5 The address alice@example.test is known here\r\n"},
    {"vrfy-without-brackets"_flaw, "VRFY", "250",
     "250 2.1.5 alice@example.test\r\n"},
    {"vrfy-unqualified"_flaw, "VRFY", "250", "250 2.1.5 <alice@mx>\r\n"},
    {"vrfy-source-route"_flaw, "VRFY", "250",
     "250 2.1.5 <@mx.example.test:alice@example.test>\r\n"},
    {"vrfy-address-undeliverable"_flaw, "VRFY", "250",
     "250 2.1.5 <alice.smith@example.test>\r\n"},
    {"vrfy-250-unverified"_flaw, "VRFY", "550 5.1.1",
     "250 2.1.5 <somebody@example.test>\r\n"},
    {"vrfy-250-foreign"_flaw, "VRFY", "252 2.0.0",
     "250 2.1.5 <somebody@example.test>\r\n"},
    {"vrfy-foreign-550"_flaw, "VRFY", "252 2.0.0", "550 5.1.2 No\r\n"},
    {"vrfy-unknown-user-252"_flaw, "VRFY", "550 5.1.1",
     "252 2.0.0 Cannot verify\r\n"},
    {"expn-without-brackets"_flaw, "EXPN", "250-",
     "250-2.1.5 alice@example.test\r\n250 2.1.5 bob@example.test\r\n"},
    {"expn-unqualified"_flaw, "EXPN", "250-",
     "250-2.1.5 <alice@mx>\r\n250 2.1.5 <bob@mx>\r\n"},
    {"expn-source-route"_flaw, "EXPN", "250-",
     "250-2.1.5 <@mx.example.test:alice@example.test>\r\n"
     "250 2.1.5 <@mx.example.test:bob@example.test>\r\n"},
    {"expn-wrong-code"_flaw, "EXPN", "250", "214 2.1.5 alice and bob\r\n"},
    {"expn-user-wrong-code"_flaw, "EXPN", "550", "214 2.1.5 A user\r\n"},
    {"expn-without-mailboxes"_flaw, "EXPN", "250-",
     "250-2.1.5 Alice\r\n250 2.1.5 Bob\r\n"},
    {"expn-two-on-a-line"_flaw, "EXPN", "250-",
     "250-2.1.5 <alice@example.test> <bob@example.test>\r\n"
     "250 2.1.5 <theboss@example.test>\r\n"},
    {"help-argument-501"_flaw, "HELP", "504", "501 5.5.4 No\r\n"},
    {"help-wrong-code"_flaw, "HELP", "214", "250 2.0.0 See RFC 5321\r\n"},
    {"help-with-version"_flaw, "HELP", "214",
     "214 2.0.0 This is Refmail version 4.96.1\r\n"},

    {"etrn-in-transaction-accepted"_flaw, "ETRN", "503", "250 2.0.0 Ok\r\n"},
    {"etrn-any-node-accepted"_flaw, "ETRN", "459", "250 2.0.0 Ok\r\n"},
    {"etrn-wrong-code"_flaw, "ETRN", "459", "550 5.7.1 No\r\n"},
    {"xclient-attributes-refused"_flaw, "XCLIENT", "220", "501 5.5.4 No\r\n"},
    {"xclient-malformed-accepted"_flaw, "XCLIENT", "501",
     "220 mx.example.test\r\n"},
    {"xclient-in-transaction-accepted"_flaw, "XCLIENT", "503",
     "220 mx.example.test\r\n"},
    {"xclient-open-to-all"_flaw, "XCLIENT", "550", "220 mx.example.test\r\n"},
    {"xforward-attributes-refused"_flaw, "XFORWARD", "250",
     "501 5.5.4 No\r\n"},
    {"xforward-malformed-accepted"_flaw, "XFORWARD", "501",
     "250 2.0.0 Ok\r\n"},
    {"xforward-in-transaction-accepted"_flaw, "XFORWARD", "503",
     "250 2.0.0 Ok\r\n"},
    {"xforward-open-to-all"_flaw, "XFORWARD", "550", "250 2.0.0 Ok\r\n"},
    {"mt-priority-change-without-number"_flaw, "MAIL", "250 2.3.6",
     "250 2.3.6 The priority was lowered\r\n"},
    {"no-soliciting-refusal-bare"_flaw, "RCPT", "550 5.7.1 SOLICIT",
     "550 5.7.1 No\r\n"},
    {"no-soliciting-class-unlisted"_flaw, "RCPT", "550 5.7.1 SOLICIT",
     "550 5.7.1 No\r\n"},
    {"conneg-on-first-line"_flaw, "RCPT", "250",
     "250 CONNEG (image-file-structure=TIFF-minimal)\r\n"},

    {"auth-unknown-mechanism-535"_flaw, "AUTH", "504", "535 5.7.8 No\r\n"},
    {"auth-unknown-mechanism-334"_flaw, "AUTH", "504", "334 \r\n"},
    {"auth-unknown-mechanism-code-wrong"_flaw, "AUTH", "504",
     "504 5.7.4 No\r\n"},
    {"auth-server-first-initial-response-535"_flaw, "AUTH",
     "501 5.7.0 The mechanism", "535 5.7.8 No\r\n"},
    {"auth-server-first-code-wrong"_flaw, "AUTH", "501 5.7.0 The mechanism",
     "501 5.5.2 No\r\n"},
    {"auth-cancel-answered-535"_flaw, "AUTH", "501 5.7.0 Authentication",
     "535 5.7.8 No\r\n"},
    {"auth-cancel-answered-334"_flaw, "AUTH", "501 5.7.0 Authentication",
     "334 \r\n"},
    {"auth-bad-base64-535"_flaw, "AUTH", "501 5.5.2 That",
     "535 5.7.8 No\r\n"},
    {"auth-bad-base64-code-wrong"_flaw, "AUTH", "501 5.5.2 That",
     "501 5.7.0 No\r\n"},
    {"auth-overlong-response-code-wrong"_flaw, "AUTH", "500 5.5.6",
     "500 5.5.2 Line too long\r\n"},
    {"auth-success-250"_flaw, "AUTH", "235", "250 2.7.0 Welcome\r\n"},
    {"auth-success-code-wrong"_flaw, "AUTH", "235", "235 2.0.0 Welcome\r\n"},
    {"auth-failure-454"_flaw, "AUTH", "535", "454 4.7.0 No\r\n"},
    {"auth-failure-550"_flaw, "AUTH", "535", "550 5.7.8 No\r\n"},
    {"auth-failure-code-wrong"_flaw, "AUTH", "535", "535 5.7.1 No\r\n"},
    {"auth-failure-and-challenge"_flaw, "AUTH", "535",
     "535 5.7.8 No\r\n334 \r\n"},
    {"auth-538-code-wrong"_flaw, "AUTH", "538", "538 5.7.1 No\r\n"},
    {"auth-534-code-wrong"_flaw, "AUTH", "534", "534 5.7.1 No\r\n"},
    {"auth-432-code-wrong"_flaw, "AUTH", "432", "432 4.7.1 No\r\n"},
    {"auth-454-code-wrong"_flaw, "AUTH", "454", "454 4.3.0 No\r\n"},
    {"auth-530-code-wrong"_flaw, "MAIL", "530", "530 5.7.1 No\r\n"},
    {"submission-mail-550"_flaw, "MAIL", "530", "550 5.7.1 No\r\n"},
    {"submission-unqualified-domain-501"_flaw, "MAIL", "554 5.5.0",
     "501 5.5.0 No\r\n"},
    {"submission-unqualified-domain-501"_flaw, "RCPT", "554 5.5.0",
     "501 5.5.0 No\r\n"},
    {"submission-foreign-sender-554"_flaw, "MAIL", "550 5.7.1 That",
     "554 5.7.1 No\r\n"},
    {"submission-barred-recipient-554"_flaw, "RCPT",
     "550 5.7.1 The recipient", "554 5.7.1 No\r\n"},
    {"submission-bad-from-552"_flaw, "content", "554 5.6.0 The From",
     "552 5.6.0 No\r\n"},
});

/// With `flaw`, `verb` is answered with `octets` and not done.
struct Refusal {
  FlawId flaw;
  std::string_view verb;
  std::string_view octets;
};

constexpr std::string_view not_implemented = "502 5.5.1 Not implemented\r\n";
constexpr std::string_view done = "250 2.0.0 Ok\r\n";

constexpr auto refusals = std::to_array<Refusal>({
    {"ehlo-unsupported"_flaw, "EHLO", "502 Not implemented\r\n"},
    {"helo-unsupported"_flaw, "HELO", "502 Not implemented\r\n"},
    {"mail-unsupported"_flaw, "MAIL", not_implemented},
    {"rcpt-unsupported"_flaw, "RCPT", not_implemented},
    {"data-unsupported"_flaw, "DATA", not_implemented},
    {"bdat-unsupported"_flaw, "BDAT", not_implemented},
    {"rset-unsupported"_flaw, "RSET", not_implemented},
    {"noop-unsupported"_flaw, "NOOP", not_implemented},
    {"quit-unsupported"_flaw, "QUIT", not_implemented},
    {"vrfy-unsupported"_flaw, "VRFY", not_implemented},
    {"expn-unsupported"_flaw, "EXPN", not_implemented},
    {"expn-listed-unsupported"_flaw, "EXPN", not_implemented},
    {"help-missing"_flaw, "HELP", not_implemented},
    {"help-listed-unsupported"_flaw, "HELP", not_implemented},
    {"send-accepted"_flaw, "SEND", done},
    {"send-accepted"_flaw, "SOML", done},
    {"send-accepted"_flaw, "SAML", done},
    {"turn-accepted"_flaw, "TURN", done},
    {"etrn-accepted"_flaw, "ETRN", done},
    {"ehlo-lists-etrn"_flaw, "ETRN", not_implemented},
    {"lhlo-unsupported"_flaw, "LHLO", not_implemented},
    {"atrn-accepted"_flaw, "ATRN", done},
    {"auth-accepted"_flaw, "AUTH", "334 \r\n"},

    {"etrn-offered-to-all"_flaw, "ETRN", done},
    {"submission-etrn-accepted"_flaw, "ETRN", done},
    {"unregistered-verb-accepted"_flaw, "DEBUG", done},
    {"unregistered-verb-accepted"_flaw, "WIZ", done},
    {"unregistered-verb-accepted"_flaw, "KILL", done},
    {"unregistered-verb-accepted"_flaw, "SHOWQ", done},
});

}  // namespace

std::string distort(std::string octets, std::string_view verb,
                    const FlawSet& flaws) {
  for (const Substitute& row : substitutes) {
    if (row.verb == verb && octets.starts_with(row.right) &&
        flaws.contains(row.flaw)) {
      return std::string(row.wrong);
    }
  }
  return octets;
}

std::string_view refusal_of(std::string_view verb, const FlawSet& flaws) {
  for (const Refusal& row : refusals) {
    if (row.verb == verb && flaws.contains(row.flaw)) return row.octets;
  }
  return {};
}

}  // namespace smtpspec::server
