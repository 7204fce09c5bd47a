// Flaws against STARTTLS, implicit TLS and REQUIRETLS.
#pragma once

#include <array>

#include "server/flaw.h"

namespace smtpspec::server {

inline constexpr auto tls_flaws = std::to_array<Flaw>({
    // STARTTLS: RFC 3207.
    {"starttls-with-parameter", "Lists STARTTLS NOW in EHLO."},
    {"starttls-argument-accepted", "Takes STARTTLS with an argument."},
    {"starttls-argument-554", "Answers STARTTLS with an argument by 554."},
    {"starttls-refused", "Lists STARTTLS and answers it with 502."},
    {"starttls-answered-250", "Answers STARTTLS with 250."},
    {"starttls-without-handshake", "Goes on in the clear after 220."},
    {"starttls-demanded", "Answers MAIL in the clear with 530 on any port."},
    {"starttls-demanded-554", "Answers MAIL in the clear with 554."},
    {"starttls-demanded-code-wrong",
     "Answers MAIL in the clear with 530 5.7.1."},
    {"starttls-demanded-of-noop", "Answers NOOP in the clear with 530."},
    {"starttls-runs-input-in-clear",
     "Carries out what stands behind STARTTLS before the handshake."},
    {"starttls-keeps-input",
     "Carries out what stands behind STARTTLS after the handshake."},
    {"starttls-keeps-transaction", "Keeps a transaction over the handshake."},
    {"starttls-keeps-greeting", "Wants no EHLO after the handshake."},
    {"starttls-keeps-login",
     "Takes logins in the clear, and keeps them over the handshake."},
    {"starttls-keeps-chunks",
     "Puts chunks of BDAT from before the handshake into the next message."},
    {"starttls-greets-again", "Says 220 after the handshake."},
    {"starttls-listed-under-tls", "Lists STARTTLS under TLS."},
    {"starttls-twice-accepted", "Answers STARTTLS under TLS with 220."},
    {"starttls-closes-after-refusal", "Closes at STARTTLS with an argument."},
    {"starttls-insufficient-550", "Answers commands under weak TLS with 550."},
    {"starttls-insufficient-quit-554", "Answers QUIT under weak TLS with 554."},

    // TLS itself: RFC 8314, 8996, 9325, 8461.
    {"tls-handshake-fails", "Offers TLS and fails every handshake."},
    {"tls-broken-handshake-closes-next",
     "Closes the connection that comes after a handshake that failed."},
    {"tls-ssl-2-accepted", "Answers a ClientHello of SSL 2.0."},
    {"tls-ssl-3-accepted", "Answers a ClientHello of SSL 3.0."},
    {"tls-1-0-accepted", "Takes TLS 1.0."},
    {"tls-1-1-accepted", "Takes TLS 1.1."},
    {"tls-1-1-at-most", "Speaks no TLS above 1.1."},
    {"tls-null-cipher-accepted", "Takes ciphers that do not encrypt."},
    {"tls-anonymous-cipher-accepted", "Takes ciphers without a certificate."},
    {"tls-asks-for-certificate", "Asks each client for a certificate."},
    {"tls-insists-on-server-name", "Fails without SNI."},
    {"tls-certificate-expired", "Shows a certificate of last week."},
    {"tls-certificate-of-another", "Shows a certificate of another host."},
    {"tls-certificate-other-name",
     "Shows a certificate that is trusted, for another host."},
    {"tls-close-alert-missing", "Closes without a close alert."},
    {"submissions-greets-in-clear",
     "Greets in the clear where TLS comes first."},
    {"submissions-certificate-differs",
     "Shows another good certificate where TLS comes first."},
    {"submissions-lists-plain-alone",
     "Lists no mechanism but PLAIN where TLS comes first."},
    {"submissions-lacks-8bitmime",
     "Does not list 8BITMIME where TLS comes first."},

    // REQUIRETLS: RFC 8689.
    {"requiretls-with-value", "Lists REQUIRETLS YES in EHLO."},
    {"requiretls-listed-in-clear", "Lists REQUIRETLS without TLS."},
    {"requiretls-parameter-refused", "Answers REQUIRETLS with 555."},
    {"requiretls-value-accepted", "Takes REQUIRETLS=YES."},
    {"requiretls-long-line-refused",
     "Answers MAIL with REQUIRETLS above 512 octets by 500."},
});

}  // namespace smtpspec::server
