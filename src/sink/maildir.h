// A maildir that the target delivers into, read as a second witness of what
// arrived.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "sink/mailbox.h"

namespace smtpspec::sink {

/// Adds each message that appears in FOLDER/new or FOLDER/cur while `context`
/// runs; what is there at the beginning is left aside. A message that moves
/// from new to cur, or whose flags change, is the same. The folder may come
/// later, its parents too.
///
/// Octets are those of the file: a maildir usually has LF where CRLF came, and
/// fields of the target's own on top.
class Maildir {
 public:
  static constexpr std::size_t default_octet_limit = 64 << 20;

  /// One component of `folder` may be "*", for any name: "/home/*/Maildir". Of
  /// a message so many octets are kept. `mailbox` outlives the run of
  /// `context`. Throws std::invalid_argument for a second "*".
  Maildir(boost::asio::io_context& context, std::filesystem::path folder,
          Mailbox& mailbox, std::size_t octet_limit = default_octet_limit);
  ~Maildir();

  Maildir(const Maildir&) = delete;
  Maildir& operator=(const Maildir&) = delete;

  /// Looks no more. May be called twice.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace smtpspec::sink
