// A conversation in the notation of the RFCs, as data. docs/scenario-language.md
// is the manual.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/source.h"
#include "net/ssl_probe.h"
#include "net/tls.h"
#include "scenario/template.h"
#include "smtp/pattern.h"

namespace smtpspec::scenario {

/// `C: text`: one line, CRLF is added. `C> text`: octets, nothing is added.
/// `C*100: text`: 100 lines, ${n} counts from 1. Sends that follow each other
/// are one write.
struct Send {
  Template text;
  bool adds_crlf = true;
  int repeat = 1;
  int line = 0;
};

/// What a server may do instead of replying.
struct Closed {
  /// Under TLS: its close alert came first (RFC 8446 section 6.1).
  bool by_alert = false;
};
struct Silent {
  std::chrono::milliseconds time;
};

/// What may come of a TLS handshake; on TLS lines only.
enum class TlsOutcome {
  handshake,  ///< TLS is active
  trusted,    ///< and the certificate is one that the profile trusts
  misnamed,   ///< and it would be, if it were not for another name
  unasked,    ///< and the server did not ask for a certificate of ours
  asked,      ///< and the server asked for a certificate of ours
  refused,    ///< an alert came, or what no client can accept
  plaintext,  ///< what came is no TLS
};

/// `unproven`: behind an AUTH line: the server logged us in, or went on, without
/// the proof that the mechanism demands of it.
struct NotProved {};

/// In `then` only (then.h): so many messages arrived.
struct Arrivals {
  std::size_t least = 0;
  std::size_t most = 0;
};
/// In `then` only: the regular expression is found in what arrived, or is not.
/// ${name} stands in it for the value of a variable, octet by octet.
struct ArrivedText {
  std::string source;
  bool negated = false;

  std::set<std::string> variables() const;
  /// Throws MissingVariable.
  boost::regex regex(const Variables& variables) const;
};
/// In `then` only: what arrived is, or is not, what we sent.
struct Unchanged {
  bool negated = false;
};

using Pattern = std::variant<smtp::ReplyPattern, Closed, Silent, NotProved,
                             TlsOutcome, Arrivals, ArrivedText, Unchanged>;

/// What it means that a pattern fits, from good to bad.
enum class Grade {
  go_on,  ///< the first part of an S line: as wanted, the dialog goes on
  pass,   ///< `pass:` as good, and the dialog ends here
  note,   ///< `note:`
  warn,   ///< `warn:`
  fail,   ///< `fail:` breaks the clause, at its level
  skip,   ///< `skip:` the scenario has nothing to say about this server
  block,  ///< `block:` inconclusive
};

struct GradedPatterns {
  Grade grade = Grade::go_on;
  std::vector<Pattern> any_of;
};

/// `S: 501; note: 5yz; warn: 250`: one reply is judged. `S? 250`: the same, but
/// the step is a condition of the scenario: what fits no part makes it blocked
/// or skipped, never failed. `S*100: 250`: 100 replies, each judged.
struct Expect {
  std::vector<GradedPatterns> parts;
  bool is_condition = false;
  int repeat = 1;
  int line = 0;
  /// The line behind "S: ", as written.
  std::string source;
};

/// `WAIT: 200ms`: time between two writes.
struct Wait {
  std::chrono::milliseconds time;
  int line = 0;
};

/// `TLS: (max 1.1) refused / closed; fail: handshake`: we start TLS (RFC 3207
/// section 4), offer what stands in brackets, and judge what comes of it.
struct StartTls {
  /// We offer this by hand, and judge no more than the answer.
  std::optional<net::OldSsl> old_ssl;
  std::optional<net::TlsVersion> lowest;
  std::optional<net::TlsVersion> highest;
  std::string ciphers;          ///< OpenSSL's notation; empty: its defaults
  bool names_server = true;     ///< SNI (RFC 6066 section 3)
  bool shows_certificate = false;  ///< the profile's, if asked
  Expect expect;
};

/// `AUTH: PLAIN`: a whole exchange (RFC 4954 section 4) with the profile's
/// user, but for the final reply, which the next S line judges.
struct Authenticate {
  std::string mechanism;  ///< upper case
  /// What we do wrong on purpose, in the words of smtp::Sasl; empty: nothing.
  std::string twist;
  int line = 0;
};

/// `CLOSE:`: we end the connection.
struct HangUp {
  int line = 0;
};

using Step = std::variant<Send, Expect, Wait, StartTls, Authenticate, HangUp>;

struct Dialog {
  std::vector<Step> steps;

  /// Variables used but neither captured before nor counted by C*.
  std::set<std::string> variables() const;
};

/// Parses a dialog. `first_line` is the line of its first line in `file`, whose
/// whole text is `file_text` (for carets); `indent` columns precede each line
/// there. Throws base::SourceError.
Dialog parse_dialog(std::string_view text, const std::string& file,
                    std::string_view file_text, int first_line, int indent);

}  // namespace smtpspec::scenario
