#include "smtp/message.h"

#include <algorithm>

#include "base/text.h"

namespace smtpspec::smtp {
namespace {

/// The first line of `octets`, its end included.
std::string_view first_line(std::string_view octets) {
  const auto end = octets.find('\n');
  return octets.substr(0, end == std::string_view::npos ? end : end + 1);
}

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  else
    return line;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool continues(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != ':';
  });
}

Field make_field(std::string_view raw) {
  Field field{.name = {}, .body = {}, .raw = std::string(raw)};
  const auto text = without_end(raw);
  const auto colon = text.find(':');
  const auto name = base::trim(text.substr(0, colon));
  if (colon == std::string_view::npos || continues(raw) || !is_name(name)) {
    field.body = text;
    return field;
  }
  field.name = name;
  field.body = text.substr(colon + 1);
  return field;
}

/// The field that `octets` begin with: a line and the lines that continue it.
std::string_view first_field(std::string_view octets) {
  std::size_t end = first_line(octets).size();
  while (end < octets.size() && continues(octets.substr(end)))
    end += first_line(octets.substr(end)).size();
  return octets.substr(0, end);
}

std::string_view unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return text;
  return text.substr(1, text.size() - 2);
}

/// `text` up to the first ';' outside quotes; takes it off `text`.
std::string_view take_parameter(std::string_view& text) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != ';'); ++end)
    if (text[end] == '"') quoted = !quoted;
  const auto taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return base::trim(taken);
}

std::string content_type(const Message& message) {
  const Field* field = find_field(message, "Content-Type");
  return field ? field->unfolded() : std::string{};
}

Part make_part(std::string_view text) {
  // The header only: `content` is to be a view into the caller's message.
  std::size_t at = 0;
  Message head;
  while (at < text.size()) {
    const auto line = first_line(text.substr(at));
    if (without_end(line).empty()) {
      at += line.size();
      break;
    }
    const auto raw = first_field(text.substr(at));
    head.fields.push_back(make_field(raw));
    at += raw.size();
  }
  return {media_type(head), text.substr(at)};
}

}  // namespace

std::string Field::unfolded() const {
  std::string text;
  text.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    const bool is_line_end =
        body[i] == '\n' || (body[i] == '\r' && body.substr(i, 2) == "\r\n");
    if (!is_line_end) text += body[i];
  }
  return std::string(base::trim(text));
}

bool Field::is(std::string_view wanted) const {
  return base::equal_without_case(name, wanted);
}

Message parse_message(std::string_view octets) {
  Message message;
  while (!octets.empty()) {
    const auto line = first_line(octets);
    if (line.ends_with('\n') && without_end(line).empty()) {
      message.separator = line;
      message.body = octets.substr(line.size());
      return message;
    }
    const auto raw = first_field(octets);
    message.fields.push_back(make_field(raw));
    octets.remove_prefix(raw.size());
  }
  return message;
}

std::string print(const Message& message) {
  std::string octets;
  for (const Field& field : message.fields) octets += field.raw;
  return octets + message.separator + message.body;
}

const Field* find_field(const Message& message, std::string_view name) {
  const auto found = std::ranges::find_if(
      message.fields, [&](const Field& field) { return field.is(name); });
  return found == message.fields.end() ? nullptr : &*found;
}

std::size_t count_fields(const Message& message, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count_if(
      message.fields, [&](const Field& field) { return field.is(name); }));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto line = first_line(text);
    lines.push_back(without_end(line));
    text.remove_prefix(line.size());
  }
  return lines;
}

std::string with_line_feeds(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text.substr(i, 2) != "\r\n") result += text[i];
  return result;
}

std::string media_type(const Message& message) {
  const auto type = content_type(message);
  std::string_view rest = type;
  auto name = take_parameter(rest);
  name = base::trim(name.substr(0, name.find_first_of(" (\t")));
  return name.empty() ? "text/plain" : base::to_lower(name);
}

std::string type_parameter(const Message& message, std::string_view name) {
  const auto type = content_type(message);
  std::string_view rest = type;
  take_parameter(rest);
  while (!rest.empty()) {
    const auto parameter = take_parameter(rest);
    const auto equals = std::min(parameter.find('='), parameter.size());
    if (base::equal_without_case(base::trim(parameter.substr(0, equals)), name))
      return std::string(unquoted(base::trim(
          parameter.substr(std::min(equals + 1, parameter.size())))));
  }
  return {};
}

std::vector<Part> parts_of(const Message& message) {
  std::vector<Part> parts;
  const auto boundary = type_parameter(message, "boundary");
  if (boundary.empty() || !media_type(message).starts_with("multipart/"))
    return parts;
  const std::string delimiter = "--" + boundary;
  const std::string_view body = message.body;
  std::size_t begin = std::string_view::npos;
  for (std::size_t at = 0; at < body.size();) {
    const auto line = first_line(body.substr(at));
    const auto text = base::trim(without_end(line));
    const bool is_last = text == delimiter + "--";
    if (text == delimiter || is_last) {
      if (begin != std::string_view::npos)
        parts.push_back(make_part(body.substr(begin, at - begin)));
      begin = is_last ? std::string_view::npos : at + line.size();
      if (is_last) return parts;
    }
    at += line.size();
  }
  // A message cut short: what there is of its last part.
  if (begin != std::string_view::npos)
    parts.push_back(make_part(body.substr(begin)));
  return parts;
}

}  // namespace smtpspec::smtp
