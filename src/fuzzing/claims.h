// Who looks into which finding, where several processes fuzz side by side: what
// one of them makes small the others need not.
#pragma once

#include <boost/interprocess/mapped_region.hpp>
#include <string_view>

namespace smtpspec::fuzzing {

/// Shared with every process that is forked behind its making; there are a few
/// thousand places, and who finds none has all signatures for himself.
class Claims {
 public:
  /// Throws boost::interprocess::interprocess_exception where there is no memory.
  Claims();

  /// Whether `signature` was nobody's; it is ours now.
  bool take(std::string_view signature);
  /// Another one may try: it was ours.
  void give_back(std::string_view signature);

 private:
  struct Place;
  Place* place_of(std::string_view signature);

  boost::interprocess::mapped_region memory_;
};

}  // namespace smtpspec::fuzzing
