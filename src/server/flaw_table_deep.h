// Deep flaws: only a sequence of commands shows one. They are for fuzzers to
// find, and no scenario names one; deep.cc says when each shows.
#pragma once

#include <array>

#include "server/flaw.h"

namespace smtpspec::server {

inline constexpr auto deep_flaws = std::to_array<Flaw>({
    // Transactions that are forgotten, or not: RFC 5321 sections 3.3 and 4.1.
    {"deep-third-rset-closes",
     "Closes without reply at the third RSET that ends a transaction."},
    {"deep-rset-stale-enhanced-code",
     "Answers RSET behind a MAIL that was refused in a transaction with "
     "250 5.5.1."},
    {"deep-rset-keeps-sender",
     "RSET behind a DATA that was refused for BDAT keeps the sender."},
    {"deep-rset-keeps-recipients",
     "RSET keeps the recipients where there are two or more."},
    {"deep-rcpt-after-two-refused",
     "Answers RCPT behind two that were refused with 503."},
    {"deep-ehlo-keeps-transaction",
     "EHLO keeps a transaction that has SIZE= and a recipient."},
    {"deep-refused-ehlo-forgets",
     "Answers MAIL behind two EHLOs that were refused with 503."},
    {"deep-third-ehlo-unfinished",
     "Sends no last line to the third of three EHLOs in a row."},
    {"deep-data-second-try",
     "Takes DATA without recipients where it has just refused it."},

    // Commands that change nothing: RFC 5321 sections 4.1.1.6 to 4.1.1.10.
    {"deep-vrfy-forgets-transaction",
     "VRFY ends a transaction of two recipients or more."},
    {"deep-vrfy-expn-vrfy-closes",
     "Closes without reply at VRFY, EXPN, VRFY in a transaction."},
    {"deep-help-bare-lf",
     "Ends the reply to HELP with a bare LF after a mail."},
    {"deep-fifth-noop-twice", "Answers the fifth NOOP in a row twice."},
    {"deep-unknown-verb-after-helo",
     "Answers unknown commands with 250 after EHLO, EHLO and HELO."},
    {"deep-line-after-long-line",
     "Answers lines above 256 octets with 500 behind two above 512."},
    {"deep-group-refusal-unanswered",
     "Sends no refusal in a transaction behind three other commands of a "
     "read."},

    // Chunks: RFC 3030.
    {"deep-rset-after-two-chunks-500",
     "Answers RSET behind two chunks with 500."},
    {"deep-third-chunk-unanswered", "Does not answer the third chunk."},
    {"deep-bdat-last-unanswered",
     "Does not answer BDAT 0 LAST behind two chunks that were refused."},
    {"deep-quit-after-chunks-250",
     "Answers QUIT behind a mail of several chunks with 250."},

    // What is delivered.
    {"deep-second-message-lf-dot-lf",
     "LF . LF ends the data of all mails but the first."},
    {"deep-null-sender-two-replies",
     "Answers the end of data once a recipient after MAIL FROM:<>."},
    {"deep-delivered-twice-after-rset",
     "Delivers mail twice after RSET has ended a transaction of two "
     "recipients."},
    {"deep-relay-second-try",
     "Relays where the same RCPT was refused before a RSET."},

    // TLS and logins: RFC 3207, RFC 4954.
    {"deep-tls-keeps-transaction",
     "Keeps a transaction of two recipients over the handshake and EHLO."},
    {"deep-starttls-twice",
     "Answers STARTTLS under TLS with 220 once RSET has ended a transaction "
     "there."},
    {"deep-password-after-cancel",
     "Takes any password after AUTH was cancelled."},
    {"deep-password-after-rset",
     "Takes any password where one was refused before a RSET."},
    {"deep-login-twice",
     "Takes AUTH after a login once RSET has ended a transaction."},
});

}  // namespace smtpspec::server
