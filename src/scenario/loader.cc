#include "scenario/loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "scenario/cases.h"
#include "scenario/checks.h"
#include "scenario/expect.h"
#include "scenario/yaml.h"
#include "smtp/reply_rules.h"

namespace smtpspec::scenario {
namespace {

constexpr std::string_view keys[] = {
    "title",  "clause", "needs",   "lacks",  "from",    "listener",
    "flaw",   "watch",  "measure", "dialog", "against", "control",
    "beside", "cases",  "as",      "then",   "found",   "other",
};

/// smtpspec reads folder/name.yaml; the id is folder/name.
std::string id_of(const std::string& path) {
  const auto parts = base::split(path, '/');
  const auto name = parts.back();
  if (parts.size() < 2 || !name.ends_with(".yaml") ||
      !is_name(name.substr(0, name.size() - 5)) ||
      !is_name(parts[parts.size() - 2])) {
    throw base::SourceError(
        {path, 0, 0}, "a scenario is folder/name.yaml, names of a-z 0-9 -", {});
  }
  return fmt::format("{}/{}", parts[parts.size() - 2],
                     name.substr(0, name.size() - 5));
}

/// Loads one file: a function a key, in the order in which they depend on each
/// other.
class Loader {
 public:
  Loader(std::string_view text, const std::string& path,
         const Requirements& requirements)
      : file_(text, path), requirements_(requirements) {
    scenario_.file = path;
  }

  Scenario load() {
    file_.check_keys(root(), keys);
    load_id();
    scenario_.title = file_.scalar(file_.required(root(), "title"), "title");
    load_clauses();
    scenario_.needs = load_keywords("needs");
    scenario_.lacks = load_keywords("lacks");
    load_from();
    load_listener();
    load_source();
    load_watch();
    load_dialogs();
    load_beside();
    load_measure();
    load_cases();
    check_flaws();
    return std::move(scenario_);
  }

 private:
  const YamlNode& root() const { return file_.root(); }

  // What a fuzzer has found is known by that, wherever its file lies.
  void load_id() {
    const auto* node = find(root(), "found");
    if (node == nullptr) {
      scenario_.id = id_of(file_.path());
      return;
    }
    scenario_.found = file_.scalar(*node, "found");
    if (!is_name(scenario_.found)) {
      file_.fail(*node, fmt::format("'{}' is no signature of a finding: a-z 0-9 -",
                                    scenario_.found));
    }
    if (find(root(), "flaw") != nullptr)
      file_.fail(*node, "'found' stands in place of 'flaw': only one of them");
    scenario_.id = "fuzzed/" + scenario_.found;
  }

  void load_clauses() {
    for (const auto* node :
         file_.scalars(file_.required(root(), "clause"), "clause")) {
      const auto* row = requirements_.find(node->scalar);
      if (row == nullptr) {
        file_.fail(*node,
                   fmt::format("no clause '{}' in the ledger", node->scalar));
      }
      auto& clauses = scenario_.clauses;
      if (std::find(clauses.begin(), clauses.end(), row->id) != clauses.end()) {
        file_.fail(*node, fmt::format("clause '{}' twice", row->id));
      }
      if (clauses.empty()) {
        check_first_clause(*node, *row);
        scenario_.level = row->level;
      }
      clauses.push_back(row->id);
    }
  }

  void check_first_clause(const YamlNode& node, const Requirement& row) const {
    if (row.see.empty()) return;
    file_.fail(node, fmt::format("{} has no verdict of its own: the first "
                                 "clause is the row it names, {}",
                                 row.id, fmt::join(row.see, " or ")));
  }

  // RFC 5321 section 4.1.1.1: ehlo-keyword, and a parameter that it must have.
  std::vector<std::string> load_keywords(std::string_view key) const {
    std::vector<std::string> keywords;
    const auto* node = find(root(), key);
    if (node == nullptr) return keywords;
    for (const auto* item : file_.scalars(*node, key)) {
      auto keyword = base::to_upper(item->scalar);
      if (keyword.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789- ") !=
              std::string::npos ||
          base::words(keyword).size() > 2) {
        file_.fail(*item, fmt::format("'{}' is no EHLO keyword", item->scalar));
      }
      keywords.push_back(std::move(keyword));
    }
    return keywords;
  }

  void load_from() {
    const auto* node = find(root(), "from");
    if (node == nullptr) return;
    const auto start = parse_start(file_.scalar(*node, "from"));
    if (!start) {
      file_.fail(*node,
                 "from is connect, greeting, clear, ehlo, tls, auth, mail, "
                 "rcpt or data");
    }
    scenario_.from = *start;
  }

  void load_listener() {
    const auto* node = find(root(), "listener");
    if (node == nullptr) return;
    const auto listener = parse_listener(file_.scalar(*node, "listener"));
    if (!listener) {
      file_.fail(*node,
                 "listener is any, mta, submission, submissions or lmtp");
    }
    scenario_.listener = *listener;
  }

  void load_source() {
    const auto* node = find(root(), "as");
    if (node == nullptr) return;
    const auto& source = file_.scalar(*node, "as");
    if (source != "trusted" && source != "refused")
      file_.fail(*node, "as is trusted or refused, or not there");
    scenario_.source = source == "trusted" ? Source::trusted : Source::refused;
  }

  void load_watch() {
    const auto* node = find(root(), "watch");
    if (node == nullptr) return;
    scenario_.watch = file_.scalar(*node, "watch");
    if (smtp::find_reply_rule(scenario_.watch) == nullptr) {
      file_.fail(*node, fmt::format("no rule '{}' on replies: see "
                                    "docs/scenario-language.md",
                                    scenario_.watch));
    }
  }

  void load_dialogs() {
    dialog_ = file_.block(file_.required(root(), "dialog"), "dialog");
    scenario_.dialog_source = dialog_.text;
    scenario_.dialog_line = dialog_.first_line;
    if (const auto* then = find(root(), "then")) {
      then_ = file_.block(*then, "then");
      scenario_.then_source = then_->text;
    }
    const auto* control = find(root(), "control");
    if (control == nullptr) return;
    control_ = file_.block(*control, "control");
    scenario_.control_source = control_->text;
  }

  void load_beside() {
    const auto* node = find(root(), "beside");
    if (node == nullptr) return;
    const auto block = file_.block(*node, "beside");
    scenario_.beside_source = block.text;
    scenario_.beside = parse_dialog(block.text, file_.path(), file_.text(),
                                    block.first_line, block.indent);
    check_dialog(scenario_.beside,
                 {file_.path(), file_.text(), block.first_line, Start::greeting,
                  needs_pipelining(), false});
  }

  void load_measure() {
    const auto* measure = find(root(), "measure");
    const auto* against = find(root(), "against");
    if (measure == nullptr && against == nullptr) {
      if (const auto* other = find(root(), "other"))
        file_.fail(*other, "'other' goes with 'measure'");
      return;
    }
    const auto parsed = measure == nullptr
                            ? Measure::none
                            : parse_measure(file_.scalar(*measure, "measure"));
    if (!parsed) {
      file_.fail(*measure,
                 "measure is keywords, mechanisms, certificates, replies, "
                 "times, throttling, spread or repeats");
    }
    const bool compares = measure != nullptr && *parsed != Measure::repeats;
    if (compares != (against != nullptr))
      file_.fail(root(), "'measure' and 'against' go together, but for repeats");
    for (const auto* key : {"watch", "control", "beside", "cases"}) {
      if (find(root(), key) != nullptr)
        file_.fail(*measure,
                   fmt::format("a measured scenario has no '{}'", key));
    }
    scenario_.measure = *parsed;
    load_other(*measure);
    if (*parsed == Measure::repeats) {
      check_captures_fresh(*measure);
      return;
    }
    const auto block = file_.block(*against, "against");
    scenario_.against_source = block.text;
    scenario_.against = parse(block, file_.text(), false);
    if (scenario_.compares_listeners()) return;
    check_tries_once(*measure, scenario_.against);
    check_tries_once(*measure, parse(dialog_, file_.text(), false));
  }

  // The listener that another one is compared with.
  void load_other(const YamlNode& measure) {
    const bool is_wanted = scenario_.measure == Measure::keywords ||
                           scenario_.measure == Measure::mechanisms ||
                           scenario_.measure == Measure::certificates;
    const auto* node = find(root(), "other");
    if (is_wanted != (node != nullptr)) {
      file_.fail(measure,
                 "'other' names the listener of 'against' where keywords, "
                 "mechanisms or certificates are measured, and nowhere else");
    }
    if (node == nullptr) return;
    const auto other = parse_listener(file_.scalar(*node, "other"));
    if (!other || *other == Listener::any)
      file_.fail(*node, "other is mta, submission, submissions or lmtp");
    scenario_.other = *other;
  }

  // Else nobody could tell how many wrong passwords are said.
  void check_tries_once(const YamlNode& measure, const Dialog& dialog) const {
    const auto tries = std::count_if(
        dialog.steps.begin(), dialog.steps.end(), [](const Step& step) {
          return std::holds_alternative<Authenticate>(step);
        });
    if (tries != 1)
      file_.fail(measure, "each dialog that is measured has one AUTH line");
  }

  void check_captures_fresh(const YamlNode& measure) const {
    const Dialog dialog = parse(dialog_, file_.text(), false);
    for (const Step& step : dialog.steps) {
      const auto* expect = std::get_if<Expect>(&step);
      if (expect != nullptr && captures(*expect).contains("fresh")) return;
    }
    file_.fail(measure, "what must not repeat is captured as (?<fresh>...)");
  }

  bool needs_pipelining() const {
    const auto& needs = scenario_.needs;
    return std::find(needs.begin(), needs.end(), "PIPELINING") != needs.end();
  }

  void load_cases() {
    const auto* node = find(root(), "cases");
    if (node == nullptr) {
      Case only;
      only.dialog = parse(dialog_, file_.text(), false);
      only.control = parse_control();
      if (then_) only.then = parse_then(*then_, file_.text(), only.dialog);
      scenario_.cases.push_back(std::move(only));
      return;
    }
    const auto table = parse_cases(file_.block(*node, "cases"), file_);
    check_columns(table);
    for (const auto& row : table.rows) scenario_.cases.push_back(case_of(row));
  }

  // What must arrive once `dialog` is over.
  std::vector<Assertion> parse_then(const YamlBlock& block,
                                    std::string_view file_text,
                                    const Dialog& dialog) const {
    auto then = scenario::parse_then(block.text, file_.path(), file_text,
                                     block.first_line, block.indent);
    check_then(then, dialog,
               {file_.path(), file_text, block.first_line, scenario_.from,
                needs_pipelining(), control_.has_value()});
    return then;
  }

  Dialog parse_control() const {
    return control_ ? parse(*control_, file_.text(), true) : Dialog{};
  }

  Dialog parse(const YamlBlock& block, std::string_view file_text,
               bool is_control) const {
    auto dialog = parse_dialog(block.text, file_.path(), file_text,
                               block.first_line, block.indent);
    check_dialog(dialog,
                 {file_.path(), file_text, block.first_line, scenario_.from,
                  needs_pipelining(), control_.has_value() && !is_control});
    return dialog;
  }

  void check_columns(const CaseTable& table) const {
    for (const auto& [name, position] : table.columns) {
      if (name == "id" || name == "flaw" || uses_column(dialog_.text, name) ||
          (control_ && uses_column(control_->text, name)) ||
          (then_ && uses_column(then_->text, name))) {
        continue;
      }
      throw base::SourceError(
          position,
          fmt::format("column '{}' stands nowhere in the dialog", name),
          base::line_of(file_.text(), position.line));
    }
  }

  // What `read` makes of the block with a row filled in.
  template <class Read>
  auto filled(const YamlBlock& block, const CaseRow& row, Read read) const {
    const auto filled = fill(block, file_, row);
    try {
      return read(filled);
    } catch (const base::SourceError& error) {
      throw base::SourceError(
          error.position(),
          fmt::format("{} (case '{}')", error.message(), row.cells.at("id")),
          base::line_of(filled.file_text, error.position().line));
    }
  }

  Case case_of(const CaseRow& row) const {
    Case result;
    result.id = row.cells.at("id");
    result.dialog = parse_filled(dialog_, row, false);
    if (control_) result.control = parse_filled(*control_, row, true);
    if (then_) {
      result.then = filled(*then_, row, [&](const FilledBlock& block) {
        return parse_then(block.block, block.file_text, result.dialog);
      });
    }
    if (const auto flaw = row.cells.find("flaw"); flaw != row.cells.end()) {
      result.flaws = flaws_of(row, flaw->second);
    }
    return result;
  }

  Dialog parse_filled(const YamlBlock& block, const CaseRow& row,
                      bool is_control) const {
    return filled(block, row, [this, is_control](const FilledBlock& filled) {
      return parse(filled.block, filled.file_text, is_control);
    });
  }

  std::vector<std::string> flaws_of(const CaseRow& row,
                                    std::string_view cell) const {
    std::vector<std::string> flaws;
    if (cell.empty()) return flaws;
    for (const auto part : base::split(cell, ',')) {
      const auto flaw = base::trim(part);
      if (!is_name(flaw)) {
        throw base::SourceError({file_.path(), row.line, 0},
                                fmt::format("'{}' is no flaw", flaw),
                                base::line_of(file_.text(), row.line));
      }
      flaws.emplace_back(flaw);
    }
    return flaws;
  }

  // A scenario that nothing can fail proves nothing; one that was found has
  // failed a server.
  void check_flaws() {
    if (!scenario_.found.empty()) return;
    if (const auto* node = find(root(), "flaw")) {
      for (const auto* flaw : file_.scalars(*node, "flaw")) {
        if (!is_name(flaw->scalar)) {
          file_.fail(*flaw, fmt::format("'{}' is no flaw", flaw->scalar));
        }
        scenario_.flaws.push_back(flaw->scalar);
      }
      return;
    }
    for (const auto& row : scenario_.cases) {
      if (!row.flaws.empty()) continue;
      file_.fail(root(),
                 "'flaw' is missing: the flaw of the reference server "
                 "that makes this scenario fail");
    }
  }

  YamlFile file_;
  const Requirements& requirements_;
  Scenario scenario_;
  YamlBlock dialog_;
  std::optional<YamlBlock> control_;
  std::optional<YamlBlock> then_;
};

}  // namespace

Scenario parse_scenario(std::string_view text, const std::string& path,
                        const Requirements& requirements) {
  return Loader(text, path, requirements).load();
}

Scenario load_scenario(const std::string& path,
                       const Requirements& requirements) {
  return parse_scenario(read_file(path), path, requirements);
}

}  // namespace smtpspec::scenario
