// Flaws against SASL mechanisms: PLAIN, CRAM-MD5, SCRAM, OAUTHBEARER, EXTERNAL.
#pragma once

#include <array>

#include "server/flaw.h"

namespace smtpspec::server {

inline constexpr auto sasl_flaws = std::to_array<Flaw>({
    // Names and passwords: RFC 4013, RFC 4954 section 4.
    {"auth-saslprep-missing", "Compares names and passwords as they come."},
    {"auth-compatibility-forms-kept",
     "Compares full-width letters and digits as they come."},
    {"auth-control-character-in-user-accepted",
     "Takes a name with NUL, ESC or U+0085 and more, and writes it into "
     "Received."},
    {"auth-empty-preparation-accepted",
     "Takes an identity of soft hyphens for none."},

    // PLAIN: RFC 4616.
    {"plain-empty-message-accepted", "Takes PLAIN without a message."},
    {"plain-no-nul-accepted", "Takes PLAIN with the name of a user alone."},
    {"plain-one-nul-accepted", "Takes name NUL password."},
    {"plain-three-nuls-accepted", "Takes PLAIN with a fourth part."},
    {"plain-empty-password-accepted", "Takes the empty password."},
    {"plain-empty-user-accepted", "Takes an empty name with any password."},
    {"plain-password-prepared-to-nothing-accepted",
     "Takes a password of soft hyphens."},
    {"plain-prohibited-character-accepted",
     "Skips BEL in names and passwords."},
    {"plain-invalid-utf8-accepted",
     "Skips octets above 127 in what is no UTF-8."},
    {"plain-invalid-utf8-closes", "Closes at messages that are no UTF-8."},
    {"plain-line-end-in-user-accepted",
     "Takes a name with a line end, and writes it into Received."},
    {"plain-long-part-refused",
     "Answers names and passwords above 200 octets with 501."},
    {"plain-own-authzid-refused", "Refuses a user who acts as himself."},
    {"plain-foreign-authzid-accepted", "Lets a user act as any other."},

    // CRAM-MD5: RFC 2195.
    {"cram-challenge-grammar", "Sends a challenge that is no msg-id."},
    {"cram-challenge-repeated", "Sends the same challenge each time."},
    {"cram-challenges-few", "Sends one of sixteen challenges."},
    {"cram-replayed-response-accepted",
     "Takes the response to any challenge that it ever sent."},
    {"cram-wrong-digest-accepted", "Takes any digest of 32 digits."},
    {"cram-short-digest-accepted", "Takes the beginning of a digest."},

    // SCRAM: RFC 5802, RFC 7677.
    {"scram-bad-gs2-flag-accepted", "Takes gs2 flags other than n, y and p."},
    {"scram-nonce-foreign", "Sends a nonce without the client's."},
    {"scram-nonce-not-extended", "Sends back the client's nonce."},
    {"scram-sha-1-iterations-low", "Says i=1024 in SCRAM-SHA-1."},
    {"scram-sha-256-iterations-low", "Says i=1024 in SCRAM-SHA-256."},
    {"scram-sha-256-refused", "Refuses right proofs of SCRAM-SHA-256."},
    {"scram-sha-1-refused", "Refuses right proofs of SCRAM-SHA-1."},
    {"scram-plus-refused", "Refuses right proofs that bind the channel."},
    {"scram-authzid-ignored", "Passes over a= in SCRAM."},
    {"scram-iterations-leading-zero", "Says i=04096."},
    {"scram-salt-not-base64", "Sends a salt that is no base64."},
    {"scram-bare-equals-accepted", "Skips = in names."},
    {"scram-escaped-name-refused", "Fails at once at =2C and =3D in names."},
    {"scram-mandatory-extension-ignored", "Passes over m=."},
    {"scram-optional-extension-refused", "Fails at attributes it cannot tell."},
    {"scram-changed-nonce-accepted", "Takes any nonce in the final message."},
    {"scram-wrong-proof-accepted", "Takes any proof."},
    {"scram-server-signature-missing",
     "Answers the final message with 235 at once."},
    {"scram-signature-in-235", "Sends its signature in 235."},
    {"scram-wrong-server-signature", "Signs something else."},
    {"scram-downgrade-accepted", "Takes y where it lists -PLUS."},
    {"scram-binding-type-unchecked", "Takes channel bindings of any name."},
    {"scram-binding-header-unchecked", "Takes any c= that is base64."},
    {"scram-binding-data-unchecked", "Takes any octets for the binding."},
    {"scram-tls-unique-refused", "Knows no tls-unique."},
    {"scram-tls-exporter-refused", "Knows no tls-exporter."},
    {"scram-plus-accepted-in-clear",
     "Takes -PLUS without TLS, whatever the channel is called."},
    {"scram-plus-listed-in-clear", "Lists SCRAM-SHA-256-PLUS in the clear."},
    {"scram-plus-not-listed", "Lists no -PLUS under TLS."},
    {"scram-plus-listed-alone", "Lists -PLUS and not SCRAM without it."},

    // OAUTHBEARER and XOAUTH2: RFC 7628.
    {"oauthbearer-listed-in-clear",
     "Lists OAUTHBEARER and XOAUTH2 in the clear, and answers them with 538."},
    {"oauthbearer-accepted-in-clear",
     "Takes OAUTHBEARER and XOAUTH2 in the clear, not listed."},
    {"oauthbearer-message-refused", "Answers any right message with 501."},
    {"oauthbearer-without-auth-key-accepted",
     "Takes OAUTHBEARER without a token."},
    {"oauthbearer-unknown-key-refused", "Fails at keys it does not know."},
    {"oauthbearer-host-unchecked", "Takes tokens meant for other hosts."},
    {"oauthbearer-failure-without-challenge",
     "Answers a bad token with 535 at once."},
    {"oauthbearer-failure-without-status", "Sends {} for a bad token."},
    {"oauthbearer-dummy-accepted",
     "Answers the response to an error with 235."},
    {"oauthbearer-dummy-challenged",
     "Answers the response to an error with another."},
    {"xoauth2-failure-without-challenge",
     "Answers a bad token of XOAUTH2 with 535 at once."},

    // EXTERNAL: RFC 4422 appendix A, RFC 8314 section 4.2.
    {"external-without-certificate-accepted",
     "Takes EXTERNAL without a certificate."},
    {"external-listed-without-certificate",
     "Lists EXTERNAL to clients without a certificate."},
    {"external-not-listed", "Does not list EXTERNAL with a certificate."},
});

}  // namespace smtpspec::server
