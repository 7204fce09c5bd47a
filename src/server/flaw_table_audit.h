// Flaws that only delivery shows: who may relay, what is read into a recipient,
// what becomes of mail that was taken, and what is changed in it.
#pragma once

#include <array>

#include "server/flaw.h"

namespace smtpspec::server {

inline constexpr auto audit_flaws = std::to_array<Flaw>({
    // Who may relay: RFC 5321 sections 3.6.2 and 7.9.
    {"relays-for-all", "Relays for everybody."},
    {"relays-for-null-sender", "Relays mail from <>."},
    {"relays-for-local-sender",
     "Relays mail whose sender has its own domain, host name or none."},
    {"relays-for-literal-sender",
     "Relays mail whose sender's domain is an address literal."},
    {"relays-for-same-domain-sender",
     "Relays to the domain that the sender is in."},
    {"relays-for-ehlo-name",
     "Relays for clients that call themselves by its own name in EHLO."},
    {"relays-for-local-orcpt", "Relays where ORCPT= names its own domain."},
    {"relays-for-auth-parameter", "Relays where MAIL has AUTH= and an address."},
    {"relays-under-tls", "Relays for everybody who speaks TLS."},
    {"relays-after-failed-auth", "Relays after a login that failed."},
    {"relays-second-recipient",
     "Relays in a transaction that has a recipient of its own."},
    {"relays-second-transaction", "Relays in a session that sent a mail."},
    {"relays-after-reset", "Relays in a session that said RSET."},
    {"trusted-source-refused", "Does not relay for 127.0.0.9 either."},
    {"own-domain-sender-refused",
     "Takes no mail from outside whose sender is in its own domain."},

    // What is read into a recipient: RFC 5321 sections 3.6.1, 4.1.2, F.2.
    {"relays-percent-hack", "Sends mail for user%other@own to user@other."},
    {"relays-bang-path", "Sends mail for other!user to user@other."},
    {"relays-quoted-at",
     "Sends mail for \"user@other\"@own and user@other@own to user@other."},
    {"relays-source-route", "Sends mail for @own:user@other to user@other."},
    {"relays-trailing-dot", "Takes other. with a dot at its end for its own."},
    {"relays-foreign-literal", "Relays to any address literal."},
    {"relays-verp",
     "Sends mail for user=other@own and forged SRS addresses to user@other."},
    {"relays-subaddress", "Sends mail for user+other@own to user@other."},
    {"relays-nul-truncated", "Checks or sends what is before a NUL only."},
    {"relays-comment", "Drops comments and spaces of an address it checked."},
    {"relays-two-paths", "Checks the first of two paths in a RCPT only."},
    {"relays-imceasmtp",
     "Sends mail for IMCEASMTP-user+40other@own to user@other."},
    {"relays-without-brackets", "Does not check a path without brackets."},
    {"relays-local-part-in-lower-case", "Sends RCPT on in lower case."},
    {"submission-domain-completed",
     "Makes squeaky.sales.example.test of squeaky.sales."},

    // What becomes of mail that was taken: RFC 5321 sections 4.1.1.4, 6.1, 6.2.
    {"catch-all", "Takes any local part of its domain, host name and address."},
    {"bounces-to-forged-sender",
     "Takes any local part, and reports to the sender that there is none."},
    {"drops-mail",
     "Answers the end of data with 250, and drops what has a Message-ID."},
    {"refused-mail-delivered", "Answers with 5yz at the dot, and delivers."},
    {"deferred-mail-delivered",
     "Answers mail that has a Message-ID with 451, and delivers it."},
    {"source-route-followed",
     "Sends mail for @other:user@own on to other, with its route."},
    {"loses-every-second-message",
     "Delivers nothing of the first message, the third and so on."},
    {"delivers-twice", "Delivers each message twice."},
    {"recipient-lost", "Forgets the second of three or more recipients."},
    {"delivers-half-message", "Delivers what came when a connection is cut."},
    {"delivers-unfinished",
     "Delivers a transaction that ends by QUIT or is cut before its content."},
    {"routed-by-header", "Delivers to whom the field To names."},
    {"bdat-dot-ends-chunk", "CR LF . CR LF in a chunk ends the message."},

    // Reports: RFC 3461, 3464.
    {"dsn-never-ignored", "Reports a failure in spite of NOTIFY=NEVER."},
    {"dsn-success-missing", "Makes no report for NOTIFY=SUCCESS."},
    {"dsn-sender-not-null", "Sends reports from <postmaster@example.test>."},

    // Received: RFC 5321 sections 4.4 and 3.7.2, RFC 3848.
    {"received-without-from", "Received has no From."},
    {"received-without-client", "Received does not tell the client."},
    {"received-without-address", "Received has no address of the client."},
    {"received-without-by", "Received has no By."},
    {"received-clauses-out-of-order", "Received has With before By."},
    {"received-names-ehlo-address",
     "Received has EHLO's address literal for the client's address."},
    {"received-for-two", "Received has two paths after For."},
    {"received-for-other-recipient",
     "Received names the first recipient to the others."},
    {"received-two-digit-year", "Received has a year of two digits."},
    {"received-zone-name", "Received has GMT for a zone."},
    {"received-bad-date", "Received has the date 32 Foo."},
    {"received-without-date", "Received has no date."},
    {"received-unregistered-with", "Received has with FASTSMTP."},
    {"received-says-esmtp-after-helo", "Received has ESMTP after HELO."},
    {"received-claims-s-in-clear", "Received has ESMTPS in plain text."},
    {"received-without-s", "Received has ESMTP under TLS."},
    {"received-8bit", "Received has octets above 127."},
    {"received-below", "Puts Received below the other fields."},
    {"received-changed", "Changes Received fields of others."},
    {"received-reordered", "Turns the order of Received fields of others."},
    {"received-removed", "Removes Received fields of others."},

    // What clients get into trace fields: RFC 5321 section 4.4.
    {"ehlo-line-end-accepted",
     "Takes CR and LF in the name of EHLO, and writes it into Received."},
    {"address-line-end-accepted",
     "Takes CR and LF in quoted local parts, and writes them into "
     "Return-Path."},
    {"received-shows-parameters",
     "Decodes ENVID= and ORCPT= and writes them into Received."},
    {"received-shows-password", "Writes the password into Received."},

    // Whose mail it is: RFC 4954 section 5, RFC 6409 section 8.1.
    {"auth-parameter-believed", "Sends AUTH= of anybody on to the next host."},
    {"auth-parameter-null-replaced", "Makes the login's address of AUTH=<>."},
    {"submission-sender-missing",
     "Adds no Sender where From names another user."},
    {"submission-from-rewritten", "Writes the login's address into From."},

    // Return-Path: RFC 5321 section 4.4.
    {"return-path-missing", "Adds no Return-Path."},
    {"return-path-other", "Return-Path names the recipient."},
    {"return-path-null-missing", "Adds no Return-Path to mail from <>."},
    {"return-path-without-brackets", "Return-Path has no brackets."},
    {"return-path-when-relayed", "Adds Return-Path to what it relays."},

    // Content: RFC 5321 sections 2.3.1, 4.5.2, 6.4, B; RFC 3030, RFC 6152.
    {"apparently-to-added", "Adds Apparently-To."},
    {"recipients-in-header", "Adds a field with all recipients."},
    {"field-order-changed", "Sorts the fields of the header."},
    {"tls-required-added", "Adds the field TLS-Required with the value Yes."},
    {"body-changed", "Cuts white space at the end of lines."},
    {"high-bit-cleared", "Clears the high bit of each octet."},
    {"tabs-expanded", "Makes spaces of tabs."},
    {"long-lines-folded", "Breaks lines above 78 octets."},
    {"dots-lost", "Removes two dots where the client stuffed one."},
    {"bare-line-ends-split-lines",
     "Makes CRLF of CR or LF alone, and removes a dot behind it."},
    {"bdat-dots-unstuffed", "Removes dots at the begin of lines of chunks."},
    {"submission-date-missing", "Adds no Date to submitted mail."},
    {"relay-completes-header", "Adds Date and Message-ID on port 25."},
});

}  // namespace smtpspec::server
