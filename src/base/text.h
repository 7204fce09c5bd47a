// Small functions on ASCII text, independent of the locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace smtpspec::base {

/// `text` with ASCII letters in lower (upper) case; other octets unchanged.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

/// Whether two texts are the same but for the case of ASCII letters.
bool equal_without_case(std::string_view a, std::string_view b);
bool starts_without_case(std::string_view text, std::string_view prefix);

/// `text` without spaces and tabs at both ends.
std::string_view trim(std::string_view text);

/// The parts of `text` between separators, empty parts included: an empty text
/// has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The words of `text`, separated by one or more spaces or tabs.
std::vector<std::string_view> words(std::string_view text);

bool is_digit(char c);
bool is_alpha(char c);

}  // namespace smtpspec::base
