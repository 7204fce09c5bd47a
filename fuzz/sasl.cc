// Fuzzes the client of SASL, which answers a server's challenges, one a line
// here: whatever they are, there is an answer or a SaslError.
#include "base/text.h"
#include "outcome.h"
#include "smtp/sasl.h"

namespace {

using namespace smtpspec;

smtp::SaslCredentials credentials() {
  smtp::SaslCredentials result;
  result.user = "alice";
  result.password = "secret";
  result.token = "token";
  result.host = "mx.example";
  result.port = "25";
  result.tls_unique = "0123456789ab";
  result.tls_exporter = "0123456789abcdef0123456789abcdef";
  return result;
}

/// SCRAM asks for as many rounds of a hash as the server says: minutes.
bool asks_for_much(std::string_view challenge) {
  for (auto at = challenge.find("i="); at != std::string_view::npos;
       at = challenge.find("i=", at + 1)) {
    const auto digits = challenge.substr(at + 2);
    if (digits.find_first_not_of("0123456789") > 3 &&
        digits.size() > 3)
      return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size < 2) return 0;
  const auto mechanisms = smtp::sasl_mechanisms();
  const auto twists = smtp::sasl_twists();
  const auto mechanism = mechanisms[data[0] % mechanisms.size()];
  const auto twist = twists[data[1] % twists.size()];
  const bool has_twist =
      (data[1] & 128) != 0 && smtp::has_sasl_twist(mechanism, twist);
  try {
    smtp::SaslClient client(mechanism, credentials(), has_twist ? twist : "");
    client.initial_response();
    for (const auto line : base::split(fuzz::octets(data + 2, size - 2), '\n')) {
      if (asks_for_much(line)) return 0;
      client.respond(std::string(line));
      client.is_done();
    }
  } catch (const smtp::SaslError& error) {
    fuzz::require(!error.text.empty());
  }
  return 0;
}
