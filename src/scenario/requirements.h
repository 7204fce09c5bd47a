// The ledger of requirements: one row for each normative sentence of the RFCs.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace smtpspec::scenario {

/// What breaking a requirement means.
enum class Level {
  must,    ///< MUST, MUST NOT, ABNF: fails
  should,  ///< SHOULD, SHOULD NOT: warns
  may,     ///< MAY, advice without capitals: is noted
};

struct Requirement {
  std::string id;       ///< 5321-4.1.1.4-k
  std::string rfc;      ///< 5321
  std::string section;  ///< 4.1.1.4
  std::string level_text;
  Level level = Level::may;
  std::string side;
  std::string vantage;
  std::string requires_keywords;
  std::string requirement;
  std::string expectation;
  /// Ids that "see ID" names: the rows whose scenarios cover this one. Empty
  /// for a row with a verdict of its own.
  std::vector<std::string> see;
};

/// A contested reading, decided once: what the texts say, how the suite judges.
struct Ruling {
  std::string id;
  std::string title;
  std::vector<std::string> clauses;
  std::string text;
};

class Requirements {
 public:
  /// Parses ledger (TSV with its header line), rulings (YAML) and reasons (TSV:
  /// id, reason: why a row has no scenario). The names are for messages. Throws
  /// base::SourceError: wrong column count, duplicate or unknown id, unknown
  /// level, a "see" to an unknown row.
  static Requirements parse(std::string_view ledger,
                            const std::string& ledger_name,
                            std::string_view rulings,
                            const std::string& rulings_name,
                            std::string_view reasons,
                            const std::string& reasons_name);
  /// The ones that are built into the program.
  static const Requirements& builtin();

  /// nullptr if there is none.
  const Requirement* find(std::string_view id) const;
  /// Rulings that name the clause, in their order.
  std::vector<const Ruling*> rulings_for(std::string_view id) const;
  /// Why a row has no scenario; empty if no reason is written.
  std::string_view reason(std::string_view id) const;
  const std::vector<Requirement>& rows() const { return rows_; }
  const std::vector<Ruling>& rulings() const { return rulings_; }

 private:
  void parse_ledger(std::string_view text, const std::string& name);
  void parse_rulings(std::string_view text, const std::string& name);
  void parse_reasons(std::string_view text, const std::string& name);

  std::vector<Requirement> rows_;
  std::vector<Ruling> rulings_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, std::string, std::less<>> reasons_;
};

}  // namespace smtpspec::scenario
