#include "fuzzing/seeds.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "fuzzing/structure.h"
#include "scenario/profile.h"

namespace smtpspec::fuzzing {
namespace {

using scenario::Start;

/// A dialog says something that no input can.
struct NotSayable {};

/// The value of each variable is its placeholder.
scenario::Variables placeholders() {
  scenario::Variables result;
  for (const auto& variable : scenario::variable_names())
    result[std::string(variable.name)] = "${" + std::string(variable.name) + "}";
  // There are too few lines to tell addresses apart by numbers.
  result["recipient_n"] = "${recipient}";
  result["own_ipv4"] = "127.0.0.1";
  result["target_ipv4"] = "127.0.0.1";
  return result;
}

/// For texts that are computed: a placeholder could not be found in them. No
/// server knows the users.
scenario::Variables reference_values() {
  scenario::Variables result = placeholders();
  for (const auto& [name, value] : scenario::reference_profile().variables)
    result[name] = value;
  for (const char* user : {"user", "user2", "user_transition", "user_strong",
                           "user_unavailable", "password", "bearer"})
    result[user] = std::string("some-") + user;
  return result;
}

/// For ${utc(seconds)}: files stay as they are.
constexpr std::string_view seed_time = "2027-01-01T00:00:00Z";

bool computes(std::string_view text) {
  for (const std::string_view function : {"${base64(", "${upper(", "${lower("})
    if (text.find(function) != std::string_view::npos) return true;
  return false;
}

class SeedWriter {
 public:
  explicit SeedWriter(const scenario::Scenario& scenario)
      : scenario_(scenario) {}

  /// Throws NotSayable.
  Input write(const scenario::Dialog& dialog) {
    begin();
    for (const scenario::Step& step : dialog.steps) say_step(step);
    check_size();
    for (Unit& unit : input_.units) frame_chunk(unit);
    return std::move(input_);
  }

 private:
  bool is_for_submission() const {
    return scenario_.listener == scenario::Listener::submission ||
           scenario_.listener == scenario::Listener::submissions;
  }

  /// What the player says before the dialog (play/approach.h).
  void begin() {
    const Start from = scenario_.from;
    if (from == Start::connect || from == Start::greeting) return;
    hello();
    const bool logs_in =
        from == Start::auth || (from >= Start::mail && is_for_submission()) ||
        (from == Start::ehlo && is_for_submission());
    if (from == Start::tls || logs_in) {
      add(command("STARTTLS"));
      add({Unit::Kind::tls, "", "", false, true});
      hello();
    }
    if (logs_in) add({Unit::Kind::login, "PLAIN", "", false, true});
    if (from < Start::mail) return;
    add(command("MAIL FROM:<${sender}>"));
    if (from >= Start::rcpt) add(command("RCPT TO:<${recipient}>"));
    if (from == Start::data) add(command("DATA"));
  }

  void hello() {
    const bool is_lmtp = scenario_.listener == scenario::Listener::lmtp;
    add(command(is_lmtp ? "LHLO ${client}" : "EHLO ${client}"));
  }

  void say_step(const scenario::Step& step) {
    if (const auto* send = std::get_if<scenario::Send>(&step)) {
      for (int n = 1; n <= send->repeat; ++n) say(*send, n);
    } else if (std::holds_alternative<scenario::StartTls>(step)) {
      add({Unit::Kind::tls, "", "", false, true});
    } else if (const auto* login = std::get_if<scenario::Authenticate>(&step)) {
      add({Unit::Kind::login, login->mechanism, login->twist, false, true});
    } else if (std::holds_alternative<scenario::Expect>(step)) {
      if (!input_.units.empty()) input_.units.back().waits = true;
      joins_ = false;
    }
  }

  void say(const scenario::Send& send, int n) {
    std::string octets = expand(send, n);
    if (send.adds_crlf) octets += "\r\n";
    const bool is_content =
        phases(input_.units).back() == Phase::content && waited();
    if (joins_ || (is_chunk_open() && !send.adds_crlf)) {
      input_.units.back().octets += octets;
    } else {
      add({Unit::Kind::octets, std::move(octets), "", false, false});
      // All of the mail data is one unit, and what the same write holds.
      joins_ = is_content;
    }
    check_size();
  }

  bool waited() const {
    return !input_.units.empty() && input_.units.back().waits;
  }

  /// The last unit is BDAT, and nothing was awaited: its chunk follows.
  bool is_chunk_open() const {
    return !input_.units.empty() && !waited() &&
           verb_of(input_.units.back()) == "BDAT";
  }

  std::string expand(const scenario::Send& send, int n) const {
    static const scenario::Variables placeholder = placeholders();
    static const scenario::Variables computed = reference_values();
    const auto variables = scenario::numbered(
        computes(send.text.source()) ? computed : placeholder, n);
    try {
      return send.text.expand(variables, send.adds_crlf ? 2 : 0, seed_time);
    } catch (const scenario::MissingVariable&) {
      throw NotSayable();
    } catch (const std::length_error&) {
      throw NotSayable();
    }
  }

  void add(Unit unit) {
    joins_ = false;
    input_.units.push_back(std::move(unit));
  }

  void check_size() const {
    std::size_t octets = 0;
    for (const Unit& unit : input_.units) octets += unit.octets.size();
    if (octets > Input::max_octets || input_.units.size() > Input::max_units)
      throw NotSayable();
  }

  const scenario::Scenario& scenario_;
  Input input_;
  /// What is sent next goes into the last unit.
  bool joins_ = false;
};

/// `octets` with one letter for each word and number. Names of parameters
/// stay, and what no word holds.
std::string shape_of(std::string_view octets) {
  const bool is_line = octets.find('\n') + 1 == octets.size();
  std::string result;
  std::string word;
  const auto is_part = [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.' ||
           c == '_';
  };
  for (const char c : octets) {
    if (is_part(c)) {
      word += c;
      continue;
    }
    const bool is_name =
        c == '=' || (c == ':' && is_line) || word == ".";
    if (!word.empty()) result += is_name ? base::to_upper(word) : "w";
    word.clear();
    // One of a run, and one of all octets that are no ASCII.
    const char shown = static_cast<unsigned char>(c) >= 0x80 ? '\x80' : c;
    if (result.empty() || result.back() != shown) result += shown;
  }
  return result + (word.empty() ? "" : "w");
}

std::string shape_of(const Unit& unit) {
  if (unit.kind != Unit::Kind::octets) return print({{unit}});
  const std::string verb = verb_of(unit);
  return (is_known_verb(verb) ? verb : "") + ' ' + shape_of(unit.octets) +
         (unit.waits ? "\nS\n" : "\n");
}

std::string shape_of(const Input& input) {
  std::string result;
  // Three or thirty alike are the same to the mutator.
  std::string last;
  for (const Unit& unit : input.units) {
    std::string shape = shape_of(unit);
    if (shape != last) result += shape;
    last = std::move(shape);
  }
  return result;
}

std::string name_of(const scenario::Test& test) {
  std::string name = test.id();
  std::replace(name.begin(), name.end(), '/', '-');
  std::replace(name.begin(), name.end(), '#', '-');
  return name;
}

}  // namespace

std::optional<Input> seed_of(const scenario::Test& test) {
  try {
    Input input = SeedWriter(*test.scenario).write(test.row->dialog);
    if (input.units.empty()) return std::nullopt;
    return input;
  } catch (const NotSayable&) {
    return std::nullopt;
  }
}

std::vector<Seed> seeds_of(const scenario::Catalog& catalog) {
  std::vector<Seed> result;
  std::set<std::string> shapes;
  for (const auto& scenario : catalog.scenarios()) {
    for (const scenario::Case& row : scenario->cases) {
      const scenario::Test test{scenario.get(), &row};
      auto input = seed_of(test);
      if (!input || !shapes.insert(shape_of(*input)).second) continue;
      result.push_back({name_of(test), scenario->listener, std::move(*input)});
    }
  }
  return result;
}

}  // namespace smtpspec::fuzzing
