// Keeps passwords out of everything that is shown or written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smtp/reply_rules.h"

namespace smtpspec::play {

/// Texts that nobody is to see, as they are and in base64, wherever they stand
/// in what was encoded.
class Secrets {
 public:
  Secrets() = default;
  /// Empty ones are left out.
  explicit Secrets(const std::vector<std::string>& secrets);

  /// `text` with as many asterisks in place of each secret.
  std::string hide(std::string text) const;
  /// In the lines of a reply.
  void hide(smtp::ReplyOrError& reply) const;

 private:
  std::vector<std::string> forms_;
};

}  // namespace smtpspec::play
