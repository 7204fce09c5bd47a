// The table `cases:` of a scenario, and what it makes of a dialog.
//
//   id    | verb | expect
//   lower | ehlo | 250
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/yaml.h"

namespace smtpspec::scenario {

struct CaseRow {
  int line = 0;
  /// By column, without spaces around; "id" is one of them.
  std::map<std::string, std::string, std::less<>> cells;
};

struct CaseColumn {
  std::string name;
  base::SourcePosition position;
};

struct CaseTable {
  std::vector<CaseColumn> columns;
  std::vector<CaseRow> rows;  ///< at least one
};

/// Whether `text` is a name: a-z, 0-9, '-', not empty.
bool is_name(std::string_view text);

/// Parses the table. Throws base::SourceError: a first column other than id,
/// a column twice or with the name of a variable, rows of another length, a bad
/// or duplicate id.
CaseTable parse_cases(const YamlBlock& block, const YamlFile& file);

/// A block with ${column} replaced by the cells of a row, and the file's text
/// with the block's lines so replaced, for messages.
struct FilledBlock {
  YamlBlock block;
  std::string file_text;
};
FilledBlock fill(const YamlBlock& block, const YamlFile& file,
                 const CaseRow& row);

/// Whether ${column} stands in the text.
bool uses_column(std::string_view text, std::string_view column);

}  // namespace smtpspec::scenario
