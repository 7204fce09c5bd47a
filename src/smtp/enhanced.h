// Enhanced status codes (RFC 3463) at the start of reply texts (RFC 2034).
#pragma once

#include <string_view>

namespace smtpspec::smtp {

enum class EnhancedForm {
  absent,     ///< the text begins with nothing that looks like a code
  malformed,  ///< digits and dots, but not class.subject.detail
  good,
};

struct EnhancedCode {
  EnhancedForm form = EnhancedForm::absent;
  /// The code (or what looks like one) as it stands in the text.
  std::string_view text;
  /// The octet behind it; 0 at the end of the text.
  char next = 0;
  bool leading_zero = false;
};

/// Looks at the start of a reply line's text.
EnhancedCode parse_enhanced(std::string_view line_text);

/// Whether subject and detail of a well-formed code stand in the IANA registry.
bool is_registered(std::string_view code);

/// Whether RFC 5248 section 2.4 lists `reply_code` beside this well-formed code,
/// or lists no reply code for it.
bool may_pair(int reply_code, std::string_view code);

}  // namespace smtpspec::smtp
