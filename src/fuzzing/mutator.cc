#include "fuzzing/mutator.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "fuzzing/dice.h"
#include "fuzzing/structure.h"
#include "fuzzing/unit_mutator.h"
#include "smtp/sasl.h"

namespace smtpspec::fuzzing {
namespace {

using Units = std::vector<Unit>;
using Difference = Units::difference_type;

/// Sessions grow beyond that seldom: they take time.
constexpr std::size_t usual_units = 48;

Units::const_iterator at(const Units& units, std::size_t index) {
  return units.begin() + static_cast<Difference>(index);
}

Units copy(const Units& units, Span span) {
  return {at(units, span.first), at(units, span.last)};
}

void insert(Units& units, std::size_t index, const Units& more) {
  units.insert(at(units, index), more.begin(), more.end());
}

void erase(Units& units, Span span) {
  units.erase(at(units, span.first), at(units, span.last));
}

/// One mutation of one session.
class Mutation {
 public:
  Mutation(Input& input, Random& random, const Dictionary& dictionary,
           const ByteMutator& bytes)
      : input_(input),
        units_(input.units),
        dice_(random),
        dictionary_(dictionary),
        unit_mutator_(dice_, dictionary, bytes) {}

  void run();

 private:
  struct Operation {
    int weight;
    bool (Mutation::*apply)();
  };
  static const Operation operations[];

  void apply_one();
  void settle();
  void settle_units();
  void begin_with_hello();
  void drop_late_units();
  void drop_what_ends_early();

  // Orders of units.
  bool insert_block();
  bool repeat();
  bool insert_command();
  bool insert_fitting_command();
  bool insert_login();
  bool remove();
  bool duplicate();
  bool bring_forward();
  bool move();
  bool copy_elsewhere();
  bool split_unit();
  bool join_units();
  bool change_wait();
  bool send_as_group();
  bool change_segments();
  // Within a unit.
  template <bool (UnitMutator::*change)(std::string&)>
  bool change_unit();
  bool change_end();
  bool change_number();
  bool change_content();

  std::vector<Unit> fitting_command(Phase phase);
  Span random_span(std::size_t most);
  std::size_t random_place();
  Unit* random_unit();

  Input& input_;
  Units& units_;
  Dice dice_;
  const Dictionary& dictionary_;
  UnitMutator unit_mutator_;
  /// What was made wrong on purpose is not put right.
  bool keeps_sizes_ = false;
  bool keeps_ends_ = false;
};

// Legal commands in new orders first: what a server remembers of a session
// goes wrong there. Octets that no client sends come behind.
const Mutation::Operation Mutation::operations[] = {
    {16, &Mutation::insert_block},
    {14, &Mutation::repeat},
    {6, &Mutation::insert_command},
    {8, &Mutation::insert_fitting_command},
    {2, &Mutation::insert_login},
    {7, &Mutation::remove},
    {4, &Mutation::duplicate},
    {3, &Mutation::bring_forward},
    {4, &Mutation::move},
    {5, &Mutation::copy_elsewhere},
    {1, &Mutation::split_unit},
    {1, &Mutation::join_units},
    {2, &Mutation::change_wait},
    {2, &Mutation::send_as_group},
    {1, &Mutation::change_segments},
    {7, &Mutation::change_unit<&UnitMutator::replace_word>},
    {5, &Mutation::change_unit<&UnitMutator::add_word>},
    {1, &Mutation::change_unit<&UnitMutator::remove_word>},
    {4, &Mutation::change_unit<&UnitMutator::replace_address>},
    {2, &Mutation::change_unit<&UnitMutator::grow>},
    {1, &Mutation::change_unit<&UnitMutator::change_case>},
    {3, &Mutation::change_unit<&UnitMutator::change_octets>},
    {2, &Mutation::change_unit<&UnitMutator::insert_octets>},
    {2, &Mutation::change_end},
    {3, &Mutation::change_number},
    {4, &Mutation::change_content},
};

void Mutation::run() {
  std::size_t times = 1;
  while (times < 5 && dice_.one_in(2)) ++times;
  for (; times > 0; --times) apply_one();
  settle();
}

void Mutation::apply_one() {
  static const int sum = [] {
    int weights = 0;
    for (const Operation& operation : operations) weights += operation.weight;
    return weights;
  }();
  const bool is_long = units_.size() > usual_units;
  if (is_long && dice_.one_in(2) && remove()) return;
  for (int tries = 0; tries < 8; ++tries) {
    auto left = static_cast<int>(dice_.below(static_cast<std::size_t>(sum)));
    const Operation* chosen = operations;
    while ((left -= chosen->weight) >= 0) ++chosen;
    if ((this->*chosen->apply)()) return;
  }
  insert_block();
}

/// A place between two atoms; seldom any; before the first unit seldom.
std::size_t Mutation::random_place() {
  if (units_.empty()) return 0;
  const std::size_t least = dice_.one_in(12) ? 0 : 1;
  if (dice_.one_in(10)) return dice_.between(least, units_.size());
  const auto parts = atoms(units_);
  const std::size_t index = dice_.between(least, parts.size());
  return index == parts.size() ? units_.size() : parts[index].first;
}

/// Up to `most` atoms that follow each other, seldom units. `units_` has one.
Span Mutation::random_span(std::size_t most) {
  if (dice_.one_in(10)) {
    const std::size_t first = dice_.below(units_.size());
    return {first, std::min(first + dice_.between(1, most), units_.size())};
  }
  const auto parts = atoms(units_);
  const std::size_t first = dice_.below(parts.size());
  const std::size_t last =
      std::min(first + dice_.between(1, most), parts.size()) - 1;
  return {parts[first].first, parts[last].last};
}

Unit* Mutation::random_unit() {
  for (int tries = 0; tries < 8 && !units_.empty(); ++tries) {
    Unit& unit = dice_.pick(units_);
    if (unit.kind == Unit::Kind::octets) return &unit;
  }
  return nullptr;
}

bool Mutation::insert_block() {
  insert(units_, random_place(), dice_.pick(dictionary_.blocks()).units);
  return true;
}

bool Mutation::repeat() {
  if (units_.empty()) return false;
  const Span span = random_span(6);
  const Units again = copy(units_, span);
  for (std::size_t times = dice_.between(1, 3); times > 0; --times)
    insert(units_, span.last, again);
  return true;
}

bool Mutation::insert_command() {
  insert(units_, random_place(),
         {command(unit_mutator_.word(WordKind::command))});
  return true;
}

bool Mutation::insert_fitting_command() {
  const std::size_t place = random_place();
  insert(units_, place, fitting_command(phases(units_)[place]));
  return true;
}

Units Mutation::fitting_command(Phase phase) {
  static const std::vector<std::string_view> after_connect{"EHLO", "EHLO",
                                                           "HELO", "NOOP"};
  static const std::vector<std::string_view> after_hello{
      "MAIL", "MAIL", "MAIL", "VRFY", "NOOP", "HELP", "RSET",
      "EXPN", "AUTH", "ETRN", "EHLO", "XCLIENT"};
  static const std::vector<std::string_view> after_mail{"RCPT", "RCPT", "RCPT",
                                                        "NOOP", "VRFY", "RSET"};
  static const std::vector<std::string_view> after_rcpt{
      "RCPT", "DATA", "DATA", "BDAT", "BDAT", "NOOP", "RSET", "BURL"};
  static const std::vector<std::string_view> after_chunk{"BDAT", "BDAT",
                                                         "RSET", "NOOP"};
  if (phase == Phase::login)
    return {command(unit_mutator_.word(WordKind::response))};
  const auto& verbs = phase == Phase::connected   ? after_connect
                      : phase == Phase::mail      ? after_mail
                      : phase == Phase::recipient ? after_rcpt
                      : phase == Phase::chunks    ? after_chunk
                                                  : after_hello;
  const std::string_view verb = dice_.pick(verbs);
  if (verb == "DATA") {
    Unit data = command("");
    data.octets = unit_mutator_.content();
    return {command("DATA"), data};
  }
  if (verb == "BDAT") {
    Unit chunk = command(dice_.one_in(2) ? "BDAT 0 LAST" : "BDAT 0");
    chunk.octets += unit_mutator_.word(WordKind::content) + "\r\n";
    frame_chunk(chunk);
    return {chunk};
  }
  std::vector<std::string_view> lines{verb};
  for (const std::string& line : dictionary_.words(WordKind::command))
    if (base::starts_without_case(line, verb)) lines.push_back(line);
  return {command(dice_.pick(lines))};
}

bool Mutation::insert_login() {
  static const auto mechanisms = smtp::sasl_mechanisms();
  static const auto twists = smtp::sasl_twists();
  Unit unit{Unit::Kind::login, std::string(dice_.pick(mechanisms)), "", false,
            true};
  const std::string_view twist = dice_.pick(twists);
  if (!dice_.one_in(3) && smtp::has_sasl_twist(unit.octets, twist))
    unit.twist = twist;
  insert(units_, random_place(), {unit});
  return true;
}

bool Mutation::remove() {
  if (units_.size() < 2) return false;
  const Span span = random_span(units_.size() > usual_units ? 12 : 3);
  if (span.size() >= units_.size()) return false;
  erase(units_, span);
  return true;
}

bool Mutation::duplicate() {
  if (units_.empty()) return false;
  const Span span = random_span(1);
  insert(units_, span.last, copy(units_, span));
  return true;
}

/// A later atom goes before an earlier one.
bool Mutation::bring_forward() {
  const auto parts = atoms(units_);
  if (parts.size() < 3) return false;
  const std::size_t second = dice_.between(2, parts.size() - 1);
  const Span left = parts[dice_.between(1, second - 1)];
  const Span right = parts[second];
  std::rotate(units_.begin() + static_cast<Difference>(left.first),
              units_.begin() + static_cast<Difference>(right.first),
              units_.begin() + static_cast<Difference>(right.last));
  return true;
}

bool Mutation::move() {
  if (units_.size() < 3) return false;
  const Span span = random_span(4);
  const Units moved = copy(units_, span);
  erase(units_, span);
  insert(units_, random_place(), moved);
  return true;
}

bool Mutation::copy_elsewhere() {
  if (units_.empty()) return false;
  insert(units_, random_place(), copy(units_, random_span(6)));
  return true;
}

bool Mutation::split_unit() {
  Unit* unit = random_unit();
  if (unit == nullptr || unit->octets.size() < 2) return false;
  const std::size_t cut = dice_.between(1, unit->octets.size() - 1);
  Unit rest = *unit;
  rest.octets.erase(0, cut);
  unit->octets.resize(cut);
  unit->waits = false;
  insert(units_, static_cast<std::size_t>(unit - units_.data()) + 1, {rest});
  keeps_sizes_ = true;
  return true;
}

bool Mutation::join_units() {
  Unit* unit = random_unit();
  if (unit == nullptr || unit == &units_.back()) return false;
  const auto index = static_cast<std::size_t>(unit - units_.data());
  const Unit next = units_[index + 1];
  if (next.kind != Unit::Kind::octets) return false;
  unit->octets += next.octets;
  unit->waits = next.waits;
  erase(units_, {index + 1, index + 2});
  keeps_sizes_ = true;
  return true;
}

bool Mutation::change_wait() {
  Unit* unit = random_unit();
  if (unit == nullptr) return false;
  unit->waits = !unit->waits;
  return true;
}

/// Commands that go out without waiting (RFC 2920); the last one waits.
bool Mutation::send_as_group() {
  if (units_.size() < 3) return false;
  const Span span = random_span(5);
  for (std::size_t i = span.first; i + 1 < span.last; ++i)
    if (units_[i].kind == Unit::Kind::octets) units_[i].waits = false;
  return span.size() > 1;
}

bool Mutation::change_segments() {
  Unit* unit = random_unit();
  if (unit == nullptr) return false;
  unit->is_split = !unit->is_split;
  return true;
}

template <bool (UnitMutator::*change)(std::string&)>
bool Mutation::change_unit() {
  Unit* unit = random_unit();
  return unit != nullptr && (unit_mutator_.*change)(unit->octets);
}

bool Mutation::change_end() {
  Unit* unit = random_unit();
  if (unit == nullptr) return false;
  const bool is_data =
      phases(units_)[static_cast<std::size_t>(unit - units_.data())] ==
      Phase::content;
  // The real end follows, else the rest of the session would be mail data.
  keeps_ends_ = keeps_ends_ || (is_data && dice_.one_in(8));
  return unit_mutator_.change_end(unit->octets);
}

/// The size of a chunk seldom: who waits for the rest of it takes time.
bool Mutation::change_number() {
  Unit* unit = random_unit();
  if (unit == nullptr) return false;
  if (verb_of(*unit) == "BDAT") {
    if (!dice_.one_in(4)) return false;
    keeps_sizes_ = true;
  }
  return unit_mutator_.change_number(unit->octets);
}

bool Mutation::change_content() {
  std::vector<Unit*> found;
  const auto phase = phases(units_);
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const bool is_data = phase[i] == Phase::content &&
                         units_[i].kind == Unit::Kind::octets;
    const bool is_chunk = verb_of(units_[i]) == "BDAT" &&
                          units_[i].octets.find('\n') + 1 !=
                              units_[i].octets.size();
    if (is_data || is_chunk) found.push_back(&units_[i]);
  }
  if (found.empty()) return false;
  std::string& octets = dice_.pick(found)->octets;
  switch (dice_.below(4)) {
    case 0: return unit_mutator_.change_end(octets);
    case 1: return unit_mutator_.grow(octets);
    default: return unit_mutator_.insert_content(octets);
  }
}

/// What a server would wait for, or never answer, is put right but for a few
/// times: nobody learns much from a session that hangs.
void Mutation::settle() {
  if (!dice_.one_in(12)) begin_with_hello();
  if (!dice_.one_in(8)) drop_what_ends_early();
  if (!dice_.one_in(8)) drop_late_units();
  if (units_.empty()) units_.push_back(command("NOOP"));
  settle_units();
  fit(input_);
}

void Mutation::begin_with_hello() {
  const std::size_t looked_at = std::min<std::size_t>(units_.size(), 3);
  if (std::any_of(units_.begin(),
                  units_.begin() + static_cast<Difference>(looked_at), is_hello))
    return;
  if (const Block* hello = dictionary_.find_block("hello"))
    insert(units_, 0, hello->units);
}

/// QUIT before the end, TLS under TLS, and wrong logins, which are slow, but
/// for two.
void Mutation::drop_what_ends_early() {
  std::size_t handshakes = 0;
  std::size_t twists = 0;
  const auto is_bad = [&](const Unit& unit) {
    if (unit.kind == Unit::Kind::tls) return ++handshakes > 1;
    if (unit.kind == Unit::Kind::login && !unit.twist.empty())
      return ++twists > 2;
    return &unit != &units_.back() && verb_of(unit) == "QUIT";
  };
  // erase_if() moves units, and is_bad() looks at where they stand.
  Units kept;
  for (const Unit& unit : units_)
    if (!is_bad(unit)) kept.push_back(unit);
  units_ = std::move(kept);
}

void Mutation::drop_late_units() {
  while (units_.size() > usual_units) {
    Span span = random_span(8);
    span.last = std::min(span.last, span.first + units_.size() - usual_units);
    erase(units_, span);
  }
}

void Mutation::settle_units() {
  const auto phase = phases(units_);
  for (std::size_t i = 0; i < units_.size(); ++i) {
    Unit& unit = units_[i];
    if (unit.kind != Unit::Kind::octets || dice_.one_in(16)) continue;
    if (phase[i] == Phase::content) {
      if (!keeps_ends_) end_content(unit.octets);
      unit.waits = true;
    } else if (verb_of(unit) == "BDAT") {
      if (!keeps_sizes_) frame_chunk(unit);
    } else if (verb_of(unit) == "DATA") {
      unit.waits = true;
    } else if (!unit.octets.ends_with("\r\n")) {
      unit.waits = false;
    }
  }
}

}  // namespace

void mutate(Input& input, Random& random, const Dictionary& dictionary,
            const ByteMutator& bytes) {
  Mutation(input, random, dictionary, bytes).run();
}

Input cross_over(const Input& a, const Input& b, Random& random) {
  if (a.units.empty()) return b;
  if (b.units.empty()) return a;
  Dice dice(random);
  const auto of_a = atoms(a.units);
  const auto of_b = atoms(b.units);
  Input result = a;
  const std::size_t end = dice.pick(of_a).last;
  const std::size_t first = dice.below(of_b.size());
  Span span{of_b[first].first, b.units.size()};
  if (dice.one_in(2)) {
    result.units.resize(end);
  } else {
    span.last = of_b[dice.between(first, of_b.size() - 1)].last;
  }
  insert(result.units, end, copy(b.units, span));
  fit(result);
  return result;
}

}  // namespace smtpspec::fuzzing
