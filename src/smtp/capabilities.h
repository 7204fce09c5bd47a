// What a server offered in its reply to EHLO (RFC 5321 section 4.1.1.1).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "smtp/reply.h"

namespace smtpspec::smtp {

class Capabilities {
 public:
  Capabilities() = default;
  /// From a positive reply to EHLO: the first word of each line after the
  /// first is a keyword, the rest its parameters.
  explicit Capabilities(const Reply& reply);

  /// Whether the keyword was offered; case does not matter.
  bool has(std::string_view keyword) const;
  /// The parameters of a keyword, as sent; empty if there are none.
  std::string_view parameters(std::string_view keyword) const;
  bool empty() const { return keywords_.empty(); }
  /// All keywords, in upper case.
  std::set<std::string> keywords() const;
  /// The words behind AUTH, in upper case.
  std::set<std::string> mechanisms() const;

 private:
  std::map<std::string, std::string, std::less<>> keywords_;
};

}  // namespace smtpspec::smtp
