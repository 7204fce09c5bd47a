// The files of scenarios/ and requirements/, and the words and blocks of corpus/,
// built into the program.
#pragma once

#include <span>
#include <string_view>

namespace smtpspec::scenario {

struct EmbeddedFile {
  std::string_view path;  ///< scenarios/data/dot-stuffing.yaml
  std::string_view content;
};

/// All of them, in the order of their paths. cmake/embed_files.cmake writes it.
std::span<const EmbeddedFile> embedded_files();

/// The content of one file. Its absence is a bug of the build.
std::string_view embedded_file(std::string_view path);

}  // namespace smtpspec::scenario
