#include "smtp/capabilities.h"

#include "base/text.h"

namespace smtpspec::smtp {

Capabilities::Capabilities(const Reply& reply) {
  for (std::size_t i = 1; i < reply.lines.size(); ++i) {
    const std::string_view line = base::trim(reply.lines[i].text);
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    keywords_.emplace(base::to_upper(line.substr(0, end)),
                      base::trim(line.substr(end)));
  }
}

bool Capabilities::has(std::string_view keyword) const {
  return keywords_.contains(base::to_upper(keyword));
}

std::string_view Capabilities::parameters(std::string_view keyword) const {
  const auto found = keywords_.find(base::to_upper(keyword));
  return found == keywords_.end() ? std::string_view{} : found->second;
}

std::set<std::string> Capabilities::keywords() const {
  std::set<std::string> result;
  for (const auto& [keyword, parameters] : keywords_) result.insert(keyword);
  return result;
}

std::set<std::string> Capabilities::mechanisms() const {
  const std::string listed = base::to_upper(parameters("AUTH"));
  const auto words = base::words(listed);
  return {words.begin(), words.end()};
}

}  // namespace smtpspec::smtp
