#include "scenario/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/text.h"

namespace smtpspec::scenario {
namespace {

/// Thrown inside this file: a mark of yaml-cpp and what is wrong there.
struct Complaint {
  YAML::Mark mark;
  std::string message;
};

/// Builds the tree from yaml-cpp's events: its own tree forgets which keys
/// came twice.
class Builder : public YAML::EventHandler {
 public:
  YamlNode root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    add(make(mark, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Complaint{mark, "aliases have no meaning here"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    // "?" is a plain scalar, "!" a quoted one or a block.
    check_tag(mark, tag);
    auto node = make(mark, YamlNode::Kind::scalar);
    node.scalar = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open_.push_back(make(mark, YamlNode::Kind::list));
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open_.push_back(make(mark, YamlNode::Kind::mapping));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  static YamlNode make(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Complaint{mark, "tags have no meaning here"};
  }

  void close() {
    auto node = std::move(open_.back());
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root = std::move(node);
    } else if (open_.back().kind == YamlNode::Kind::list) {
      open_.back().items.push_back(std::move(node));
    } else {
      add_to_mapping(open_.back(), std::move(node));
    }
  }

  // Keys and values come in turn; a value without a line is not there yet.
  static void add_to_mapping(YamlNode& mapping, YamlNode node) {
    if (!mapping.entries.empty() && mapping.entries.back().second.line == 0) {
      mapping.entries.back().second = std::move(node);
      return;
    }
    const YAML::Mark mark = mark_of(node);
    if (node.kind != YamlNode::Kind::scalar) {
      throw Complaint{mark, "a key is a word"};
    }
    if (find(mapping, node.scalar) != nullptr) {
      throw Complaint{mark, fmt::format("'{}' is there already", node.scalar)};
    }
    mapping.entries.emplace_back(std::move(node), YamlNode{});
  }

  static YAML::Mark mark_of(const YamlNode& node) {
    YAML::Mark mark;
    mark.line = node.line - 1;
    mark.column = node.column - 1;
    return mark;
  }

  std::vector<YamlNode> open_;
};

YamlNode parse(std::string_view text) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  Builder builder;
  if (!parser.HandleNextDocument(builder)) {
    throw Complaint{{}, "the file is empty"};
  }
  auto root = std::move(builder.root);
  if (root.kind != YamlNode::Kind::mapping) {
    throw Complaint{{}, "the file is no mapping of keys to values"};
  }
  Builder second;
  if (parser.HandleNextDocument(second)) {
    throw Complaint{{}, "the file holds more than one document"};
  }
  return root;
}

std::string_view kind_name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a text";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
  }
  return "";
}

base::SourceError error_at(const std::string& path, std::string_view text,
                           int line, int column, const std::string& message) {
  return base::SourceError({path, line, column}, message,
                           base::line_of(text, line));
}

}  // namespace

YamlFile::YamlFile(std::string_view text, std::string path)
    : text_(text), path_(std::move(path)) {
  try {
    root_ = parse(text);
  } catch (const Complaint& complaint) {
    throw error_at(path_, text, complaint.mark.line + 1,
                   complaint.mark.column + 1, complaint.message);
  } catch (const YAML::Exception& error) {
    throw error_at(path_, text, error.mark.line + 1, error.mark.column + 1,
                   fmt::format("YAML: {}", error.msg));
  }
}

void YamlFile::fail(const YamlNode& at, const std::string& message) const {
  throw error_at(path_, text_, at.line, at.column, message);
}

void YamlFile::check_keys(const YamlNode& mapping,
                          std::span<const std::string_view> known) const {
  for (const auto& [key, value] : mapping.entries) {
    if (std::find(known.begin(), known.end(), key.scalar) == known.end()) {
      fail(key, fmt::format("unknown key '{}': there are {}", key.scalar,
                            fmt::join(known, " ")));
    }
  }
}

const YamlNode& YamlFile::required(const YamlNode& mapping,
                                   std::string_view key) const {
  const auto* value = find(mapping, key);
  if (value == nullptr) fail(mapping, fmt::format("'{}' is missing", key));
  return *value;
}

const std::string& YamlFile::scalar(const YamlNode& node,
                                    std::string_view name) const {
  if (node.kind != YamlNode::Kind::scalar) {
    fail(node, fmt::format("{} is a text, not {}", name, kind_name(node.kind)));
  }
  if (node.scalar.empty()) fail(node, fmt::format("{} is empty", name));
  return node.scalar;
}

std::vector<const YamlNode*> YamlFile::scalars(const YamlNode& node,
                                               std::string_view name) const {
  if (node.kind == YamlNode::Kind::mapping) {
    fail(node, fmt::format("{} is a list, not a mapping", name));
  }
  std::vector<const YamlNode*> result;
  if (node.kind != YamlNode::Kind::list) {
    scalar(node, name);
    result.push_back(&node);
  }
  for (const auto& item : node.items) {
    scalar(item, name);
    result.push_back(&item);
  }
  if (result.empty()) fail(node, fmt::format("{} is an empty list", name));
  return result;
}

YamlBlock YamlFile::block(const YamlNode& node, std::string_view name) const {
  const auto header = base::line_of(text_, node.line);
  const auto column = static_cast<std::size_t>(node.column - 1);
  if (node.kind != YamlNode::Kind::scalar || column >= header.size() ||
      base::trim(header.substr(column)) != "|") {
    fail(node, fmt::format("{} is written as a literal block: '{}: |' and "
                           "indented lines",
                           name, name));
  }
  YamlBlock block{node.scalar, node.line + 1, 0};
  // The first line that is not blank sets the indentation of all.
  for (int number = block.first_line;; ++number) {
    const auto line = base::line_of(text_, number);
    if (line.data() == nullptr) break;
    const auto indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) continue;
    block.indent = static_cast<int>(indent);
    break;
  }
  return block;
}

const YamlNode* find(const YamlNode& mapping, std::string_view key) {
  const auto found = std::find_if(
      mapping.entries.begin(), mapping.entries.end(),
      [&](const auto& entry) { return entry.first.scalar == key; });
  return found == mapping.entries.end() ? nullptr : &found->second;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  // A folder can be opened, and not read.
  if (!file.is_open() || text.bad()) {
    throw base::SourceError({path, 0, 0}, "cannot be read", {});
  }
  return text.str();
}

}  // namespace smtpspec::scenario
