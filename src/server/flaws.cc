#include "server/flaws.h"

namespace smtpspec::server {

std::span<const Flaw> all_flaws() { return flaw_table; }

}  // namespace smtpspec::server
