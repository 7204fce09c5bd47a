#include "smtp/trace_rules.h"

#include <algorithm>
#include <vector>

#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

std::vector<DeliveryRule> all_rules() {
  std::vector<DeliveryRule> all;
  for (const auto& rules : {received_rules(), date_rules(), protocol_rules(),
                            added_rules(), kept_rules(), generated_rules()})
    all.insert(all.end(), rules.begin(), rules.end());
  return all;
}

}  // namespace

std::span<const DeliveryRule> delivery_rules() {
  static const auto rules = all_rules();
  return rules;
}

const DeliveryRule* find_delivery_rule(std::string_view name) {
  const auto rules = delivery_rules();
  const auto found = std::ranges::find(rules, name, &DeliveryRule::name);
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace smtpspec::smtp
