#include "fuzzing/dictionary.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/source.h"
#include "base/text.h"
#include "scenario/builtin.h"

namespace smtpspec::fuzzing {
namespace {

constexpr std::array<std::string_view, word_kinds> kind_names{
    "verb",     "command", "mail",     "rcpt",    "mechanism", "response",
    "address",  "greeting", "keyword", "content", "end",       "octets"};

/// A line `kind="word"`.
class WordParser {
 public:
  WordParser(std::string_view line, const std::string& file, int number)
      : line_(line), file_(file), number_(number) {}

  /// The index of the kind, and the octets.
  std::pair<std::size_t, std::string> parse() {
    const auto quote = line_.find('"');
    const auto equals = std::min(line_.find('='), line_.size());
    if (quote != equals + 1) fail(0, "it is written kind=\"word\"");
    const auto kind = std::find(kind_names.begin(), kind_names.end(),
                                line_.substr(0, equals));
    if (kind == kind_names.end()) fail(0, "unknown kind of word");
    at_ = quote + 1;
    std::string word;
    while (!done() && line_[at_] != '"') word += octet();
    if (done() || at_ + 1 != line_.size()) fail(at_, "'\"' ends the line");
    if (word.empty()) fail(quote, "a word without an octet");
    return {static_cast<std::size_t>(kind - kind_names.begin()), word};
  }

 private:
  bool done() const { return at_ >= line_.size(); }

  char octet() {
    const std::size_t start = at_++;
    if (line_[start] != '\\') return line_[start];
    const char escaped = done() ? '\0' : line_[at_++];
    if (escaped == '\\' || escaped == '"') return escaped;
    const auto digits = line_.substr(std::min(at_, line_.size()), 2);
    const char* end = digits.data() + digits.size();
    unsigned value = 0;
    const auto parsed = std::from_chars(digits.data(), end, value, 16);
    if (escaped != 'x' || digits.size() != 2 || parsed.ptr != end)
      fail(start, "unknown escape: there are \\\\ \\\" \\xHH");
    at_ += 2;
    return static_cast<char>(value);
  }

  [[noreturn]] void fail(std::size_t at, const std::string& message) const {
    throw base::SourceError({file_, number_, static_cast<int>(at) + 1}, message,
                            line_);
  }

  std::string_view line_;
  const std::string& file_;
  int number_;
  std::size_t at_ = 0;
};

/// `text` with LHLO for EHLO.
std::string in_lmtp(std::string_view text) {
  std::string result(text);
  constexpr std::string_view from = "EHLO";
  for (auto at = result.find(from); at != std::string::npos;
       at = result.find(from, at)) {
    result.replace(at, from.size(), "LHLO");
  }
  return result;
}

Dictionary load_builtin(bool is_lmtp) {
  constexpr std::string_view folder = "corpus/blocks/";
  constexpr std::string_view extension = ".session";
  Dictionary result;
  for (const auto& file : scenario::embedded_files()) {
    if (!file.path.starts_with("corpus/")) continue;
    const std::string path(file.path);
    const std::string text =
        is_lmtp ? in_lmtp(file.content) : std::string(file.content);
    if (path.ends_with(".dict")) {
      result.add_words(text, path);
    } else if (path.starts_with(folder) && path.ends_with(extension)) {
      result.add_block(
          path.substr(folder.size(),
                      path.size() - folder.size() - extension.size()),
          text, path);
    }
  }
  return result;
}

}  // namespace

const Dictionary& Dictionary::builtin(bool is_lmtp) {
  static const Dictionary smtp = load_builtin(false);
  static const Dictionary lmtp = load_builtin(true);
  return is_lmtp ? lmtp : smtp;
}

void Dictionary::add_words(std::string_view text, const std::string& file) {
  int number = 0;
  for (const std::string_view line : base::split(text, '\n')) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    auto [kind, word] = WordParser(line, file, number).parse();
    words_[kind].push_back(std::move(word));
  }
}

void Dictionary::add_block(std::string_view name, std::string_view text,
                           const std::string& file) {
  blocks_.push_back({std::string(name), parse_input(text, file).units});
}

const Block* Dictionary::find_block(std::string_view name) const {
  const auto found =
      std::find_if(blocks_.begin(), blocks_.end(),
                   [&](const Block& block) { return block.name == name; });
  return found == blocks_.end() ? nullptr : &*found;
}

}  // namespace smtpspec::fuzzing
