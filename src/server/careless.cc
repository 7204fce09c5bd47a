#include "server/careless.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "server/store.h"
#include "server/xtext.h"

namespace smtpspec::server {

namespace {

using Rewritten = std::optional<std::string>;

/// local@domain if `domain` is one of another host. The brackets of what is no
/// literal are dropped, as they are looked up in vain.
Rewritten foreign(std::string_view local, std::string_view domain) {
  const bool is_literal = is_address_literal(domain);
  if (!is_literal && domain.size() > 2 && domain.front() == '[' &&
      domain.back() == ']') {
    domain = domain.substr(1, domain.size() - 2);
  }
  const bool is_name = is_domain(domain) && domain.find('.') != domain.npos;
  if (local.empty() || !(is_literal || is_name) || is_own_name(domain))
    return std::nullopt;
  return std::string(local) + "@" + std::string(domain);
}

bool is_own_or_empty(std::string_view domain) {
  return domain.empty() || is_own_name(domain);
}

/// `path` up to the @ of a domain of ours; nothing if it has none.
std::optional<std::string_view> own_local_part(std::string_view path) {
  const auto at = path.rfind('@');
  if (at == path.npos || !is_own_or_empty(path.substr(at + 1)))
    return std::nullopt;
  return path.substr(0, at);
}

std::string without(std::string_view text, std::string_view octets) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [octets](char c) { return octets.find(c) == octets.npos; });
  return result;
}

/// user@other@own, and user@own@other where the first domain alone is checked.
Rewritten of_two_ats(std::string_view text) {
  while (const auto local = own_local_part(text)) text = *local;
  const auto at = text.rfind('@');
  if (at == text.npos) return std::nullopt;
  auto local = text.substr(0, at);
  if (const auto inner = own_local_part(local)) local = *inner;
  return foreign(local, text.substr(at + 1));
}

Rewritten percent_hack(std::string_view path) {
  std::string text = without(path, "\"\\");
  for (;;) {
    if (const auto local = own_local_part(text)) text.resize(local->size());
    const auto percent = text.rfind('%');
    if (percent == text.npos) return std::nullopt;
    std::string_view local = std::string_view(text).substr(0, percent);
    const std::string_view domain = std::string_view(text).substr(percent + 1);
    if (const auto inner = own_local_part(local)) local = *inner;
    if (local.find('@') != local.npos) return std::nullopt;
    if (auto found = foreign(local, domain)) return found;
    text[percent] = '@';
  }
}

Rewritten bang_path(std::string_view path) {
  if (const auto local = own_local_part(path)) path = *local;
  const auto bang = path.rfind('!');
  if (bang == path.npos || path.find('@') != path.npos) return std::nullopt;
  const auto hosts = base::split(path.substr(0, bang), '!');
  return foreign(path.substr(bang + 1), hosts.back());
}

Rewritten quoted_at(std::string_view path) {
  const bool is_quoted = path.ends_with('"');
  const auto ats = std::count(path.begin(), path.end(), '@');
  if (path.starts_with('@') || ats < (is_quoted ? 1 : 2)) return std::nullopt;
  return of_two_ats(without(path, "\"\\"));
}

Rewritten plain(std::string_view path) {
  const auto at = path.rfind('@');
  if (at == path.npos) return std::nullopt;
  return foreign(path.substr(0, at), path.substr(at + 1));
}

Rewritten source_route(std::string_view path) {
  const auto colon = path.find(':');
  if (colon == path.npos) return std::nullopt;
  const auto route = path.substr(0, colon);
  const auto hop = route.substr(0, route.find(','));
  const bool is_ours = hop.starts_with('@') && is_own_name(hop.substr(1));
  if (!is_ours && !route.empty()) return std::nullopt;
  return plain(path.substr(colon + 1));
}

/// What RFC 821 made of a route to others: the path as it stands, for them.
Rewritten route_followed(std::string_view path) {
  const auto hop = path.substr(0, path.find_first_of(",:"));
  const bool is_route = hop.starts_with('@') && path.find(':') != path.npos;
  if (!is_route || is_own_name(hop.substr(1))) return std::nullopt;
  return own_local_part(path) ? Rewritten(path) : std::nullopt;
}

Rewritten trailing_dot(std::string_view path) {
  if (!path.ends_with('.')) return std::nullopt;
  return plain(path.substr(0, path.size() - 1));
}

Rewritten foreign_literal(std::string_view path) {
  return path.ends_with(']') ? plain(path) : std::nullopt;
}

/// user=other, and SRS0=hash=time=other=user of the Sender Rewriting Scheme.
Rewritten verp(std::string_view path) {
  const auto local = own_local_part(path);
  const auto equals = local ? local->rfind('=') : path.npos;
  if (equals == path.npos) return std::nullopt;
  if (base::starts_without_case(*local, "SRS0=")) {
    const auto parts = base::split(*local, '=');
    if (parts.size() < 5) return std::nullopt;
    const auto user = static_cast<std::size_t>(parts[4].data() - local->data());
    return foreign(local->substr(user), parts[3]);
  }
  return foreign(local->substr(0, equals), local->substr(equals + 1));
}

Rewritten subaddress(std::string_view path) {
  const auto local = own_local_part(path);
  const auto plus = local ? local->rfind('+') : path.npos;
  if (plus == path.npos) return std::nullopt;
  return foreign(local->substr(0, plus), local->substr(plus + 1));
}

Rewritten nul_truncated(std::string_view path) {
  const auto nul = path.find('\0');
  if (nul == path.npos) return std::nullopt;
  const auto before = path.substr(0, nul);
  const auto after = path.substr(nul + 1);
  if (auto found = plain(before)) return found;
  const auto local = own_local_part(before);
  if (!local || !after.starts_with('@')) return std::nullopt;
  return foreign(*local, after.substr(1));
}

Rewritten comment(std::string_view path) {
  std::string text = without(path, " \t");
  const auto open = text.find('(');
  const auto close = text.find(')', std::min(open, text.size()));
  if (close != text.npos) text.erase(open, close + 1 - open);
  const auto ats = std::count(text.begin(), text.end(), '@');
  if (text == path || ats < 2) return std::nullopt;
  return of_two_ats(text);
}

/// Encapsulated addresses: octets written as +HH.
Rewritten imceasmtp(std::string_view path) {
  constexpr std::string_view prefix = "IMCEASMTP-";
  const auto local = own_local_part(path);
  if (!local || !base::starts_without_case(*local, prefix)) return std::nullopt;
  const auto code = local->substr(prefix.size());
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto octet = code[i] == '+'
                           ? decode_xtext(base::to_upper(code.substr(i, 3)))
                           : std::nullopt;
    text += octet ? octet->front() : code[i];
    if (octet) i += 2;
  }
  return plain(text);
}

struct Reading {
  FlawId flaw;
  Rewritten (*read)(std::string_view path);
};

constexpr auto readings = std::to_array<Reading>({
    {"relays-percent-hack"_flaw, percent_hack},
    {"relays-bang-path"_flaw, bang_path},
    {"relays-quoted-at"_flaw, quoted_at},
    {"relays-source-route"_flaw, source_route},
    {"source-route-followed"_flaw, route_followed},
    {"relays-trailing-dot"_flaw, trailing_dot},
    {"relays-foreign-literal"_flaw, foreign_literal},
    {"relays-verp"_flaw, verp},
    {"relays-subaddress"_flaw, subaddress},
    {"relays-nul-truncated"_flaw, nul_truncated},
    {"relays-comment"_flaw, comment},
    {"relays-imceasmtp"_flaw, imceasmtp},
});

Path path_to(std::string address, std::size_t length) {
  Path result;
  const auto at = address.rfind('@');
  result.mailbox.local_part = address.substr(0, at);
  result.mailbox.domain = address.substr(at + 1);
  result.mailbox.non_ascii = has_non_ascii(address);
  result.text = std::move(address);
  result.length = length;
  result.is_rewritten = true;
  return result;
}

/// <user@own>,<user@other>
std::optional<Path> second_path(std::string_view input) {
  const auto words = input.substr(0, input.find(' '));
  const auto comma = words.find(">,<");
  if (comma == words.npos || !words.ends_with('>')) return std::nullopt;
  const auto second = words.substr(comma + 3, words.size() - comma - 4);
  auto address = plain(second);
  if (!own_local_part(words.substr(1, comma - 1)) || !address)
    return std::nullopt;
  return path_to(std::move(*address), words.size());
}

std::optional<Path> path_without_brackets(std::string_view input) {
  if (input.starts_with('<')) return std::nullopt;
  const auto word = input.substr(0, input.find(' '));
  auto address = plain(word);
  if (!address) return std::nullopt;
  return path_to(std::move(*address), word.size());
}

}  // namespace

std::optional<Path> careless_recipient(std::string_view input,
                                       const FlawSet& flaws) {
  if (flaws.contains("relays-two-paths"_flaw)) {
    if (auto path = second_path(input)) return path;
  }
  if (flaws.contains("relays-without-brackets"_flaw)) {
    if (auto path = path_without_brackets(input)) return path;
  }
  const auto end = input.find('>');
  if (!input.starts_with('<') || end == input.npos) return std::nullopt;
  const auto path = input.substr(1, end - 1);
  for (const Reading& row : readings) {
    if (!flaws.contains(row.flaw)) continue;
    if (auto address = row.read(path))
      return path_to(std::move(*address), end + 1);
  }
  return std::nullopt;
}

std::optional<Path> careless_sender(std::string_view input,
                                    const FlawSet& flaws) {
  const bool takes_user = flaws.contains("relays-for-local-sender"_flaw) ||
                          flaws.contains("relays-percent-hack"_flaw) ||
                          flaws.contains("relays-quoted-at"_flaw);
  const auto end = input.find('>');
  if (!takes_user || !input.starts_with('<') || end == input.npos)
    return std::nullopt;
  const auto user = input.substr(1, end - 1);
  if (!is_atom(user)) return std::nullopt;
  auto path = path_to(std::string(user) + "@" + std::string(mail_domain),
                      end + 1);
  path.is_rewritten = false;
  return path;
}

}  // namespace smtpspec::server
