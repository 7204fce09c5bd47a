#include "report/file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace smtpspec::report {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, int error) {
  throw std::runtime_error(fmt::format("cannot write report '{}': {}", path,
                                       std::generic_category().message(error)));
}

/// Zero, or errno.
int write_in_place(const std::string& path, std::string_view content) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return errno;
  errno = 0;
  const bool is_written =
      std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const int write_error = errno;
  // The last octets reach the disk, or fail to, at close.
  if (std::fclose(file) != 0) return errno;
  return is_written ? 0 : write_error;
}

}  // namespace

void write_file(const std::string& path, std::string_view content) {
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(path, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    if (const int error = write_in_place(path, content)) fail(path, error);
    return;
  }
  const std::string part = fmt::format("{}.{}.part", path, ::getpid());
  int error = write_in_place(part, content);
  if (error == 0 && std::rename(part.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    std::remove(part.c_str());
    fail(path, error);
  }
}

}  // namespace smtpspec::report
