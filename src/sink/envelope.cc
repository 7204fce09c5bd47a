#include "sink/envelope.h"

#include <algorithm>

#include "base/text.h"

namespace smtpspec::sink {
namespace {

/// Where `text` has `end` outside of quoted strings; npos: nowhere.
std::size_t find_unquoted(std::string_view text, char end) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (!is_quoted && text[i] == end) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// Where the path at the beginning of `text`, which is behind its '<', ends. A
/// quote that never closes hides no bracket before a space or the end.
std::size_t bracket_in(std::string_view text) {
  const auto end = find_unquoted(text, '>');
  if (end != std::string_view::npos) return end;
  const auto before_parameters = text.find("> ");
  if (before_parameters != std::string_view::npos) return before_parameters;
  return text.ends_with('>') ? text.size() - 1 : std::string_view::npos;
}

std::string_view without_spaces_before(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

}  // namespace

std::optional<EnvelopePath> parse_path(std::string_view argument,
                                       std::string_view keyword) {
  if (!base::starts_without_case(argument, keyword)) return std::nullopt;
  auto text = without_spaces_before(argument.substr(keyword.size()));
  if (text.empty()) return std::nullopt;
  const bool has_bracket = text.starts_with('<');
  if (has_bracket) text.remove_prefix(1);
  const auto found = has_bracket ? bracket_in(text) : find_unquoted(text, ' ');
  const auto end = std::min(found, text.size());
  auto rest = text.substr(end);
  if (has_bracket && !rest.empty()) rest.remove_prefix(1);
  return EnvelopePath{std::string(text.substr(0, end)),
                      std::string(without_spaces_before(rest))};
}

bool local_part_begins_with(std::string_view address, std::string_view prefix) {
  if (address.starts_with('@')) {
    const auto colon = address.find(':');
    if (colon != std::string_view::npos) address.remove_prefix(colon + 1);
  }
  if (address.starts_with('"')) address.remove_prefix(1);
  return base::starts_without_case(address, prefix);
}

std::optional<std::string> user_of_plain(std::string_view message) {
  const auto parts = base::split(message, '\0');
  if (parts.size() != 3 || parts[1].empty()) return std::nullopt;
  return std::string(parts[1]);
}

}  // namespace smtpspec::sink
