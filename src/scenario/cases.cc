#include "scenario/cases.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "scenario/profile.h"

namespace smtpspec::scenario {
namespace {

/// Walks over the lines of the table that are neither blank nor comments.
class TableParser {
 public:
  TableParser(const YamlBlock& block, const YamlFile& file)
      : block_(block), file_(file) {}

  CaseTable parse() {
    int line = block_.first_line;
    for (const auto text : base::split(block_.text, '\n')) {
      line_ = line++;
      if (base::trim(text).empty() || text.starts_with('#')) continue;
      if (table_.columns.empty()) {
        parse_columns(text);
      } else {
        parse_row(text);
      }
    }
    if (table_.rows.empty()) fail(0, "a table without a row");
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(std::size_t at, const std::string& message) const {
    throw base::SourceError(position_at(at), message,
                            base::line_of(file_.text(), line_));
  }

  base::SourcePosition position_at(std::size_t at) const {
    return {file_.path(), line_, block_.indent + 1 + static_cast<int>(at)};
  }

  void parse_columns(std::string_view text) {
    for (const auto part : base::split(text, '|')) {
      const auto name = base::trim(part);
      const auto at = static_cast<std::size_t>(
          (name.empty() ? part : name).data() - text.data());
      check_column(name, at);
      table_.columns.push_back({std::string(name), position_at(at)});
    }
  }

  void check_column(std::string_view name, std::size_t at) const {
    if (table_.columns.empty() && name != "id") {
      fail(at, "the first column is 'id'");
    }
    const bool is_word =
        !name.empty() &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
            std::string_view::npos;
    if (!is_word) fail(at, "a column has a name of a-z, 0-9 and '_'");
    for (const auto& column : table_.columns) {
      if (column.name != name) continue;
      fail(at, fmt::format("column '{}' twice", name));
    }
    for (const auto& variable : variable_names()) {
      if (variable.name == name) {
        fail(at, fmt::format("column '{}' hides the variable", name));
      }
    }
  }

  void parse_row(std::string_view text) {
    const auto parts = base::split(text, '|');
    if (parts.size() != table_.columns.size()) {
      fail(0, fmt::format("{} cells below {} columns (a literal | is \\x7c)",
                          parts.size(), table_.columns.size()));
    }
    CaseRow row{line_, {}};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      row.cells.emplace(table_.columns[i].name, base::trim(parts[i]));
    }
    const auto& id = row.cells["id"];
    if (!is_name(id)) fail(0, fmt::format("'{}' is no id: a-z 0-9 -", id));
    if (!ids_.insert(id).second) fail(0, fmt::format("id '{}' twice", id));
    table_.rows.push_back(std::move(row));
  }

  const YamlBlock& block_;
  const YamlFile& file_;
  CaseTable table_;
  std::set<std::string> ids_;
  int line_ = 0;
};

// The next "${column}" from `at` on; not "\${column}", an escaped dollar.
std::size_t find_column(std::string_view text, const std::string& reference,
                        std::size_t at) {
  for (;;) {
    at = text.find(reference, at);
    if (at == std::string_view::npos) return at;
    std::size_t backslashes = 0;
    while (backslashes < at && text[at - 1 - backslashes] == '\\') {
      ++backslashes;
    }
    if (backslashes % 2 == 0) return at;
    ++at;
  }
}

std::string reference_to(std::string_view column) {
  return fmt::format("${{{}}}", column);
}

std::string fill_line(std::string_view line, const CaseRow& row) {
  std::string result(line);
  std::size_t at = 0;
  // From left to right, so that a cell's own text is not replaced again.
  for (;;) {
    auto next = std::string::npos;
    std::string_view column;
    for (const auto& [name, cell] : row.cells) {
      const auto found = find_column(result, reference_to(name), at);
      if (found < next) {
        next = found;
        column = name;
      }
    }
    if (next == std::string::npos) return result;
    const auto& cell = row.cells.find(column)->second;
    result.replace(next, column.size() + 3, cell);
    at = next + cell.size();
  }
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
             std::string_view::npos;
}

CaseTable parse_cases(const YamlBlock& block, const YamlFile& file) {
  return TableParser(block, file).parse();
}

FilledBlock fill(const YamlBlock& block, const YamlFile& file,
                 const CaseRow& row) {
  std::vector<std::string> lines;
  for (const auto line : base::split(block.text, '\n')) {
    lines.push_back(fill_line(line, row));
  }
  FilledBlock filled{block, {}};
  filled.block.text = fmt::format("{}", fmt::join(lines, "\n"));
  int number = 1;
  for (const auto line : base::split(file.text(), '\n')) {
    const auto at = static_cast<std::size_t>(number++ - block.first_line);
    if (at < lines.size() && !lines[at].empty()) {
      filled.file_text.append(static_cast<std::size_t>(block.indent), ' ');
      filled.file_text += lines[at];
    } else {
      filled.file_text += line;
    }
    filled.file_text += '\n';
  }
  return filled;
}

bool uses_column(std::string_view text, std::string_view column) {
  return find_column(text, reference_to(column), 0) != std::string_view::npos;
}

}  // namespace smtpspec::scenario
