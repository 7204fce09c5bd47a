#include "scenario/requirements.h"

#include <fmt/format.h>

#include <optional>

#include "base/source.h"
#include "base/text.h"
#include "scenario/builtin.h"
#include "scenario/yaml.h"

namespace smtpspec::scenario {
namespace {

constexpr std::string_view ledger_header =
    "id\trfc\tsection\tlevel\tside\tvantage\trequires\trequirement\t"
    "stimulus_expected";
constexpr std::string_view reasons_header = "id\treason";

struct LevelName {
  std::string_view text;
  Level level;
};

constexpr LevelName level_names[] = {
    {"MUST", Level::must},
    {"MUST NOT", Level::must},
    {"must (lowercase, normative by ABNF)", Level::must},
    {"SHOULD", Level::should},
    {"SHOULD NOT", Level::should},
    {"MAY", Level::may},
    {"should (lowercase)", Level::may},
};

/// One row of a TSV file.
struct TsvRow {
  base::SourcePosition position;
  std::string_view text;
  std::vector<std::string_view> cells;

  [[noreturn]] void fail(std::size_t cell, const std::string& message) const {
    auto at = position;
    at.column = static_cast<int>(cells[cell].data() - text.data()) + 1;
    throw base::SourceError(at, message, text);
  }
};

// The rows behind the header, each with as many cells as it has.
std::vector<TsvRow> parse_tsv(std::string_view text, const std::string& name,
                              std::string_view header) {
  std::vector<TsvRow> rows;
  const auto columns = base::split(header, '\t').size();
  int line = 0;
  for (const auto row : base::split(text, '\n')) {
    const base::SourcePosition position{name, ++line, 0};
    if (line == 1 && row != header) {
      throw base::SourceError(
          position, fmt::format("the first line is '{}'", header), row);
    }
    if (line == 1 || row.empty()) continue;
    rows.push_back({position, row, base::split(row, '\t')});
    if (rows.back().cells.size() != columns) {
      throw base::SourceError(
          position,
          fmt::format("{} columns, not {}", columns, rows.back().cells.size()),
          row);
    }
  }
  return rows;
}

// "see A", "see A and B", "see A, B and C": A, B, C.
std::vector<std::string> parse_see(std::string_view requirement) {
  std::vector<std::string> ids;
  const auto words = base::words(requirement);
  if (words.empty() || words[0] != "see") return ids;
  for (std::size_t i = 1; i < words.size(); ++i) {
    auto word = words[i];
    if (word.ends_with(',')) word.remove_suffix(1);
    if (word != "and") ids.emplace_back(word);
  }
  return ids;
}

Requirement parse_row(const TsvRow& row) {
  Requirement result;
  std::string* const cells[] = {&result.id,
                                &result.rfc,
                                &result.section,
                                &result.level_text,
                                &result.side,
                                &result.vantage,
                                &result.requires_keywords,
                                &result.requirement,
                                &result.expectation};
  for (std::size_t i = 0; i < row.cells.size(); ++i) *cells[i] = row.cells[i];
  if (result.id.empty()) row.fail(0, "a row without an id");

  std::optional<Level> level;
  for (const auto& name : level_names) {
    if (name.text == result.level_text) level = name.level;
  }
  if (!level) row.fail(3, fmt::format("unknown level '{}'", result.level_text));
  // An Internet-Draft obliges nobody.
  result.level = result.rfc == "5321bis" ? Level::may : *level;
  result.see = parse_see(result.requirement);
  return result;
}

Ruling parse_ruling(const YamlFile& file, const YamlNode& node) {
  constexpr std::string_view keys[] = {"id", "title", "clauses", "text"};
  if (node.kind != YamlNode::Kind::mapping) {
    file.fail(node, "a ruling has id, title, clauses, text");
  }
  file.check_keys(node, keys);
  Ruling ruling;
  ruling.id = file.scalar(file.required(node, "id"), "id");
  ruling.title = file.scalar(file.required(node, "title"), "title");
  for (const auto* clause :
       file.scalars(file.required(node, "clauses"), "clauses")) {
    ruling.clauses.push_back(clause->scalar);
  }
  ruling.text = file.scalar(file.required(node, "text"), "text");
  return ruling;
}

}  // namespace

Requirements Requirements::parse(std::string_view ledger,
                                 const std::string& ledger_name,
                                 std::string_view rulings,
                                 const std::string& rulings_name,
                                 std::string_view reasons,
                                 const std::string& reasons_name) {
  Requirements result;
  result.parse_ledger(ledger, ledger_name);
  result.parse_rulings(rulings, rulings_name);
  result.parse_reasons(reasons, reasons_name);
  return result;
}

void Requirements::parse_ledger(std::string_view text,
                                const std::string& name) {
  const auto rows = parse_tsv(text, name, ledger_header);
  for (const auto& row : rows) {
    auto requirement = parse_row(row);
    if (!index_.emplace(requirement.id, rows_.size()).second) {
      row.fail(0, fmt::format("id '{}' twice", requirement.id));
    }
    rows_.push_back(std::move(requirement));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const auto& id : rows_[i].see) {
      if (find(id) == nullptr) rows[i].fail(7, fmt::format("no row '{}'", id));
    }
  }
}

void Requirements::parse_rulings(std::string_view text,
                                 const std::string& name) {
  const YamlFile file(text, name);
  constexpr std::string_view keys[] = {"rulings"};
  file.check_keys(file.root(), keys);
  for (const auto& node : file.required(file.root(), "rulings").items) {
    auto ruling = parse_ruling(file, node);
    for (const auto& other : rulings_) {
      if (other.id == ruling.id) {
        file.fail(node, fmt::format("ruling '{}' twice", ruling.id));
      }
    }
    for (const auto& clause : ruling.clauses) {
      if (find(clause) == nullptr) {
        file.fail(node, fmt::format("no clause '{}' in the ledger", clause));
      }
    }
    rulings_.push_back(std::move(ruling));
  }
}

void Requirements::parse_reasons(std::string_view text,
                                 const std::string& name) {
  for (const auto& row : parse_tsv(text, name, reasons_header)) {
    const std::string id(row.cells[0]);
    if (find(id) == nullptr) row.fail(0, fmt::format("no row '{}'", id));
    if (row.cells[1].empty()) row.fail(1, "an empty reason");
    if (!reasons_.emplace(id, row.cells[1]).second) {
      row.fail(0, fmt::format("id '{}' twice", id));
    }
  }
}

const Requirements& Requirements::builtin() {
  constexpr auto ledger = "requirements/ledger.tsv";
  constexpr auto rulings = "requirements/rulings.yaml";
  constexpr auto reasons = "requirements/reasons.tsv";
  static const auto result =
      parse(embedded_file(ledger), ledger, embedded_file(rulings), rulings,
            embedded_file(reasons), reasons);
  return result;
}

const Requirement* Requirements::find(std::string_view id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &rows_[found->second];
}

std::vector<const Ruling*> Requirements::rulings_for(
    std::string_view id) const {
  std::vector<const Ruling*> result;
  for (const auto& ruling : rulings_) {
    for (const auto& clause : ruling.clauses) {
      if (clause == id) result.push_back(&ruling);
    }
  }
  return result;
}

std::string_view Requirements::reason(std::string_view id) const {
  const auto found = reasons_.find(id);
  return found == reasons_.end() ? std::string_view{} : found->second;
}

}  // namespace smtpspec::scenario
