#include "play/segmentation.h"

#include <algorithm>

namespace smtpspec::play {
namespace {

constexpr std::size_t most_segments = 400;

/// How many octets the next piece has.
std::size_t piece_size(std::string_view bytes, Segmentation segmentation) {
  switch (segmentation) {
    case Segmentation::octets: return 1;
    case Segmentation::at_borders:
      return std::min(bytes.find_first_of("\r\n."), bytes.size() - 1) + 1;
    case Segmentation::as_written:
    case Segmentation::coalesced: return bytes.size();
  }
  return bytes.size();
}

}  // namespace

std::string_view to_string(Segmentation segmentation) {
  switch (segmentation) {
    case Segmentation::as_written: return "as written";
    case Segmentation::at_borders: return "cut behind every CR, LF and dot";
    case Segmentation::octets: return "one octet at a time";
    case Segmentation::coalesced: return "without waits";
  }
  return {};
}

std::vector<std::string_view> segments(std::string_view bytes,
                                       Segmentation segmentation) {
  std::vector<std::string_view> pieces;
  while (!bytes.empty()) {
    const bool is_last = pieces.size() + 1 == most_segments;
    const auto piece = bytes.substr(
        0, is_last ? bytes.size() : piece_size(bytes, segmentation));
    pieces.push_back(piece);
    bytes.remove_prefix(piece.size());
  }
  return pieces;
}

}  // namespace smtpspec::play
