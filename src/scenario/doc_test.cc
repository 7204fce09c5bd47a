// The manuals of scenarios and profiles are true: their examples are read, and
// their errors come as they stand there.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/source.h"
#include "base/text.h"
#include "scenario/loader.h"
#include "scenario/profile.h"
#include "scenario/requirements.h"
#include "scenario/yaml.h"
#include "smtp/reply_rules.h"
#include "smtp/trace_rules.h"

namespace smtpspec::scenario {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string manual(const std::string& name) {
  return read_file(std::string(SMTPSPEC_SOURCE_DIR) + "/docs/" + name);
}

/// A fenced block: "```yaml error: MESSAGE", and the lines below.
struct Block {
  int line = 0;
  std::string info;
  std::string text;
};

std::vector<Block> blocks(const std::string& manual_text) {
  std::vector<Block> result;
  bool inside = false;
  int number = 0;
  for (const auto line : base::split(manual_text, '\n')) {
    ++number;
    if (!line.starts_with("```")) {
      if (inside) result.back().text += std::string(line) + "\n";
      continue;
    }
    inside = !inside;
    if (inside) result.push_back({number, std::string(line.substr(3)), {}});
  }
  return result;
}

std::string message_of_scenario(const std::string& text) {
  try {
    parse_scenario(text, "folder/name.yaml", Requirements::builtin());
  } catch (const base::SourceError& error) {
    return error.message();
  }
  return "";
}

std::string message_of_profile(const std::string& text) {
  try {
    setenv("SMTP_PASSWORD", "secret", 1);
    parse_profile(text, "profile.yaml");
  } catch (const base::SourceError& error) {
    return error.message();
  }
  return "";
}

/// Reads every block whose info is `kind`, or `kind` and "error: MESSAGE".
template <typename Function>
void check_blocks(const std::string& name, const std::string& kind,
                  Function message_of) {
  int count = 0;
  for (const auto& block : blocks(manual(name))) {
    if (!block.info.starts_with(kind)) continue;
    ++count;
    const auto error = kind + " error: ";
    const auto expected = block.info.starts_with(error)
                              ? block.info.substr(error.size())
                              : std::string();
    EXPECT_EQ(message_of(block.text), expected) << name << ":" << block.line;
  }
  EXPECT_GT(count, 3);
}

TEST(Manuals, ScenariosAreReadAsTheySay) {
  check_blocks("scenario-language.md", "yaml", message_of_scenario);
}

TEST(Manuals, ProfilesAreReadAsTheySay) {
  check_blocks("profile.md", "yaml profile", message_of_profile);
}

/// The rows "| `cell` ... | message |" of the table under a heading.
std::vector<std::pair<std::string, std::string>> table(
    std::string_view text, const std::string& heading) {
  std::vector<std::pair<std::string, std::string>> rows;
  const auto start = text.find("\n" + heading);
  for (const auto line : base::split(text.substr(start + 1), '\n')) {
    const auto middle = line.rfind(" | ");
    if (!line.starts_with("| ") || middle == line.npos) {
      if (!rows.empty()) break;
      continue;
    }
    auto message = std::string(line.substr(middle + 3));
    message = message.substr(0, message.rfind(" |"));
    rows.emplace_back(line.substr(2, middle - 2), message);
  }
  rows.erase(rows.begin());
  return rows;
}

std::string replaced(std::string text, const std::string& from,
                     const std::string& to) {
  for (auto at = text.find(from); at != text.npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

const std::string head = "title: T\nclause: 5321-4.2-a\nflaw: f\ndialog: |\n";

TEST(Manuals, LinesFailAsTheySay) {
  int count = 0;
  for (const auto& [cell, message] :
       table(manual("scenario-language.md"), "Lines of a dialog:")) {
    const auto line = cell.substr(1, cell.find('`', 1) - 1);
    if (!cell.starts_with("`")) continue;
    ++count;
    const auto reply = cell.find("no S line") == cell.npos ? "  S: any\n" : "";
    EXPECT_THAT(message_of_scenario(head + "  " + line + "\n" + reply),
                StartsWith(message))
        << cell;
  }
  EXPECT_GT(count, 20);
}

TEST(Manuals, TablesOfCasesFailAsTheySay) {
  int count = 0;
  for (const auto& [cell, message] :
       table(manual("scenario-language.md"), "The table of cases:")) {
    if (!cell.starts_with("`")) continue;
    ++count;
    const auto rows = replaced(replaced(cell, "\\|", "|"), "`, `", "\n  ");
    EXPECT_EQ(message_of_scenario(head + "  C: NOOP\n  S: any\ncases: |\n  " +
                                  replaced(rows, "`", "") + "\n"),
              replaced(message, "\\|", "|"))
        << cell;
  }
  EXPECT_GT(count, 5);
}

TEST(Manuals, NameEveryVariableAndEveryRule) {
  const auto profile = manual("profile.md");
  for (const auto& variable : variable_names()) {
    EXPECT_THAT(profile, HasSubstr(fmt::format("`{}`", variable.name)));
  }
  const auto language = manual("scenario-language.md");
  for (const auto& rule : smtp::reply_rules()) {
    EXPECT_THAT(language, HasSubstr(fmt::format("`{}`", rule.name)));
  }
  const auto deliveries = manual("deliveries.md");
  for (const auto& rule : smtp::delivery_rules()) {
    EXPECT_THAT(deliveries, HasSubstr(fmt::format("`{}`", rule.name)));
  }
}

}  // namespace
}  // namespace smtpspec::scenario
