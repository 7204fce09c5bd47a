// Addresses of the envelope (RFC 5321 sections 4.1.2 and 4.1.3; RFC 6531
// section 3.3), read strictly. Knows the flaws that concern them.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/flaws.h"

namespace smtpspec::server {

enum class AddressError {
  syntax,             ///< no path, or not in the grammar
  control_character,  ///< an octet below 32, or 127
  malformed_utf8,
  domain,    ///< a domain or literal outside the grammar
  too_long,  ///< local part, domain or path (4.5.3.1.1 to 4.5.3.1.3)
};

struct Mailbox {
  /// Without the quotes and backslashes of a Quoted-string.
  std::string local_part;
  /// As written; a literal in its brackets. Empty for <postmaster>.
  std::string domain;
  bool non_ascii = false;
};

/// A Reverse-path or Forward-path. Source routes are read and forgotten.
struct Path {
  Mailbox mailbox;
  bool is_null = false;
  /// The mailbox as written, for trace fields: <> has none.
  std::string text;
  /// Octets of the input that the path takes, brackets included.
  std::size_t length = 0;
  /// Not what was written, but what a careless server makes of it: it does not
  /// ask who sends there.
  bool is_rewritten = false;
};

/// What a path may be in its place.
enum class PathKind {
  reverse,  ///< <> is one
  forward,  ///< <postmaster> is one, in any case
};

template <class T>
using AddressResult = boost::system::result<T, AddressError>;

/// Reads the path at the beginning of `input`; what follows is the caller's.
AddressResult<Path> parse_path(std::string_view input, PathKind kind,
                               const FlawSet& flaws);

/// Reads a mailbox that fills `input`, without brackets.
AddressResult<Mailbox> parse_mailbox(std::string_view input,
                                     const FlawSet& flaws);

/// A Domain in ASCII: labels of letters, digits and inner hyphens.
bool is_domain(std::string_view text);
/// An address-literal: [127.0.0.1] or [IPv6:...].
bool is_address_literal(std::string_view text);
bool is_ipv4_address(std::string_view text);
bool is_ipv6_address(std::string_view text);

/// Whether `text` is an Atom; octets above 127 count as letters.
bool is_atom(std::string_view text);

bool is_utf8(std::string_view text);
bool has_non_ascii(std::string_view text);

}  // namespace smtpspec::server
