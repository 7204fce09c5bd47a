// What is wrong with a dialog although each of its lines is well-formed.
#pragma once

#include <string>

#include "scenario/scenario.h"
#include "scenario/yaml.h"

namespace smtpspec::scenario {

/// What a dialog is checked against.
struct DialogContext {
  std::string file;
  std::string_view file_text;
  int line = 0;  ///< of the dialog's first line
  Start from = Start::ehlo;
  bool has_pipelining = false;  ///< the scenario needs PIPELINING
  bool has_control = false;
};

/// Throws base::SourceError for
/// - a variable that is neither known nor captured before;
/// - no S line, that is nothing to judge;
/// - a group of commands without PIPELINING (RFC 2920 section 3.1);
/// - silence that counts as a failure, without a control that shows that a
///   reply can come so soon (RFC 5321 section 4.5.3.2 gives minutes).
void check_dialog(const Dialog& dialog, const DialogContext& context);

/// Throws base::SourceError where nothing in `dialog` lets its mail be told from
/// other mail, and for variables in `then` that are not known.
void check_then(const std::vector<Assertion>& then, const Dialog& dialog,
                const DialogContext& context);

}  // namespace smtpspec::scenario
