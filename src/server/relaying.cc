// ETRN (RFC 1985), and XCLIENT and XFORWARD, by which a proxy that is trusted
// says for whom it speaks.
#include <array>
#include <optional>

#include "base/text.h"
#include "server/conversation.h"
#include "server/xtext.h"

namespace smtpspec::server {

namespace {

/// An attribute that a proxy may name.
struct Attribute {
  std::string_view name;
  bool is_for_xclient = true;
  bool is_for_xforward = true;
};

constexpr auto attributes = std::to_array<Attribute>({
    {"NAME"},
    {"ADDR"},
    {"PORT"},
    {"PROTO"},
    {"HELO"},
    {"LOGIN", true, false},
    {"IDENT", false, true},
    {"SOURCE", false, true},
});

bool is_known(std::string_view name, bool is_xclient) {
  for (const Attribute& row : attributes) {
    if (base::equal_without_case(row.name, name))
      return is_xclient ? row.is_for_xclient : row.is_for_xforward;
  }
  return false;
}

bool is_unavailable(std::string_view value) {
  return base::equal_without_case(value, "[UNAVAILABLE]") ||
         base::equal_without_case(value, "[TEMPUNAVAIL]");
}

/// At most 255 printable characters and no specials.
bool is_value(std::string_view name, std::string_view value) {
  if (is_unavailable(value)) return true;
  if (value.empty() || value.size() > 255) return false;
  for (const char c : value) {
    if (c < '!' || c > '~') return false;
    if (std::string_view("()<>\"\\,;").find(c) != std::string_view::npos)
      return false;
  }
  if (!base::equal_without_case(name, "ADDR")) return true;
  return is_address_literal("[" + std::string(value) + "]");
}

bool has_good_attributes(std::string_view argument, bool is_xclient,
                         bool takes_unavailable) {
  const auto words = base::words(argument);
  for (const auto word : words) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    if (equals == std::string_view::npos || !is_known(name, is_xclient))
      return false;
    const auto value = decode_xtext(word.substr(equals + 1));
    if (!value || !is_value(name, *value)) return false;
    if (is_unavailable(*value) && !takes_unavailable) return false;
  }
  return !words.empty();
}

}  // namespace

/// RFC 1985 section 5. No mail waits here for anybody.
void Conversation::etrn(std::string_view argument) {
  if (transaction_.is_open) return say(503, "5.5.1", "There is a transaction");
  const bool is_queue = argument.starts_with('#');
  const bool has_option = is_queue || argument.starts_with('@');
  const auto node = argument.substr(has_option ? 1 : 0);
  if (node.empty() || node.find(' ') != std::string_view::npos ||
      (!is_queue && !is_domain(node))) {
    return say(501, "5.5.4", "A node name is wanted");
  }
  say(459, "4.5.0", "Node " + echo(node) + " is not allowed");
}

/// Whether the client may speak for others: it is on this host.
bool Conversation::is_trusted() const {
  return surroundings_.service == Service::mta && is_from_here_;
}

/// What XCLIENT and XFORWARD have in common.
bool Conversation::refuses_forwarding(std::string_view argument) {
  const bool is_xclient = verb_ == "XCLIENT";
  const bool takes_unavailable = !flawed("xclient-unavailable-refused"_flaw);
  if (!is_trusted()) {
    say(550, "5.7.1", "Not from you");
  } else if (transaction_.is_open) {
    say(503, "5.5.1", "There is a transaction");
  } else if (!has_good_attributes(argument, is_xclient, takes_unavailable)) {
    say(501, "5.5.4", "Attributes are wanted: NAME=value");
  } else {
    return false;
  }
  return true;
}

/// As if the client had just connected, from the address that it names.
void Conversation::xclient(std::string_view argument) {
  if (refuses_forwarding(argument)) return;
  for (const auto word : base::words(argument)) {
    auto value = word.substr(word.find('=') + 1);
    if (!base::starts_without_case(word, "ADDR=") || is_unavailable(value) ||
        flawed("xclient-address-forgotten"_flaw)) {
      continue;
    }
    const std::string_view tag = "IPv6:";
    if (base::starts_without_case(value, tag)) value.remove_prefix(tag.size());
    surroundings_.client_address = value;
  }
  greeted_ = Greeted::no;
  was_forwarded_ = true;
  user_.clear();
  say(220, "", std::string(host_name) + " ESMTP smtpspec reference server");
}

void Conversation::xforward(std::string_view argument) {
  if (refuses_forwarding(argument)) return;
  say(250, "2.0.0", "Ok");
}

}  // namespace smtpspec::server
