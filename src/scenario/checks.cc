#include "scenario/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenario/expect.h"
#include "scenario/profile.h"

namespace smtpspec::scenario {
namespace {

[[noreturn]] void fail(const DialogContext& context, int line,
                       std::string_view at, const std::string& message) {
  const auto text = base::line_of(context.file_text, line);
  auto column = at.empty() ? text.npos : text.find(at);
  if (column == text.npos) column = text.find_first_not_of(' ');
  if (column == text.npos) column = 0;
  throw base::SourceError({context.file, line, static_cast<int>(column) + 1},
                          message, text);
}

bool is_known(std::string_view name) {
  const auto& all = variable_names();
  return std::any_of(all.begin(), all.end(), [&](const VariableName& variable) {
    return variable.name == name;
  });
}

void check_variable(const std::string& name, const Send& send,
                    const DialogContext& context) {
  const auto reference = "${" + name + "}";
  if (!is_known(name)) {
    fail(context, send.line, name,
         fmt::format("unknown variable '{}': see docs/profile.md", name));
  }
  if ((name == "n" || name == "recipient_n") && send.repeat == 1) {
    fail(context, send.line, reference,
         fmt::format("'{}' is counted by 'C*100: ...' only", name));
  }
}

void check_variables(const Dialog& dialog, const DialogContext& context) {
  std::set<std::string> captured;
  for (const auto& step : dialog.steps) {
    if (const auto* expect = std::get_if<Expect>(&step)) {
      captured.merge(captures(*expect));
    } else if (const auto* send = std::get_if<Send>(&step)) {
      for (const auto& name : send->text.names()) {
        if (!captured.contains(name)) check_variable(name, *send, context);
      }
    }
  }
}

void check_judges(const Dialog& dialog, const DialogContext& context) {
  const bool judges = std::any_of(
      dialog.steps.begin(), dialog.steps.end(), [](const Step& step) {
        return std::holds_alternative<Expect>(step) ||
               std::holds_alternative<HangUp>(step) ||
               std::holds_alternative<StartTls>(step);
      });
  if (!judges) fail(context, context.line, {}, "a dialog without an S line");
}

/// Follows a dialog and counts the commands in each write.
class PipeliningCheck {
 public:
  explicit PipeliningCheck(const DialogContext& context)
      : context_(context), in_data_(context.from == Start::data) {}

  void run(const Dialog& dialog) {
    for (const auto& step : dialog.steps) {
      if (const auto* send = std::get_if<Send>(&step)) {
        // C> can cut lines anywhere: what is a command then, nobody can tell.
        if (!send->adds_crlf) return;
        count(*send);
      } else {
        commands_ = 0;
        const auto* expect = std::get_if<Expect>(&step);
        if (expect != nullptr && can_be_354(*expect)) in_data_ = true;
      }
    }
  }

 private:
  void count(const Send& send) {
    const auto& text = send.text.source();
    if (in_data_ && text != ".") return;
    in_data_ = false;
    commands_ += send.repeat;
    for (auto at = text.find("\\r\\n"); at != std::string::npos;
         at = text.find("\\r\\n", at + 1)) {
      ++commands_;
    }
    if (commands_ > 1) {
      fail(context_, send.line, {},
           "two commands in one write need PIPELINING (RFC 2920 section 3.1): "
           "add needs: [PIPELINING], or wait for the reply between them");
    }
  }

  static bool can_be_354(const Expect& expect) {
    const auto& patterns = expect.parts.front().any_of;
    return std::any_of(patterns.begin(), patterns.end(), [](const Pattern& p) {
      const auto* reply = std::get_if<smtp::ReplyPattern>(&p);
      return reply != nullptr && reply->matches_code(354);
    });
  }

  const DialogContext& context_;
  bool in_data_;
  int commands_ = 0;
};

void check_silence(const Dialog& dialog, const DialogContext& context) {
  for (const auto& step : dialog.steps) {
    const auto* expect = std::get_if<Expect>(&step);
    if (expect == nullptr) continue;
    for (const auto& part : expect->parts) {
      const bool accuses =
          part.grade == Grade::fail || part.grade == Grade::warn;
      const bool names_silence = std::any_of(
          part.any_of.begin(), part.any_of.end(), [](const Pattern& pattern) {
            return std::holds_alternative<Silent>(pattern);
          });
      if (accuses && names_silence) {
        fail(context, expect->line, "silent",
             "a server may take minutes (RFC 5321 section 4.5.3.2): silence "
             "fails only beside a 'control:' that is answered in time");
      }
    }
  }
}

}  // namespace

void check_dialog(const Dialog& dialog, const DialogContext& context) {
  check_judges(dialog, context);
  check_variables(dialog, context);
  if (!context.has_pipelining) PipeliningCheck(context).run(dialog);
  if (!context.has_control) check_silence(dialog, context);
}

void check_then(const std::vector<Assertion>& then, const Dialog& dialog,
                const DialogContext& context) {
  if (!dialog.variables().contains("token")) {
    fail(context, context.line, {},
         "'then' finds mail by its token: put ${token} into the dialog, where "
         "it arrives with the mail");
  }
  for (const auto& assertion : then) {
    for (const auto& name : assertion.variables()) {
      if (is_known(name)) continue;
      fail(context, assertion.expect.line, "${" + name + "}",
           fmt::format("unknown variable '{}': see docs/profile.md", name));
    }
  }
}

}  // namespace smtpspec::scenario
