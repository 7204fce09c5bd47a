// Writes a report to a file.
#pragma once

#include <string>
#include <string_view>

namespace smtpspec::report {

/// Writes `content` to `path`: beside it first, then renamed over it, so that
/// a reader never sees half a report. A device, a pipe or a symbolic link is
/// written in place. Throws std::runtime_error naming the path and the
/// system's reason.
void write_file(const std::string& path, std::string_view content);

}  // namespace smtpspec::report
