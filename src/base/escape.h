// Octets as visible ASCII text, and back: the escapes of scenarios,
// transcripts and reports.
#pragma once

#include <string>
#include <string_view>

namespace smtpspec::base {

/// `bytes` as printable ASCII: \r \n \t \0 \\, \$ before '{', and \xHH for every
/// other octet outside 32 to 126. scenario::Template reads it back.
std::string escape(std::string_view bytes);

/// escape(), with at most `limit` octets of `bytes` shown and the rest counted:
/// "abc... (1048573 more octets)".
std::string escape_up_to(std::string_view bytes, std::size_t limit);

}  // namespace smtpspec::base
