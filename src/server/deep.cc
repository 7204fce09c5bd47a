#include "server/deep.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <span>
#include <utility>

namespace smtpspec::server {

namespace {

using Past = std::span<const DeepEvent>;

}  // namespace

/// A deep flaw, and what it does where `shows` holds at a command.
struct DeepRow {
  FlawId flaw;
  /// Empty: any.
  std::string_view verb;
  bool (*shows)(Past past, const DeepEvent& now);
  /// It is this other flaw until the next command.
  std::optional<FlawId> becomes = {};
  /// It answers so, and does nothing else.
  std::optional<std::string_view> answer = {};
  bool closes = false;
  /// It does what is right, and changes the reply.
  std::string (*alter)(std::string octets) = nullptr;
};

namespace {

bool is(const DeepEvent& event, std::string_view verb, int code = 0) {
  return event.verb == verb && (code == 0 || event.code == code);
}

std::size_t count(Past past, std::string_view verb, int code = 0) {
  return static_cast<std::size_t>(
      std::count_if(past.begin(), past.end(), [&](const DeepEvent& event) {
        return is(event, verb, code);
      }));
}

bool ends_with(Past past, std::initializer_list<std::string_view> verbs) {
  return past.size() >= verbs.size() &&
         std::equal(verbs.begin(), verbs.end(),
                    past.end() - static_cast<std::ptrdiff_t>(verbs.size()),
                    [](std::string_view verb, const DeepEvent& event) {
                      return is(event, verb);
                    });
}

/// Whether the last event is a `verb` that was answered with `code`.
bool follows(Past past, std::string_view verb, int code) {
  return !past.empty() && is(past.back(), verb, code);
}

/// What has come since `verb` was last answered with `code`; all if it never
/// was.
Past since(Past past, std::string_view verb, int code) {
  std::size_t begin = past.size();
  while (begin > 0 && !is(past[begin - 1], verb, code)) --begin;
  return past.subspan(begin);
}

Past since_mail(Past past) { return since(past, "MAIL", 250); }

bool has_delivered(Past past) { return count(past, "content", 250) > 0; }

/// A letter each greeting: E and H for those that were taken, x for others.
std::string greetings(Past past) {
  std::string result;
  for (const DeepEvent& event : past) {
    if (is(event, "EHLO") || is(event, "HELO"))
      result += event.code == 250 ? event.verb.front() : 'x';
  }
  return result;
}

/// Whether RSET has ended a transaction of which `holds` is true.
template <typename Predicate>
bool has_reset(Past past, Predicate holds) {
  return std::any_of(past.begin(), past.end(), [&](const DeepEvent& event) {
    return is(event, "RSET", 250) && event.in_transaction && holds(event);
  });
}

bool has_two_recipients(Past, const DeepEvent& now) {
  return now.recipients >= 2;
}

bool has_two_from_nobody(Past, const DeepEvent& now) {
  return now.is_sender_null && now.recipients >= 2;
}

bool has_reset_two(Past past, const DeepEvent&) {
  return has_reset(past, [](const DeepEvent& event) {
    return event.recipients >= 2;
  });
}

std::string with_bare_lf(std::string octets) {
  octets.replace(octets.size() - 2, 2, "\n");
  return octets;
}

std::string with_stale_code(std::string octets) {
  return octets.starts_with("250 2.0.0") ? "250 5.5.1 Ok\r\n" : octets;
}

std::string without_last_line(std::string octets) {
  const auto line = octets.rfind("\r\n", octets.size() - 3);
  if (line != std::string::npos) octets[line + 5] = '-';
  return octets;
}

std::string without_refusal(std::string octets) {
  return octets.starts_with('5') ? "" : octets;
}

constexpr auto rows = std::to_array<DeepRow>({
    {.flaw = "deep-third-rset-closes"_flaw,
     .verb = "RSET",
     .shows = [](Past past, const DeepEvent& now) {
       return now.in_transaction &&
              std::count_if(past.begin(), past.end(), [](const auto& event) {
                return is(event, "RSET") && event.in_transaction;
              }) >= 2;
     },
     .closes = true},
    {.flaw = "deep-rset-stale-enhanced-code"_flaw,
     .verb = "RSET",
     .shows = [](Past past, const DeepEvent&) {
       return follows(past, "MAIL", 503) && past.back().in_transaction;
     },
     .alter = with_stale_code},
    {.flaw = "deep-rset-keeps-sender"_flaw,
     .verb = "RSET",
     .shows = [](Past past, const DeepEvent&) {
       return follows(past, "DATA", 503) &&
              count(since_mail(past), "BDAT", 250) > 0;
     },
     .becomes = "rset-keeps-sender"_flaw},
    {.flaw = "deep-rset-keeps-recipients"_flaw,
     .verb = "RSET",
     .shows = has_two_recipients,
     .becomes = "rset-keeps-recipients"_flaw},
    {.flaw = "deep-rcpt-after-two-refused"_flaw,
     .verb = "RCPT",
     .shows = [](Past past, const DeepEvent& now) {
       const Past last = past.last(std::min<std::size_t>(past.size(), 2));
       return now.in_transaction && count(last, "RCPT") == 2 &&
              last[0].code >= 500 && last[1].code >= 500;
     },
     .answer = "503 5.5.1 Say MAIL first\r\n"},
    {.flaw = "deep-ehlo-keeps-transaction"_flaw,
     .verb = "EHLO",
     .shows = [](Past, const DeepEvent& now) {
       return now.has_declared_size && now.recipients > 0;
     },
     .becomes = "ehlo-keeps-transaction"_flaw},
    {.flaw = "deep-refused-ehlo-forgets"_flaw,
     .verb = "MAIL",
     .shows = [](Past past, const DeepEvent&) {
       return greetings(past).ends_with("xx");
     },
     .answer = "503 5.5.1 Say EHLO first\r\n"},
    {.flaw = "deep-third-ehlo-unfinished"_flaw,
     .verb = "EHLO",
     .shows = [](Past past, const DeepEvent&) {
       return ends_with(past, {"EHLO", "EHLO"});
     },
     .alter = without_last_line},
    {.flaw = "deep-data-second-try"_flaw,
     .verb = "DATA",
     .shows = [](Past past, const DeepEvent&) {
       return follows(past, "DATA", 503);
     },
     .becomes = "data-without-rcpt"_flaw},

    {.flaw = "deep-vrfy-forgets-transaction"_flaw,
     .verb = "VRFY",
     .shows = has_two_recipients,
     .becomes = "vrfy-clears-buffers"_flaw},
    {.flaw = "deep-vrfy-expn-vrfy-closes"_flaw,
     .verb = "VRFY",
     .shows = [](Past past, const DeepEvent& now) {
       return now.in_transaction && ends_with(past, {"VRFY", "EXPN"});
     },
     .closes = true},
    {.flaw = "deep-help-bare-lf"_flaw,
     .verb = "HELP",
     .shows = [](Past past, const DeepEvent&) { return has_delivered(past); },
     .alter = with_bare_lf},
    {.flaw = "deep-fifth-noop-twice"_flaw,
     .verb = "NOOP",
     .shows = [](Past past, const DeepEvent&) {
       return ends_with(past, {"NOOP", "NOOP", "NOOP", "NOOP"});
     },
     .alter = [](std::string octets) { return octets + octets; }},
    {.flaw = "deep-unknown-verb-after-helo"_flaw,
     .verb = "unknown",
     .shows = [](Past past, const DeepEvent&) {
       return greetings(past).ends_with("EEH");
     },
     .answer = "250 2.0.0 Ok\r\n"},
    {.flaw = "deep-line-after-long-line"_flaw,
     .verb = "",
     .shows = [](Past past, const DeepEvent& now) {
       return now.size > 256 && now.size <= 512 &&
              std::count_if(past.begin(), past.end(), [](const auto& event) {
                return event.size > 512 && event.code == 500;
              }) >= 2;
     },
     .answer = "500 5.5.2 Line too long\r\n"},
    {.flaw = "deep-group-refusal-unanswered"_flaw,
     .verb = "",
     .shows = [](Past, const DeepEvent& now) {
       return now.in_transaction && now.place > 3;
     },
     .alter = without_refusal},

    {.flaw = "deep-rset-after-two-chunks-500"_flaw,
     .verb = "RSET",
     .shows = [](Past past, const DeepEvent& now) {
       return now.in_transaction && count(since_mail(past), "BDAT", 250) >= 2;
     },
     .answer = "500 5.5.1 Unknown command\r\n"},
    {.flaw = "deep-third-chunk-unanswered"_flaw,
     .verb = "BDAT",
     .shows = [](Past past, const DeepEvent& now) {
       return now.in_transaction && count(since_mail(past), "BDAT", 250) >= 2;
     },
     .becomes = "bdat-chunk-unanswered"_flaw},
    {.flaw = "deep-bdat-last-unanswered"_flaw,
     .verb = "BDAT",
     .shows = [](Past past, const DeepEvent& now) {
       return now.in_transaction && now.argument == "0 LAST" &&
              ends_with(past, {"BDAT", "BDAT"}) &&
              count(since_mail(past), "BDAT", 503) >= 2;
     },
     .answer = ""},
    {.flaw = "deep-quit-after-chunks-250"_flaw,
     .verb = "QUIT",
     .shows = [](Past past, const DeepEvent&) {
       return follows(past, "content", 250) &&
              count(since_mail(past), "BDAT", 250) > 0;
     },
     .answer = "250 2.0.0 Ok\r\n"},

    {.flaw = "deep-second-message-lf-dot-lf"_flaw,
     .verb = "DATA",
     .shows = [](Past past, const DeepEvent&) { return has_delivered(past); },
     .becomes = "lf-dot-lf"_flaw},
    {.flaw = "deep-null-sender-two-replies"_flaw,
     .verb = "DATA",
     .shows = has_two_from_nobody,
     .becomes = "reply-per-recipient"_flaw},
    {.flaw = "deep-null-sender-two-replies"_flaw,
     .verb = "BDAT",
     .shows = has_two_from_nobody,
     .becomes = "reply-per-recipient"_flaw},
    {.flaw = "deep-delivered-twice-after-rset"_flaw,
     .verb = "DATA",
     .shows = has_reset_two,
     .becomes = "delivers-twice"_flaw},
    {.flaw = "deep-delivered-twice-after-rset"_flaw,
     .verb = "BDAT",
     .shows = has_reset_two,
     .becomes = "delivers-twice"_flaw},
    {.flaw = "deep-relay-second-try"_flaw,
     .verb = "RCPT",
     .shows = [](Past past, const DeepEvent& now) {
       const Past recent = since(past, "RSET", 250);
       const Past before = past.first(past.size() - recent.size());
       return std::any_of(before.begin(), before.end(), [&](const auto& event) {
         return is(event, "RCPT", 550) && event.argument == now.argument;
       });
     },
     .becomes = "relays-for-all"_flaw},

    {.flaw = "deep-tls-keeps-transaction"_flaw,
     .verb = "STARTTLS",
     .shows = has_two_recipients,
     .becomes = "starttls-keeps-transaction"_flaw},
    {.flaw = "deep-tls-keeps-transaction"_flaw,
     .verb = "EHLO",
     .shows = [](Past past, const DeepEvent& now) {
       return now.is_secure && follows(past, "STARTTLS", 220);
     },
     .becomes = "ehlo-keeps-transaction"_flaw},
    {.flaw = "deep-starttls-twice"_flaw,
     .verb = "STARTTLS",
     .shows = [](Past past, const DeepEvent&) {
       return has_reset(past, [](const DeepEvent& event) {
         return event.is_secure;
       });
     },
     .becomes = "starttls-twice-accepted"_flaw},
    {.flaw = "deep-password-after-cancel"_flaw,
     .verb = "AUTH",
     .shows = [](Past past, const DeepEvent&) {
       return std::any_of(past.begin(), past.end(), [](const auto& event) {
         return is(event, "AUTH", 501) && event.replies > 1;
       });
     },
     .becomes = "auth-wrong-password-accepted"_flaw},
    {.flaw = "deep-password-after-rset"_flaw,
     .verb = "AUTH",
     .shows = [](Past past, const DeepEvent&) {
       const Past recent = since(past, "AUTH", 535);
       return recent.size() < past.size() && count(recent, "RSET", 250) > 0;
     },
     .becomes = "auth-wrong-password-accepted"_flaw},
    {.flaw = "deep-login-twice"_flaw,
     .verb = "AUTH",
     .shows = [](Past past, const DeepEvent&) {
       return has_reset(past, [](const DeepEvent& event) {
         return event.is_logged_in;
       });
     },
     .becomes = "auth-second-accepted"_flaw},
});

int code_of(std::string_view octets) {
  int code = 0;
  std::from_chars(octets.data(),
                  octets.data() + std::min<std::size_t>(octets.size(), 3),
                  code);
  return code;
}

}  // namespace

Deep::Deep(const FlawSet& flaws) : flaws_(flaws) {
  is_on_ = std::any_of(rows.begin(), rows.end(), [&](const DeepRow& row) {
    return flaws.contains(row.flaw);
  });
}

FlawSet Deep::begin(DeepEvent command) {
  FlawSet result = flaws_;
  met_.clear();
  for (const DeepRow& row : rows) {
    if (!flaws_.contains(row.flaw)) continue;
    if (!row.verb.empty() && row.verb != command.verb) continue;
    if (!row.shows(events_, command)) continue;
    met_.push_back(&row);
    if (row.becomes) result.insert(*row.becomes);
  }
  events_.push_back(std::move(command));
  return result;
}

std::optional<std::string_view> Deep::answer() const {
  for (const DeepRow* row : met_) {
    if (row->answer) return row->answer;
  }
  return std::nullopt;
}

bool Deep::closes() const {
  return std::any_of(met_.begin(), met_.end(),
                     [](const DeepRow* row) { return row->closes; });
}

std::string Deep::reply(std::string octets, std::string_view verb) {
  if (!is_on_ || events_.empty() || octets.empty()) return octets;
  // The end of data has no command of its own.
  if (verb == "content" && events_.back().verb != verb)
    events_.push_back({.verb = verb});
  events_.back().code = code_of(octets);
  ++events_.back().replies;
  for (const DeepRow* row : met_) {
    if (row->alter && (row->verb.empty() || row->verb == verb))
      octets = row->alter(std::move(octets));
  }
  return octets;
}

}  // namespace smtpspec::server
