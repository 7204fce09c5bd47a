// What a flaw is for those who list or choose one.
#pragma once

#include <string_view>

namespace smtpspec::server {

struct Flaw {
  std::string_view name;      ///< kebab-case, stable: scenarios name it
  std::string_view sentence;  ///< what the server then does
};

}  // namespace smtpspec::server
