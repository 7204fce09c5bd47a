// YAML files as a tree that keeps places, for error messages. yaml.cc alone
// knows yaml-cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/source.h"

namespace smtpspec::scenario {

struct YamlNode {
  enum class Kind { null, scalar, list, mapping };
  struct Entry;

  Kind kind = Kind::null;
  int line = 0;    ///< from 1
  int column = 0;  ///< from 1
  std::string scalar;
  std::vector<YamlNode> items;
  /// Keys are scalars, each there once, in the order of the file.
  std::vector<Entry> entries;
};

struct YamlNode::Entry {
  YamlNode first;  ///< the key
  YamlNode second;
};

/// A literal block "|": its lines, and where they stand.
struct YamlBlock {
  std::string text;
  int first_line = 0;
  int indent = 0;  ///< columns before each line
};

/// One document whose root is a mapping. The file's text must outlive it.
class YamlFile {
 public:
  /// Throws base::SourceError: no YAML, a duplicate key, an alias, a tag, more
  /// than one document, a root that is no mapping.
  YamlFile(std::string_view text, std::string path);

  const YamlNode& root() const { return root_; }
  const std::string& path() const { return path_; }
  std::string_view text() const { return text_; }

  /// Throws a base::SourceError at a node.
  [[noreturn]] void fail(const YamlNode& at, const std::string& message) const;

  /// Throws base::SourceError at a key that is not in `known`.
  void check_keys(const YamlNode& mapping,
                  std::span<const std::string_view> known) const;
  /// The value of a key. Throws base::SourceError at the mapping if it is not
  /// there.
  const YamlNode& required(const YamlNode& mapping, std::string_view key) const;

  /// The text of a scalar that is not empty. Throws base::SourceError.
  const std::string& scalar(const YamlNode& node, std::string_view name) const;
  /// The scalars of a list; a scalar counts as a list of one.
  std::vector<const YamlNode*> scalars(const YamlNode& node,
                                       std::string_view name) const;
  /// Throws base::SourceError unless the node is a block written with '|'.
  YamlBlock block(const YamlNode& node, std::string_view name) const;

 private:
  std::string_view text_;
  std::string path_;
  YamlNode root_;
};

/// The value of a key, or nullptr.
const YamlNode* find(const YamlNode& mapping, std::string_view key);

/// A file's octets. Throws base::SourceError where it cannot be read.
std::string read_file(const std::string& path);

}  // namespace smtpspec::scenario
