#include "scenario/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "base/source.h"
#include "scenario/builtin.h"
#include "scenario/loader.h"

namespace smtpspec::scenario {
namespace {

/// Whether `text` fits a glob: '*' is any octets, '?' is one.
bool fits_glob(std::string_view glob, std::string_view text) {
  std::size_t at_glob = 0;
  std::size_t at = 0;
  auto star = std::string_view::npos;
  std::size_t retry = 0;
  while (at < text.size()) {
    const char c = at_glob < glob.size() ? glob[at_glob] : '\0';
    if (c == '*') {
      star = ++at_glob;
      retry = at;
    } else if (at_glob < glob.size() && (c == '?' || c == text[at])) {
      ++at_glob;
      ++at;
    } else if (star != std::string_view::npos) {
      at_glob = star;
      at = ++retry;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', at_glob) == std::string_view::npos;
}

bool is_section_or_below(std::string_view section, std::string_view wanted) {
  return section == wanted ||
         (section.starts_with(wanted) && section[wanted.size()] == '.');
}

/// Decides whether a test fits a selector.
class Selector {
 public:
  Selector(std::string_view text, const Requirements& requirements)
      : text_(text) {
    if (text.starts_with("clause:")) {
      add_clauses(requirements, [id = text.substr(7)](const auto& row) {
        return row.id == id;
      });
    } else if (text.starts_with("rfc")) {
      const auto slash = std::min(text.find('/'), text.size());
      const auto rfc = text.substr(3, slash - 3);
      const auto section = text.substr(std::min(slash + 1, text.size()));
      add_clauses(requirements, [&](const auto& row) {
        return row.rfc == rfc &&
               (section.empty() || is_section_or_below(row.section, section));
      });
    }
  }

  bool fits(const Test& test) const {
    const auto& id = test.scenario->id;
    if (text_ == id || text_ == test.id()) return true;
    if (text_.ends_with('/') && id.starts_with(text_)) return true;
    if (text_.find_first_of("*?") != std::string_view::npos) {
      return fits_glob(text_, id) || fits_glob(text_, test.id());
    }
    return std::any_of(
        test.scenario->clauses.begin(), test.scenario->clauses.end(),
        [&](const std::string& clause) { return clauses_.contains(clause); });
  }

 private:
  // The rows, and those that stand for them.
  template <typename Predicate>
  void add_clauses(const Requirements& requirements, Predicate wanted) {
    for (const auto& row : requirements.rows()) {
      if (!wanted(row)) continue;
      clauses_.insert(row.id);
      clauses_.insert(row.see.begin(), row.see.end());
    }
  }

  std::string_view text_;
  std::set<std::string> clauses_;
};

// The tests that fit one of the selectors. Each must fit something.
std::set<std::string> fitting(const std::vector<Test>& all,
                              const std::vector<std::string>& selectors,
                              const Requirements& requirements) {
  std::set<std::string> ids;
  for (const auto& text : selectors) {
    const Selector selector(text, requirements);
    bool fits_any = false;
    for (const auto& test : all) {
      if (!selector.fits(test)) continue;
      fits_any = true;
      ids.insert(test.id());
    }
    if (!fits_any) {
      throw std::invalid_argument(fmt::format("'{}' fits no scenario", text));
    }
  }
  return ids;
}

}  // namespace

void Catalog::add_builtin() {
  constexpr std::string_view folder = "scenarios/";
  for (const auto& file : embedded_files()) {
    if (!file.path.starts_with(folder)) continue;
    add(parse_scenario(file.content, std::string(file.path), *requirements_));
  }
}

void Catalog::add_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  std::error_code error;
  const auto last = fs::recursive_directory_iterator();
  for (fs::recursive_directory_iterator entry(folder, error);
       !error && entry != last; entry.increment(error)) {
    if (entry->path().extension() == ".yaml") paths.push_back(entry->path());
  }
  if (error) throw base::SourceError({folder, 0, 0}, error.message(), {});
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) add(load_scenario(path, *requirements_));
}

void Catalog::add(Scenario scenario) {
  if (const auto* other = find(scenario.id)) {
    throw base::SourceError({scenario.file, 0, 0},
                            fmt::format("scenario '{}' is there already: {}",
                                        scenario.id, other->file),
                            {});
  }
  scenarios_.push_back(std::make_unique<Scenario>(std::move(scenario)));
}

const Scenario* Catalog::find(std::string_view id) const {
  for (const auto& scenario : scenarios_) {
    if (scenario->id == id) return scenario.get();
  }
  return nullptr;
}

std::vector<Test> Catalog::select(
    const std::vector<std::string>& selectors,
    const std::vector<std::string>& excluded) const {
  std::vector<Test> all;
  for (const auto& scenario : scenarios_) {
    for (const auto& row : scenario->cases) {
      all.push_back({scenario.get(), &row});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Test& a, const Test& b) { return a.id() < b.id(); });
  const auto wanted = fitting(all, selectors, *requirements_);
  const auto unwanted = fitting(all, excluded, *requirements_);
  std::vector<Test> tests;
  for (const auto& test : all) {
    const auto id = test.id();
    if (!selectors.empty() && !wanted.contains(id)) continue;
    if (!unwanted.contains(id)) tests.push_back(test);
  }
  return tests;
}

}  // namespace smtpspec::scenario
