// Rules that hold for the enhanced status codes of every reply (RFC 2034, 3463,
// 5248).
#include <fmt/format.h>

#include "smtp/enhanced.h"
#include "smtp/judgement.h"

namespace smtpspec::smtp {
namespace {

/// Judges the enhanced codes of a reply that ought to carry one.
template <class JudgeCode>
Judgement any_enhanced(const ReplyOrError& reply, const ReplyContext& context,
                       JudgeCode judge) {
  if (!context.enhanced_codes || context.command.empty() ||
      answers_greeting_or_ehlo(context))
    return std::nullopt;
  return any_line(reply, [&](const ReplyLine& line) -> Judgement {
    if (line.code / 100 == 3) return std::nullopt;
    return judge(line, parse_enhanced(line.text));
  });
}

Judgement enhanced_present(const ReplyOrError& reply,
                           const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine& line, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::absent) return std::nullopt;
        auto text = fmt::format("a {} reply has no enhanced status code",
                                line.code);
        if (line.code / 100 == 4) return note(std::move(text));
        return complain(std::move(text));
      });
}

Judgement enhanced_syntax(const ReplyOrError& reply,
                          const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine&, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::malformed) return std::nullopt;
        return complain(fmt::format(
            "the enhanced status code '{}' is not class.subject.detail with "
            "class 2, 4 or 5 and one to three digits twice",
            code.text));
      });
}

Judgement enhanced_class(const ReplyOrError& reply,
                         const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine& line, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::good ||
            code.text[0] - '0' == line.code / 100)
          return std::nullopt;
        return complain(fmt::format("reply {} carries enhanced code {}",
                                    line.code, code.text));
      });
}

Judgement enhanced_leading_zero(const ReplyOrError& reply,
                                const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine&, const EnhancedCode& code) -> Judgement {
        if (!code.leading_zero) return std::nullopt;
        return complain(fmt::format(
            "the enhanced status code {} has a leading zero", code.text));
      });
}

Judgement enhanced_space(const ReplyOrError& reply,
                         const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine&, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::good || code.next == ' ')
          return std::nullopt;
        if (code.next == '\0')
          return note(fmt::format("no text follows the enhanced code {}",
                                  code.text));
        return complain(fmt::format(
            "the enhanced status code {} is not followed by a space",
            code.text));
      });
}

Judgement enhanced_same(const ReplyOrError& reply,
                        const ReplyContext& context) {
  const auto* whole = std::get_if<Reply>(&reply);
  std::string_view first;
  return any_enhanced(
      reply, context,
      [&](const ReplyLine& line, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::good) return std::nullopt;
        if (&line == &whole->lines.front()) first = code.text;
        if (first.empty() || code.text == first) return std::nullopt;
        return complain(fmt::format(
            "the lines of one reply have enhanced codes {} and {}", first,
            code.text));
      });
}

Judgement enhanced_registered(const ReplyOrError& reply,
                              const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine&, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::good || is_registered(code.text))
          return std::nullopt;
        return note(fmt::format("the enhanced status code {} is not registered",
                                code.text));
      });
}

/// RFC 5248 section 2.4: the list is not exclusive, so this is noted only.
Judgement enhanced_pair(const ReplyOrError& reply,
                        const ReplyContext& context) {
  return any_enhanced(
      reply, context,
      [](const ReplyLine& line, const EnhancedCode& code) -> Judgement {
        if (code.form != EnhancedForm::good ||
            may_pair(line.code, code.text))
          return std::nullopt;
        return note(fmt::format("RFC 5248 lists no pair of {} and {}",
                                line.code, code.text));
      });
}

Judgement enhanced_in_intermediate(const ReplyOrError& reply,
                                   const ReplyContext& context) {
  if (!context.enhanced_codes) return std::nullopt;
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    // "3.0.0" is none by RFC 2034, which knows the classes 2, 4 and 5 only.
    if (line.code / 100 != 3 ||
        parse_enhanced(line.text).form == EnhancedForm::absent)
      return std::nullopt;
    return note(fmt::format("a {} reply carries an enhanced status code",
                            line.code));
  });
}

Judgement enhanced_in_greeting(const ReplyOrError& reply,
                               const ReplyContext& context) {
  if (!answers_greeting_or_ehlo(context)) return std::nullopt;
  return any_line(reply, [](const ReplyLine& line) -> Judgement {
    if (line.code / 100 != 2 ||
        parse_enhanced(line.text).form != EnhancedForm::good)
      return std::nullopt;
    return note(
        "the greeting or the reply to EHLO or HELO carries an enhanced "
        "status code");
  });
}

constexpr ReplyRule rules[] = {
    {"enhanced-present", enhanced_present},
    {"enhanced-syntax", enhanced_syntax},
    {"enhanced-class", enhanced_class},
    {"enhanced-leading-zero", enhanced_leading_zero},
    {"enhanced-space", enhanced_space},
    {"enhanced-same", enhanced_same},
    {"enhanced-registered", enhanced_registered},
    {"enhanced-pair", enhanced_pair},
    {"enhanced-in-intermediate", enhanced_in_intermediate},
    {"enhanced-in-greeting", enhanced_in_greeting},
};

}  // namespace

std::span<const ReplyRule> enhanced_rules() { return rules; }

}  // namespace smtpspec::smtp
