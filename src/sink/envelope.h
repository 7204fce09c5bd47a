// What MAIL, RCPT and AUTH say, read from their arguments. Refuses next to
// nothing: the receiver is a witness of what a client says, be it malformed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sink/mailbox.h"

namespace smtpspec::sink {

/// The path and the parameters in `argument`, which is "FROM:<a@b> SIZE=1" for
/// `keyword` "FROM:" (RFC 5321 section 4.1.2). The path ends at its bracket, or
/// at a space if it has none; a quoted string may hold both. Nothing where the
/// keyword or all behind it is missing.
std::optional<EnvelopePath> parse_path(std::string_view argument,
                                       std::string_view keyword);

/// Whether the local part of `address` begins with `prefix`, be it quoted or
/// behind a source route.
bool local_part_begins_with(std::string_view address, std::string_view prefix);

/// The authentication identity in a message of PLAIN (RFC 4616 section 2).
/// Nothing if it is none.
std::optional<std::string> user_of_plain(std::string_view message);

}  // namespace smtpspec::sink
