#include "scenario/builtin.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace smtpspec::scenario {

std::string_view embedded_file(std::string_view path) {
  const auto files = embedded_files();
  const auto found =
      std::find_if(files.begin(), files.end(),
                   [&](const EmbeddedFile& file) { return file.path == path; });
  if (found == files.end()) {
    throw std::logic_error(std::string(path) + " was not built in");
  }
  return found->content;
}

}  // namespace smtpspec::scenario
