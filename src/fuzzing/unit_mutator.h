// Changes within one unit that sends octets. Each gives whether there was
// something to change.
#pragma once

#include <string>
#include <string_view>

#include "fuzzing/dice.h"
#include "fuzzing/dictionary.h"
#include "fuzzing/mutator.h"

namespace smtpspec::fuzzing {

class UnitMutator {
 public:
  UnitMutator(Dice& dice, const Dictionary& dictionary,
              const ByteMutator& bytes)
      : dice_(dice), dictionary_(dictionary), bytes_(bytes) {}

  /// A word for another of its kind.
  bool replace_word(std::string& octets);
  /// One more word in a line: of MAIL and RCPT a parameter.
  bool add_word(std::string& octets);
  bool remove_word(std::string& octets);
  /// What stands in '<' and '>'.
  bool replace_address(std::string& octets);
  /// Something else in place of CRLF or CRLF.CRLF.
  bool change_end(std::string& octets);
  /// A word becomes so long that its line reaches a limit of RFC 5321 section
  /// 4.5.3.1 or RFC 4954 section 4, or one octet more or less.
  bool grow(std::string& octets);
  bool change_number(std::string& octets);
  bool change_case(std::string& octets);
  bool change_octets(std::string& octets);
  bool insert_octets(std::string& octets);
  /// A line of mail data comes in.
  bool insert_content(std::string& octets);

  const std::string& word(WordKind kind) {
    return dice_.pick(dictionary_.words(kind));
  }
  /// A small message, its end included.
  std::string content();

 private:
  WordKind kind_of_word(std::string_view verb, std::size_t index);
  void change_octets_one_by_one(std::string& octets);

  Dice& dice_;
  const Dictionary& dictionary_;
  const ByteMutator& bytes_;
};

}  // namespace smtpspec::fuzzing
