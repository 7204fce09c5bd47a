#include "server/alterations.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "server/content.h"

namespace smtpspec::server {

namespace {

/// Content as its fields and the rest, the empty line first.
struct Parts {
  std::vector<std::string> fields;
  std::string rest;

  std::string joined() const {
    std::string result;
    for (const std::string& field : fields) result += field;
    return result + rest;
  }
};

Parts split_content(const std::string& content) {
  Parts result;
  const auto header = header_of(content);
  for (const auto field : fields_of(header)) result.fields.emplace_back(field);
  result.rest = content.substr(header.size());
  return result;
}

bool is_received(std::string_view field) {
  return base::starts_without_case(field, "Received:");
}

/// Lines with their CRLF; the last may lack it.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = text.find("\r\n", begin);
    end = end == std::string::npos ? text.size() : end + 2;
    result.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return result;
}

struct Context {
  const std::vector<Recipient>& recipients;
  bool came_by_bdat;
};

std::string add_recipients(const Parts& parts, const std::string& name,
                           const Context& context) {
  std::string list;
  for (const Recipient& recipient : context.recipients)
    list += (list.empty() ? "" : ", ") + recipient.address;
  Parts result = parts;
  result.fields.push_back(name + ": " + list + "\r\n");
  return result.joined();
}

bool has_field(const Parts& parts, std::string_view name) {
  return std::any_of(parts.fields.begin(), parts.fields.end(),
                     [name](const std::string& field) {
                       return base::starts_without_case(field, name);
                     });
}

std::string without_leading_dots(const std::string& content) {
  std::string result;
  for (const std::string& line : lines_of(content))
    result += line.starts_with('.') ? line.substr(1) : line;
  return result;
}

using Alter = std::string (*)(const std::string& content,
                              const Context& context);

struct Alteration {
  FlawId flaw;
  Alter alter;
};

std::string change_received(const std::string& content, const Context&) {
  Parts parts = split_content(content);
  for (std::string& field : parts.fields) {
    if (is_received(field)) field.insert(field.size() - 2, " (checked)");
  }
  return parts.joined();
}

std::string reorder_received(const std::string& content, const Context&) {
  Parts parts = split_content(content);
  std::vector<std::string> received;
  std::copy_if(parts.fields.begin(), parts.fields.end(),
               std::back_inserter(received), is_received);
  for (std::string& field : parts.fields) {
    if (!is_received(field)) continue;
    field = received.back();
    received.pop_back();
  }
  return parts.joined();
}

std::string remove_received(const std::string& content, const Context&) {
  Parts parts = split_content(content);
  std::erase_if(parts.fields, is_received);
  return parts.joined();
}

std::string sort_fields(const std::string& content, const Context&) {
  Parts parts = split_content(content);
  std::vector<std::string> others;
  for (const std::string& field : parts.fields) {
    if (!is_received(field)) others.push_back(field);
  }
  std::sort(others.begin(), others.end());
  std::erase_if(parts.fields,
                [](const auto& field) { return !is_received(field); });
  parts.fields.insert(parts.fields.end(), others.begin(), others.end());
  return parts.joined();
}

std::string cut_white_space(const std::string& content, const Context&) {
  std::string result;
  for (std::string line : lines_of(content)) {
    const bool has_end = line.ends_with("\r\n");
    if (has_end) line.resize(line.size() - 2);
    line.resize(line.find_last_not_of(" \t") + 1);
    result += line + (has_end ? "\r\n" : "");
  }
  return result;
}

std::string clear_high_bits(const std::string& content, const Context&) {
  std::string result = content;
  for (char& c : result) c = static_cast<char>(c & 0x7f);
  return result;
}

std::string expand_tabs(const std::string& content, const Context&) {
  std::string result;
  for (const char c : content) result += c == '\t' ? "        " : std::string{c};
  return result;
}

std::string break_lines(const std::string& content, const Context&) {
  constexpr std::size_t limit = 78;
  std::string result;
  for (std::string line : lines_of(content)) {
    while (line.size() > limit + 2) {
      result += line.substr(0, limit) + "\r\n";
      line.erase(0, limit);
    }
    result += line;
  }
  return result;
}

constexpr auto alterations = std::to_array<Alteration>({
    {"received-changed"_flaw, change_received},
    {"received-reordered"_flaw, reorder_received},
    {"received-removed"_flaw, remove_received},
    {"field-order-changed"_flaw, sort_fields},
    {"apparently-to-added"_flaw,
     [](const std::string& content, const Context& context) {
       return add_recipients(split_content(content), "Apparently-To", context);
     }},
    {"recipients-in-header"_flaw,
     [](const std::string& content, const Context& context) {
       return add_recipients(split_content(content), "X-Recipients", context);
     }},
    {"to-added"_flaw,
     [](const std::string& content, const Context& context) {
       const Parts parts = split_content(content);
       return has_field(parts, "To:") ? content
                                      : add_recipients(parts, "To", context);
     }},
    {"added-line-no-field"_flaw,
     [](const std::string& content, const Context&) {
       Parts parts = split_content(content);
       parts.fields.push_back("This mail was looked at\r\n");
       return parts.joined();
     }},
    {"tls-required-added"_flaw,
     [](const std::string& content, const Context&) {
       return "TLS-Required: Yes\r\n" + content;
     }},
    {"body-changed"_flaw, cut_white_space},
    {"high-bit-cleared"_flaw, clear_high_bits},
    {"tabs-expanded"_flaw, expand_tabs},
    {"long-lines-folded"_flaw, break_lines},
    {"dots-lost"_flaw,
     [](const std::string& content, const Context& context) {
       return context.came_by_bdat ? content : without_leading_dots(content);
     }},
    {"bdat-dots-unstuffed"_flaw,
     [](const std::string& content, const Context& context) {
       return context.came_by_bdat ? without_leading_dots(content) : content;
     }},
});

bool ends_address(char c) {
  return c == ' ' || c == '\t' || c == '<' || c == '>' || c == ',' ||
         c == '\r' || c == '\n';
}

}  // namespace

std::string altered(std::string content,
                    const std::vector<Recipient>& recipients,
                    bool came_by_bdat, const FlawSet& flaws) {
  if (flaws.empty()) return content;
  const Context context{recipients, came_by_bdat};
  for (const Alteration& row : alterations) {
    if (flaws.contains(row.flaw)) content = row.alter(content, context);
  }
  return content;
}

std::string with_received(const std::string& field, const std::string& content,
                          const FlawSet& flaws) {
  if (!flaws.contains("received-below"_flaw)) return field + content;
  Parts parts = split_content(content);
  parts.fields.push_back(field);
  return parts.joined();
}

std::vector<std::string> addresses_in(std::string_view content,
                                      std::string_view name) {
  std::vector<std::string> result;
  for (const auto field : fields_of(header_of(content))) {
    if (!base::starts_without_case(field, std::string(name) + ":")) continue;
    std::string word;
    for (const char c : field.substr(name.size() + 1)) {
      if (!ends_address(c)) {
        word += c;
        continue;
      }
      if (word.find('@') != std::string::npos) result.push_back(word);
      word.clear();
    }
  }
  return result;
}

}  // namespace smtpspec::server
