#include "fuzzing/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

#include "base/escape.h"
#include "base/source.h"
#include "base/text.h"
#include "fuzzing/notation.h"
#include "play/command_tracker.h"
#include "scenario/loader.h"
#include "smtp/capabilities.h"

namespace smtpspec::fuzzing {
namespace {

/// What is left out of a scenario that begins behind EHLO: greeting and EHLO.
constexpr std::size_t hello_answers = 2;

bool is_hello(std::string_view verb) {
  return verb == "EHLO" || verb == "LHLO";
}

/// "2yz", but 354 and 334 as they are: they tell what comes next.
std::string class_of(int code) {
  if (code == 354 || code == 334) return std::to_string(code);
  if (code < 200 || code > 599) return "any";
  return fmt::format("{}yz", code / 100);
}

/// Codes that say nothing of a clause unless an S line names them.
bool is_inconclusive(int code) {
  return code == 421 || code == 530 || code / 100 == 4;
}

/// What comes behind such a line may be no command, or find nobody.
bool changes_what_follows(std::string_view line) {
  static constexpr std::array<std::string_view, 8> verbs = {
      "DATA", "BDAT", ".", "AUTH", "STARTTLS", "QUIT", "ATRN", "TURN"};
  return std::ranges::find(verbs, play::verb_of(line)) != verbs.end();
}

/// Text as a YAML scalar in single quotes.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : base::escape(text)) {
    if (c == '\'') result += '\'';
    result += c;
  }
  return result + "'";
}

class Exporter {
 public:
  explicit Exporter(const Evidence& evidence)
      : evidence_(evidence),
        finding_(evidence.finding),
        seen_(evidence.observation),
        answers_(evidence.observation.answers),
        starts_clear_(can_start_clear()) {}

  std::string run() {
    if (finding_.clause.empty())
      throw std::invalid_argument("it breaks no clause");
    if (!shows_in_reply() && !is_watched() && !is_by_arrival())
      throw std::invalid_argument("no reply shows it");
    add_dialog();
    if (!has_expectation()) lines_.emplace_back("S? any; pass: closed");
    // The loader knows best which lines need PIPELINING.
    for (;;) {
      const std::string text = yaml();
      try {
        scenario::parse_scenario(text, "fuzzed/finding.yaml",
                                 scenario::Requirements::builtin());
        return text;
      } catch (const base::SourceError& error) {
        if (!error.message().starts_with("two commands in one write"))
          throw std::invalid_argument(error.message());
        allow_group(error.position().line);
      }
    }
  }

 private:
  bool is_by_arrival() const { return !finding_.then.empty(); }
  bool is_watched() const { return !finding_.watch.empty(); }
  bool is_missing() const { return is_reply_missing(evidence_); }
  bool shows_in_reply() const {
    return is_missing() || finding_.answer < answers_.size();
  }

  /// It begins as `from: clear` does.
  bool can_start_clear() const {
    const auto& units = evidence_.input.units;
    if (units.size() < 2 || answers_.size() < hello_answers) return false;
    const std::string verb = evidence_.listener == scenario::Listener::lmtp
                                 ? "LHLO"
                                 : "EHLO";
    const Unit& hello = units.front();
    const std::string line =
        replace_variables(verb + " ${client}\r\n", evidence_.variables);
    return hello.kind == Unit::Kind::octets && hello.waits &&
           !hello.is_split &&
           replace_variables(hello.octets, evidence_.variables) == line &&
           answers_[0].verb == "greeting" &&
           answers_[0].reply.reply_class() == 2 && answers_[1].verb == verb &&
           answers_[1].unit == 0 && answers_[1].reply.code == 250 &&
           (answers_.size() == hello_answers ||
            answers_[hello_answers].unit > 0) &&
           finding_.answer >= hello_answers;
  }

  void add_dialog() {
    if (starts_clear_) {
      next_ = hello_answers;
    } else {
      while (!is_over_ && next_ < answers_.size() &&
             answers_[next_].is_of_connection()) {
        add_answer();
      }
      // A server that does not greet.
      if (answers_.empty() && seen_.unit == 0 && is_missing()) add_missing();
    }
    const auto& units = evidence_.input.units;
    for (std::size_t i = starts_clear_ ? 1 : 0; i < units.size(); ++i) {
      if (units[i].kind != Unit::Kind::octets) add_answers_before(i);
      if (is_over_) return;
      add_unit(i);
      while (!is_over_ && next_ < answers_.size() && answers_[next_].unit <= i)
        add_answer();
      if (is_missing() && seen_.unit == i && !is_over_) add_missing();
    }
    while (!is_over_ && next_ < answers_.size()) add_answer();
    if (is_missing() && !is_over_) add_missing();
  }

  /// A handshake and a login wait for what is due before them.
  void add_answers_before(std::size_t unit) {
    while (!is_over_ && next_ < answers_.size() &&
           answers_[next_].unit <= unit && !answers_[next_].is_outcome) {
      add_answer();
    }
  }

  bool has_expectation() const {
    return std::ranges::any_of(lines_, [](const std::string& line) {
      return line.starts_with('S') || line.starts_with("TLS");
    });
  }

  void add_unit(std::size_t index) {
    const Unit& unit = evidence_.input.units[index];
    if (unit.kind != Unit::Kind::octets && !has_begun(evidence_, index)) return;
    switch (unit.kind) {
      case Unit::Kind::tls: return add_handshake(index);
      case Unit::Kind::login:
        lines_.push_back("AUTH: " + login_words(unit));
        return;
      case Unit::Kind::octets: break;
    }
    for (std::string& line : dialog_lines(unit, evidence_.variables))
      lines_.push_back(std::move(line));
  }

  void add_handshake(std::size_t index) {
    const bool is_wrong = is_missing() && seen_.outcome == Outcome::no_tls &&
                          seen_.unit == index && !is_watched() &&
                          !is_by_arrival();
    lines_.emplace_back(is_wrong ? "TLS: handshake" : "TLS? handshake");
    is_over_ = is_wrong;
  }

  void add_answer() {
    const std::size_t index = next_++;
    const Answer& answer = answers_[index];
    if (answer.is_handshake()) return;  // its unit says it
    const bool is_wrong = index == finding_.answer && !is_by_arrival();
    // Behind it, nothing matters.
    is_over_ = is_wrong;
    if (is_watched()) {
      // The rule looks at each reply; one that nothing asked for comes, or not,
      // by itself.
      if (!is_unasked(answer)) {
        lines_.push_back(std::string("S? any; pass: closed") +
                         or_silence(answer));
      }
    } else if (is_by_arrival()) {
      add_answer_of_mail(answer);
    } else if (is_wrong) {
      add_wrong(answer);
    } else if (is_data_of_wrong_mail(answer)) {
      lines_.push_back("S? 354; pass: 5yz");
    } else if (is_of_short_group(answer)) {
      lines_.emplace_back("S? any");
    } else {
      lines_.push_back("S? " + class_of(answer.reply.code));
    }
  }

  /// In a group of lines that draw one reply each, whatever it is: one was
  /// missing, and nobody knows which.
  bool is_of_short_group(const Answer& answer) const {
    return is_missing() && seen_.is_doubtful(answer) &&
           !changes_what_follows(seen_.unanswered) &&
           std::ranges::none_of(answers_, [&](const Answer& other) {
             return seen_.is_doubtful(other) && changes_what_follows(other.line);
           });
  }

  /// Mail was taken that must be refused: as well already at DATA.
  bool is_data_of_wrong_mail(const Answer& answer) const {
    return answer.verb == "DATA" && answer.reply.code == 354 &&
           next_ == finding_.answer && next_ < answers_.size() &&
           answers_[next_].verb == "." && answers_[next_].reply.code < 300;
  }

  static bool is_unasked(const Answer& answer) { return answer.line.empty(); }

  /// Where commands cannot be told apart, a right server may see fewer.
  static const char* or_silence(const Answer& answer) {
    return answer.verb.empty() ? " / silent 5s" : "";
  }

  /// What is refused does not arrive, and that is right.
  void add_answer_of_mail(const Answer& answer) {
    if (is_unasked(answer)) return;
    if (answer.reply.code >= 400) {
      lines_.push_back("S? " + class_of(answer.reply.code));
    } else {
      lines_.push_back(fmt::format("S? {}; pass: 5yz{}",
                                   class_of(answer.reply.code),
                                   or_silence(answer)));
    }
  }

  void add_wrong(const Answer& answer) {
    std::string line =
        "S: " + expected(is_unasked(answer) ? "silent 1s" : "any");
    // These would be taken for no judgement of the command.
    if (is_inconclusive(answer.reply.code) || answer.verb == "greeting")
      line += fmt::format("; fail: {}", answer.reply.code);
    lines_.push_back(std::move(line));
  }

  void add_missing() {
    is_over_ = true;
    // A rule looks at the replies that came.
    if (!is_watched() && !is_by_arrival())
      lines_.push_back("S: " + expected("any"));
  }

  std::string expected(const std::string& otherwise) const {
    return finding_.expected.empty() ? otherwise : finding_.expected;
  }

  /// In the dialog at `line` of the file, a group begins or goes on.
  void allow_group(int line) {
    if (offers_pipelining() && !needs_pipelining_) {
      needs_pipelining_ = true;
      return;
    }
    const int index = line - first_line_;
    if (index < 0 || index >= static_cast<int>(lines_.size()))
      throw std::invalid_argument("a group that cannot be written");
    std::string& text = lines_[static_cast<std::size_t>(index)];
    // The server does not offer it: behind C> nothing is counted.
    const auto colon = text.find(':');
    if (!text.starts_with('C') || text.find('>') < colon)
      throw std::invalid_argument("a group that cannot be written");
    const std::string rest = text.substr(colon + 1);
    text = text.substr(0, colon) + ">" + (rest.empty() ? " " : rest) + "\\r\\n";
  }

  bool offers_pipelining() const {
    bool offers = false;
    for (const Answer& answer : answers_)
      if (is_hello(answer.verb) && answer.reply.code == 250)
        offers = smtp::Capabilities(answer.reply).has("PIPELINING");
    return offers;
  }

  /// A row without a verdict of its own stands for the one that it names.
  std::string clause() const {
    const auto* row =
        scenario::Requirements::builtin().find(finding_.clause);
    return row == nullptr || row->see.empty() ? finding_.clause
                                              : row->see.front();
  }

  std::string yaml() {
    std::string text = "# Found by smtpspec fuzz.\n";
    text += fmt::format("title: {}\nclause: {}\nfound: {}\n",
                        quoted(finding_.sentence), quoted(clause()),
                        file_name(finding_));
    if (evidence_.listener == scenario::Listener::lmtp)
      text += "listener: lmtp\n";
    if (needs_pipelining_) text += "needs: [PIPELINING]\n";
    text += fmt::format("from: {}\n", starts_clear_ ? "clear" : "greeting");
    if (is_watched()) text += fmt::format("watch: {}\n", finding_.watch);
    text += "dialog: |\n";
    first_line_ = static_cast<int>(std::ranges::count(text, '\n')) + 1;
    for (const std::string& line : lines_) text += "  " + line + "\n";
    if (is_by_arrival()) text += "then: |\n" + indented(finding_.then);
    return text;
  }

  static std::string indented(std::string_view text) {
    std::string result;
    for (const std::string_view line : base::split(text, '\n'))
      if (!line.empty()) result += fmt::format("  {}\n", line);
    return result;
  }

  const Evidence& evidence_;
  const Finding& finding_;
  const Observation& seen_;
  const std::vector<Answer>& answers_;
  bool starts_clear_;
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  bool is_over_ = false;
  bool needs_pipelining_ = false;
  int first_line_ = 0;
};

}  // namespace

std::string to_scenario(const Evidence& evidence) {
  return Exporter(evidence).run();
}

}  // namespace smtpspec::fuzzing
