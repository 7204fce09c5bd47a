// The words and the blocks of units that fuzzed sessions are made of:
// corpus/server.dict and corpus/blocks/*.session.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fuzzing/input.h"

namespace smtpspec::fuzzing {

/// Where a word belongs: the name in front of it in the file.
enum class WordKind {
  verb,       ///< the first word of a command line
  command,    ///< a whole command line without its CRLF
  mail,       ///< a parameter of MAIL
  rcpt,       ///< a parameter of RCPT
  mechanism,  ///< of AUTH
  response,   ///< answers a challenge of AUTH
  address,    ///< stands in the angle brackets of MAIL and RCPT
  greeting,   ///< stands behind EHLO
  keyword,    ///< what EHLO offers
  content,    ///< a line of mail data without its CRLF
  end,        ///< stands where CRLF or CRLF.CRLF belongs
  octets,     ///< stands anywhere
};
constexpr std::size_t word_kinds = 12;

/// Units that make sense together: a whole transaction, a cancelled login.
struct Block {
  std::string name;
  std::vector<Unit> units;
};

class Dictionary {
 public:
  /// What is built in, with EHLO or, for a listener of LMTP (RFC 2033 section
  /// 4.1), LHLO.
  static const Dictionary& builtin(bool is_lmtp = false);

  /// Adds words in the form of libFuzzer's dictionaries, `kind="word"` with the
  /// escapes \\ \" \xHH. Throws base::SourceError, also for an unknown kind.
  void add_words(std::string_view text, const std::string& file);
  /// Adds the units of a session. Throws base::SourceError.
  void add_block(std::string_view name, std::string_view text,
                 const std::string& file);

  const std::vector<std::string>& words(WordKind kind) const {
    return words_[static_cast<std::size_t>(kind)];
  }
  const std::vector<Block>& blocks() const { return blocks_; }
  /// nullptr if there is none.
  const Block* find_block(std::string_view name) const;

 private:
  std::array<std::vector<std::string>, word_kinds> words_;
  std::vector<Block> blocks_;
};

}  // namespace smtpspec::fuzzing
