// TCP is a stream: how octets are cut into segments must change no reply. Ways
// to cut what a session sends, to find servers that judge each read by itself.
#pragma once

#include <string_view>
#include <vector>

namespace smtpspec::play {

enum class Segmentation {
  as_written,  ///< one write for each group of lines
  at_borders,  ///< cut behind every CR, LF and dot
  octets,      ///< one octet at a time
  coalesced,   ///< waits between writes are left out
};

/// "one octet at a time".
std::string_view to_string(Segmentation segmentation);

/// The pieces of `bytes` to be written one by one. After the first few hundred
/// the rest is one piece: a mail of 64 KiB must not take minutes.
std::vector<std::string_view> segments(std::string_view bytes,
                                       Segmentation segmentation);

}  // namespace smtpspec::play
