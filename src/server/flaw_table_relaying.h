// Flaws against the less common extensions, and LMTP.
#pragma once

#include <array>

#include "server/flaw.h"

namespace smtpspec::server {

inline constexpr auto relaying_flaws = std::to_array<Flaw>({
    // LIMITS: RFC 9422.
    {"limits-grammar", "Lists LIMITS RCPTMAX 1.000; in EHLO."},
    {"limits-mailmax-grammar", "Lists LIMITS MAILMAX=010 in EHLO."},
    {"limits-rcptmax-grammar", "Lists LIMITS RCPTMAX=0 in EHLO."},
    {"limits-rcptmax-10", "Lists LIMITS RCPTMAX=10 in EHLO."},
    {"limits-rcptmax-not-kept", "Answers the 6th RCPT with 452."},

    // FUTURERELEASE and BURL: RFC 4865, 4468.
    {"futurerelease-on-port-25", "Lists FUTURERELEASE in EHLO everywhere."},
    {"futurerelease-grammar", "Lists FUTURERELEASE 24h tomorrow in EHLO."},
    {"futurerelease-parameter-refused",
     "Answers HOLDFOR= and HOLDUNTIL= with 555."},
    {"futurerelease-malformed-accepted",
     "Takes any value of HOLDFOR= and HOLDUNTIL=."},
    {"futurerelease-maximum-refused",
     "Refuses HOLDFOR= and HOLDUNTIL= at what it lists."},
    {"futurerelease-maximum-unchecked",
     "Takes HOLDFOR= and HOLDUNTIL= beyond what it lists."},
    {"futurerelease-twice-accepted", "Takes HOLDFOR= with HOLDUNTIL=."},
    {"futurerelease-refused-by-554",
     "Refuses HOLDFOR= and HOLDUNTIL= by 554."},
    {"futurerelease-wrong-detail",
     "Refuses HOLDFOR= and HOLDUNTIL= by 501 5.5.2."},
    {"futurerelease-beyond-deadline-accepted",
     "Takes HOLDFOR= and HOLDUNTIL= later than BY=."},
    {"futurerelease-quota-550",
     "Answers 550 5.7.1 where there is no room to hold a message."},
    {"futurerelease-long-line-refused",
     "Answers MAIL with HOLDFOR= above 512 octets by 500."},
    {"burl-on-port-25", "Lists BURL in EHLO everywhere."},
    {"burl-without-8bitmime", "Lists BURL without 8BITMIME."},
    {"burl-without-recipient-accepted",
     "Answers BURL without a recipient by 250."},
    {"burl-failure-accepted", "Answers BURL of what cannot be fetched by 250."},
    {"burl-after-bdat-refused", "Answers BURL after BDAT with 503."},
    {"burl-of-another-accepted", "Fetches for alice what is bob's alone."},
    {"burl-malformed-accepted", "Answers a malformed BURL by 250."},

    // DELIVERBY: RFC 2852.
    {"deliverby-grammar", "Lists DELIVERBY 60s in EHLO."},
    {"deliverby-parameter-refused", "Answers BY= with 501."},
    {"deliverby-refused-by-554", "Answers BY= with 554."},
    {"deliverby-past-notify-refused", "Answers BY=0;N with 501."},
    {"deliverby-past-return-accepted", "Takes BY=0;R."},
    {"deliverby-minimum-unchecked", "Takes BY=59;R, listing 60 seconds."},
    {"deliverby-long-line-refused",
     "Answers MAIL with BY= above 512 octets by 500."},

    // MT-PRIORITY: RFC 6710.
    {"mt-priority-grammar", "Lists MT-PRIORITY A B in EHLO."},
    {"mt-priority-parameter-refused", "Answers MT-PRIORITY= with 555."},
    {"mt-priority-malformed-accepted", "Takes any value of MT-PRIORITY=."},
    {"mt-priority-of-strangers-kept", "Sends MT-PRIORITY= above 0 on."},
    {"mt-priority-change-without-number",
     "Answers 250 2.3.6 and does not say the new priority."},
    {"mt-priority-low-wrong-detail",
     "Refuses MT-PRIORITY= below 0 by 550 5.7.1."},
    {"mt-priority-size-wrong-detail",
     "Refuses large mail with MT-PRIORITY= by 552 5.3.4."},
    {"mt-priority-long-line-refused",
     "Answers MAIL with MT-PRIORITY= above 512 octets by 500."},

    // MTRK: RFC 3885.
    {"mtrk-with-value", "Lists MTRK YES in EHLO."},
    {"mtrk-parameter-refused", "Answers MTRK= with 555."},
    {"mtrk-long-line-refused",
     "Answers MAIL with MTRK= above 512 octets by 500."},

    // NO-SOLICITING: RFC 3865.
    {"no-soliciting-grammar", "Lists NO-SOLICITING 1adv,, in EHLO."},
    {"no-soliciting-class-unlisted",
     "Refuses mail of a class that it does not name."},
    {"no-soliciting-refusal-bare", "Refuses a class without SOLICIT=."},
    {"solicit-parameter-refused", "Answers SOLICIT= with 555."},
    {"solicit-long-line-refused",
     "Answers MAIL with SOLICIT= above 512 octets by 500."},

    // RRVS: RFC 7293.
    {"rrvs-with-value", "Lists RRVS YES in EHLO."},
    {"rrvs-parameter-refused", "Answers RRVS= with 555."},
    {"rrvs-ignored", "Takes mail for the owner before."},
    {"rrvs-role-account-refused", "Heeds RRVS= for postmaster."},
    {"rrvs-long-line-refused",
     "Answers RCPT with RRVS= above 512 octets by 500."},

    // CONPERM and CONNEG: RFC 4141.
    {"conperm-parameter-refused", "Answers CONPERM with 555."},
    {"conneg-parameter-refused", "Answers CONNEG with 555."},
    {"conneg-on-first-line", "Puts capabilities on the first line of RCPT."},

    // ETRN: RFC 1985.
    {"etrn-in-transaction-accepted", "Answers ETRN after MAIL with 250."},
    {"etrn-any-node-accepted", "Answers ETRN of any node with 250."},
    {"etrn-wrong-code", "Answers ETRN of a node with 550."},
    {"etrn-reply-held-back", "Answers ETRN when more input comes."},

    // ATRN: RFC 2645.
    {"atrn-without-login-accepted", "Answers ATRN before a login by 250."},
    {"atrn-foreign-domain-accepted", "Answers ATRN of any domain by 250."},
    {"atrn-speaks-first",
     "Answers ATRN by 250, and says EHLO before it is greeted."},

    // XCLIENT and XFORWARD.
    {"xclient-unknown-attribute", "Lists XCLIENT with COLOR."},
    {"xclient-attributes-refused", "Answers XCLIENT with 501."},
    {"xclient-malformed-accepted", "Answers a malformed XCLIENT with 220."},
    {"xclient-unavailable-refused", "Answers NAME=[UNAVAILABLE] with 501."},
    {"xclient-address-forgotten", "Keeps the client's own address."},
    {"xclient-forbids-ehlo", "Answers EHLO after XCLIENT with 503."},
    {"xclient-in-transaction-accepted", "Answers XCLIENT after MAIL with 220."},
    {"xclient-open-to-all", "Answers XCLIENT of anybody with 220."},
    {"xforward-unknown-attribute", "Lists XFORWARD with COLOR."},
    {"xforward-attributes-refused", "Answers XFORWARD with 501."},
    {"xforward-malformed-accepted", "Answers a malformed XFORWARD with 250."},
    {"xforward-in-transaction-accepted",
     "Answers XFORWARD after MAIL with 250."},
    {"xforward-open-to-all", "Answers XFORWARD of anybody with 250."},

    // LMTP: RFC 2033.
    {"lhlo-unsupported", "Answers LHLO with 502."},
    {"lhlo-on-port-25", "Takes LHLO where it speaks SMTP."},
    {"lmtp-ehlo-accepted", "Takes EHLO and HELO where it speaks LMTP."},
    {"lmtp-one-reply", "Answers the end of content once."},
    {"lmtp-duplicates-merged",
     "Answers the end of content once for a recipient named twice."},
    {"lmtp-without-pipelining", "Does not list PIPELINING."},
    {"lmtp-without-enhanced-codes", "Does not list ENHANCEDSTATUSCODES."},
});

}  // namespace smtpspec::server
