#include "app/authorization.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <stdexcept>

namespace smtpspec::app {

bool is_near(const std::string& host) {
  if (host == "localhost") return true;
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error) return false;
  if (address.is_loopback()) return true;
  if (address.is_v6()) {
    const auto bytes = address.to_v6().to_bytes();
    return address.to_v6().is_link_local() || (bytes[0] & 0xfe) == 0xfc;
  }
  const auto bytes = address.to_v4().to_bytes();
  return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
         (bytes[0] == 192 && bytes[1] == 168) ||
         (bytes[0] == 169 && bytes[1] == 254);
}

void require_authorization(const std::string& host,
                           const std::string& authorized) {
  if (is_near(host) || host == authorized) return;
  throw std::invalid_argument(fmt::format(
      "{0} is neither a loopback nor a private address. The test sends mail "
      "and malformed commands. If you may test that server, say so: "
      "--authorized {0}",
      host));
}

}  // namespace smtpspec::app
