// The commands of the reference server: a table (RFC 5321 section 4.1.1).
#include "server/conversation.h"

namespace smtpspec::server {

const std::vector<Conversation::Command>& Conversation::commands() {
  using C = Conversation;
  // RFC 1870 adds 26 octets to a line, RFC 3030 16, RFC 6531 10, RFC 4865 34,
  // RFC 2852 17, RFC 6710 15, RFC 3885 40, RFC 3865 1007, RFC 7293 33, RFC
  // 4954 500; RFC 3461 section 5.4 makes it 1036.
  constexpr std::size_t mail_limit =
      1036 + 26 + 16 + 10 + 34 + 17 + 15 + 40 + 1007 + 500;
  constexpr std::size_t rcpt_limit = 1036 + 33;
  static const std::vector<Command> table = {
      {.verb = "EHLO", .run = &C::ehlo},
      {.verb = "HELO", .run = &C::helo},
      {.verb = "LHLO", .run = &C::lhlo},
      {.verb = "MAIL",
       .run = &C::mail,
       .line_limit = mail_limit,
       .takes_utf8 = true},
      {.verb = "RCPT",
       .run = &C::rcpt,
       .line_limit = rcpt_limit,
       .takes_utf8 = true},
      {.verb = "DATA", .run = &C::data, .is_bare = true},
      {.verb = "BDAT", .run = &C::bdat},
      {.verb = "RSET", .run = &C::rset, .is_bare = true},
      {.verb = "NOOP", .run = &C::noop},
      {.verb = "QUIT", .run = &C::quit, .is_bare = true},
      {.verb = "VRFY",
       .run = &C::vrfy,
       .line_limit = 512 + 10,
       .takes_utf8 = true},
      {.verb = "EXPN",
       .run = &C::expn,
       .line_limit = 512 + 10,
       .takes_utf8 = true},
      {.verb = "HELP", .run = &C::help},
      {.verb = "AUTH", .run = &C::auth, .line_limit = auth_line_limit},
      {.verb = "STARTTLS", .run = &C::starttls},
      {.verb = "TURN", .run = &C::unimplemented},
      {.verb = "SEND", .run = &C::unimplemented},
      {.verb = "SOML", .run = &C::unimplemented},
      {.verb = "SAML", .run = &C::unimplemented},
      {.verb = "ETRN", .run = &C::etrn},
      {.verb = "XCLIENT", .run = &C::xclient},
      {.verb = "XFORWARD", .run = &C::xforward},
      {.verb = "ATRN", .run = &C::atrn},
      {.verb = "BURL", .run = &C::burl},
  };
  return table;
}

void Conversation::unimplemented(std::string_view) {
  say(502, "5.5.1", "Command is not implemented");
}

}  // namespace smtpspec::server
