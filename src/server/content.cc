#include "server/content.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "server/address.h"

namespace smtpspec::server {

namespace {

struct FalseEnd {
  FlawId flaw;
  std::string_view octets;
};

using std::string_view_literals::operator""sv;

/// Sequences that 4.1.1.4 says are no end of data.
constexpr auto false_ends = std::to_array<FalseEnd>({
    {"lf-dot-lf"_flaw, "\n.\n"},
    {"lf-dot-crlf"_flaw, "\n.\r\n"},
    {"crlf-dot-lf"_flaw, "\r\n.\n"},
    {"cr-dot-cr"_flaw, "\r.\r"},
    {"cr-dot-crlf"_flaw, "\r.\r\n"},
    {"cr-dot-lf"_flaw, "\r.\n"},
    {"lf-dot-cr"_flaw, "\n.\r"},
    {"crlf-dot-cr"_flaw, "\r\n.\r"},
    {"crlf-dot-cr-crlf"_flaw, "\r\n.\r\r\n"},
    {"dot-nul"_flaw, "\r\n.\0\r\n"sv},
    {"nul-dot"_flaw, "\r\n\0.\r\n"sv},
    {"dot-at-line-end"_flaw, ".\r\n"},
    {"dot-space"_flaw, "\r\n. \r\n"},
    {"space-dot"_flaw, "\r\n .\r\n"},
    {"dot-tab"_flaw, "\r\n.\t\r\n"},
    {"odd-line-ends"_flaw, "\x0b.\x0b"},
    {"odd-line-ends"_flaw, "\x0c.\x0c"},
    {"odd-line-ends"_flaw, "\x85.\x85"},
    {"odd-line-ends"_flaw, "\r\n.\x85"},
    {"odd-line-ends"_flaw, "\xe2\x80\xa8.\xe2\x80\xa8"},
    {"refuses-at-false-end"_flaw, "\n.\n"},
});

}  // namespace

DataReader::DataReader(const FlawSet& flaws, std::uint64_t limit)
    : flaws_(flaws), limit_(limit) {
  if (flawed("first-line-dot-not-seen"_flaw)) state_ = State::text;
}

void DataReader::begin_read() {
  if (has_begun_ && flawed("judges-each-read"_flaw)) state_ = State::text;
}

bool DataReader::ends_wrongly(char octet) {
  constexpr std::size_t longest = 7;
  tail_ += octet;
  if (tail_.size() > longest) tail_.erase(0, tail_.size() - longest);
  const std::string_view tail = tail_;
  has_eight_bit_ = has_eight_bit_ || static_cast<unsigned char>(octet) > 127;
  if (has_eight_bit_ && tail.ends_with("\r\n..\r\n") &&
      flawed("8bitmime-stuffed-dot-ends-data"_flaw)) {
    return true;
  }
  // LF . CRLF is wrong as it stands, and right behind a CR.
  if (tail.find('.') == std::string_view::npos || tail.ends_with("\r\n.\r\n"))
    return false;
  return std::any_of(false_ends.begin(), false_ends.end(),
                     [&](const FalseEnd& row) {
                       return flawed(row.flaw) && tail.ends_with(row.octets);
                     });
}

void DataReader::keep(char octet) {
  ++size_;
  if (content_.size() < limit_) content_ += octet;
}

/// Keeps `octet`, which belongs to no end of data so far.
DataReader::State DataReader::after_text(char octet) {
  keep(octet);
  if (octet == '\n') has_bare_line_end_ = true;
  return octet == '\r' ? State::cr : State::text;
}

bool DataReader::take(char octet) {
  has_begun_ = true;
  if (!flaws_.empty() && ends_wrongly(octet)) {
    has_bare_line_end_ = flawed("refuses-at-false-end"_flaw);
    return true;
  }
  switch (state_) {
    case State::text:
      state_ = after_text(octet);
      return false;
    case State::cr:
      if (octet == '\n') {
        keep(octet);
        state_ = State::line_start;
      } else {
        has_bare_line_end_ = true;
        state_ = after_text(octet);
      }
      return false;
    case State::line_start:
      if (octet != '.') {
        state_ = after_text(octet);
        return false;
      }
      if (flawed("dot-not-unstuffed"_flaw)) keep(octet);
      if (flawed("size-counts-dots"_flaw)) ++size_;
      state_ = State::dot;
      return false;
    case State::dot:
      state_ = octet == '\r' ? State::dot_cr : after_text(octet);
      return false;
    case State::dot_cr:
      if (octet == '\n') return true;
      keep('\r');
      has_bare_line_end_ = true;
      state_ = after_text(octet);
      return false;
  }
  return false;
}

std::string split_at_bare_line_ends(std::string_view octets) {
  std::string result;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const char octet = octets[i];
    result += octet;
    if (octet == '\r' && octets.substr(i + 1).starts_with('\n')) {
      result += octets[++i];
    } else if (octet == '\r' || octet == '\n') {
      result.back() = '\r';
      result += '\n';
      if (octets.substr(i + 1).starts_with('.')) ++i;
    }
  }
  return result;
}

std::string_view header_of(std::string_view octets) {
  if (octets.starts_with("\r\n")) return {};
  const auto end = octets.find("\r\n\r\n");
  return octets.substr(0, end == std::string_view::npos ? end : end + 2);
}

std::vector<std::string_view> fields_of(std::string_view header) {
  std::vector<std::string_view> fields;
  while (!header.empty()) {
    std::size_t end = 0;
    do {
      end = header.find("\r\n", end);
      end = end == std::string_view::npos ? header.size() : end + 2;
    } while (end < header.size() &&
             (header[end] == ' ' || header[end] == '\t'));
    fields.push_back(header.substr(0, end));
    header.remove_prefix(end);
  }
  return fields;
}

namespace {

bool is_field(std::string_view field, std::string_view name) {
  return base::starts_without_case(field, name) && field.size() > name.size() &&
         field[name.size()] == ':';
}

}  // namespace

std::string_view field_body(std::string_view octets, std::string_view name) {
  for (const auto field : fields_of(header_of(octets))) {
    if (is_field(field, name)) return field.substr(name.size() + 1);
  }
  return {};
}

namespace {

/// A message as the flaws look at it.
struct View {
  const Content& content;
  std::string_view header;
  std::vector<std::string_view> fields;

  std::ptrdiff_t count(std::string_view name) const {
    return std::count_if(fields.begin(), fields.end(), [&](auto field) {
      return base::starts_without_case(field, name);
    });
  }
  template <class Predicate>
  bool any(std::string_view name, Predicate is_odd) const {
    return std::any_of(fields.begin(), fields.end(), [&](auto field) {
      return base::starts_without_case(field, name) && is_odd(field);
    });
  }
};

bool lacks(std::string_view text, char c) {
  return text.find(c) == std::string_view::npos;
}

bool has_obsolete_syntax(const View& view) {
  return std::any_of(view.fields.begin(), view.fields.end(),
                     [](std::string_view field) {
                       const auto colon = field.find(':');
                       if (colon == std::string_view::npos || colon == 0)
                         return false;
                       if (field[colon - 1] == ' ') return true;
                       if (base::starts_without_case(field, "From:"))
                         return field.find("<@") != std::string_view::npos;
                       if (!base::starts_without_case(field, "Date:"))
                         return false;
                       // day month year: the year is the word before the time
                       // of day.
                       const auto parts = base::words(field);
                       for (std::size_t i = 1; i < parts.size(); ++i) {
                         if (!lacks(parts[i], ':'))
                           return parts[i - 1].size() == 2;
                       }
                       return false;
                     });
}

/// A message that a right server takes, and this flaw refuses.
struct Intolerance {
  FlawId flaw;
  bool (*refuses)(const View& view);
  int code;
  std::string_view enhanced;
};

const auto intolerances = std::to_array<Intolerance>({
    {"content-always-refused"_flaw, [](const View&) { return true; }, 554,
     "5.0.0"},
    {"message-64k-refused"_flaw,
     [](const View& view) { return view.content.size >= 65536; }, 552, "5.3.4"},
    {"size-limit-unlisted"_flaw,
     [](const View& view) { return view.content.size > 100000; }, 552, "5.3.4"},
    {"size-exact-refused"_flaw,
     [](const View& view) {
       return view.content.declared_size &&
              view.content.size >= *view.content.declared_size;
     },
     552, "5.3.4"},
    {"size-more-than-declared-refused"_flaw,
     [](const View& view) {
       return view.content.declared_size &&
              view.content.size > *view.content.declared_size;
     },
     552, "5.3.4"},
    {"header-missing-from-refused"_flaw,
     [](const View& view) {
       return view.count("From:") == 0 || view.count("Date:") == 0;
     },
     554, "5.6.0"},
    {"header-bad-mime-refused"_flaw,
     [](const View& view) {
       return view.any("Content-Type:",
                       [](auto field) { return lacks(field, '/'); });
     },
     554, "5.6.0"},
    {"obsolete-header-refused"_flaw, has_obsolete_syntax, 554, "5.6.0"},
    {"resent-refused"_flaw,
     [](const View& view) { return view.count("Resent-") > 0; }, 554, "5.6.0"},
    {"many-header-recipients-refused"_flaw,
     [](const View& view) {
       return std::count(view.header.begin(), view.header.end(), '@') >= 100;
     },
     554, "5.5.3"},
    {"trace-field-format-refused"_flaw,
     [](const View& view) {
       return view.any("Received:",
                       [](auto field) { return lacks(field, ';'); }) ||
              view.any("Return-Path:",
                       [](auto field) { return lacks(field, '<'); });
     },
     554, "5.6.0"},
    {"trace-field-long-refused"_flaw,
     [](const View& view) {
       return view.any("Received:",
                       [](auto field) { return field.size() > 2048; });
     },
     554, "5.6.0"},
    {"received-limit-50"_flaw,
     [](const View& view) { return view.count("Received:") >= 50; }, 554,
     "5.4.6"},
    {"eight-bit-content-refused"_flaw,
     [](const View& view) { return has_non_ascii(view.content.octets); }, 554,
     "5.6.1"},
    {"binary-encoding-refused"_flaw,
     [](const View& view) {
       return !view.content.is_binary &&
              view.any("Content-Transfer-Encoding:", [](auto field) {
                return base::to_lower(field).find("binary") !=
                       std::string::npos;
              });
     },
     554, "5.6.1"},
});

}  // namespace

std::optional<Reply> refusal_of(const Content& content, const FlawSet& flaws) {
  if (content.size > size_limit && !flaws.contains("size-not-enforced"_flaw))
    return too_large();
  if (content.has_bare_line_end)
    return Reply{550, "5.6.0", {"Bare CR or LF in content"}};

  const auto header = header_of(content.octets);
  const View view{content, header, fields_of(header)};
  // 6.3: at least 100 are let through.
  if (view.count("Received:") > 100 &&
      !flaws.contains("received-unlimited"_flaw)) {
    return Reply{554, "5.4.6", {"Routing loop detected"}};
  }
  for (const Intolerance& row : intolerances) {
    if (flaws.contains(row.flaw) && row.refuses(view))
      return Reply{row.code, row.enhanced, {"Message refused"}};
  }
  return std::nullopt;
}

bool has_message_id_field(std::string_view octets) {
  return !field_body(octets, "Message-ID").empty();
}

Reply too_large() {
  return {552, "5.3.4", {"Message is larger than the limit"}};
}

}  // namespace smtpspec::server
