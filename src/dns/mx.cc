#include "dns/mx.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "base/text.h"

namespace smtpspec::dns {
namespace {

using Kind = MxFinding::Kind;
using Source = MailHosts::Source;
using Status = Answer::Status;

[[noreturn]] void refuse(std::string_view domain, std::string_view reason) {
  throw std::invalid_argument(
      fmt::format("'{}' is no domain to look up: {}", domain, reason));
}

bool is_address(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

/// Whether a host's name is an address in disguise: 192.0.2.1, [192.0.2.1],
/// [IPv6:2001:db8::1].
bool looks_like_address(std::string name) {
  if (name.starts_with('[') && name.ends_with(']'))
    name = name.substr(1, name.size() - 2);
  if (base::starts_without_case(name, "IPv6:")) name.erase(0, 5);
  return is_address(name);
}

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 &&
         std::ranges::all_of(label, [](char c) {
           return base::is_alpha(c) || base::is_digit(c) || c == '-' ||
                  c == '_';
         });
}

/// `domain` without final dot, once it is one (RFC 1035 section 2.3.1; more
/// letters than that occur in names, and do no harm).
std::string checked(const std::string& domain) {
  if (!is_ascii(domain)) {
    refuse(domain,
           "DNS wants its ASCII form, with xn-- (the A-labels of RFC "
           "5890)");
  }
  if (looks_like_address(domain)) refuse(domain, "it is an address");
  std::string name = domain;
  if (name.ends_with('.')) name.pop_back();
  if (name.size() > 253) refuse(domain, "it is longer than 253 letters");
  for (const auto label : base::split(name, '.')) {
    if (is_label(label)) continue;
    refuse(domain, "a label has 1 to 63 letters, digits or hyphens");
  }
  return name;
}

struct MxRecord {
  int preference;
  std::string host;  ///< as in a zone file, without final dot; null MX: empty
};

/// A label as in a zone file (RFC 1035 section 5.1).
std::string escaped(std::string_view label) {
  std::string text;
  for (const char c : label) {
    if (c > ' ' && c <= '~' && c != '.' && c != '\\') {
      text += c;
    } else {
      text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

/// RFC 1035 sections 3.1 and 3.3.9.
MxRecord parse_mx(std::string_view data) {
  const auto octet = [&](std::size_t i) -> unsigned {
    if (i >= data.size()) throw LookupError("an MX record is cut off");
    return static_cast<unsigned char>(data[i]);
  };
  MxRecord record{static_cast<int>(octet(0) << 8 | octet(1)), ""};
  for (std::size_t i = 2; octet(i) != 0; i += 1 + octet(i)) {
    if (!record.host.empty()) record.host += '.';
    record.host += escaped(data.substr(i + 1, octet(i)));
  }
  return record;
}

/// By preference, then by name.
std::vector<MxRecord> sorted_records(const Answer& answer) {
  std::vector<MxRecord> records;
  for (const auto& data : answer.data) records.push_back(parse_mx(data));
  std::ranges::sort(records, {}, [](const MxRecord& record) {
    return std::tuple(record.preference, base::to_lower(record.host));
  });
  return records;
}

std::string address_text(Type type, const std::string& data) {
  char text[INET6_ADDRSTRLEN] = "";
  if (data.size() != (type == Type::a ? 4u : 16u)) return text;
  inet_ntop(type == Type::a ? AF_INET : AF_INET6, data.data(), text,
            sizeof text);
  return text;
}

/// Where a host is, as A and AAAA records say.
struct Addresses {
  std::vector<std::string> addresses;
  std::string canonical_name;
  std::string failure;  ///< of either question; empty: both were answered
  bool is_secure = false;
};

Addresses addresses_of(const Answer& a, const Answer& aaaa) {
  Addresses result;
  result.is_secure = a.is_secure && aaaa.is_secure;
  result.canonical_name = a.canonical_name;
  if (a.status == Status::failure && aaaa.status != Status::failure)
    result.canonical_name = aaaa.canonical_name;
  for (const auto& [answer, type] :
       {std::pair(&a, Type::a), std::pair(&aaaa, Type::aaaa)}) {
    if (answer->status == Status::failure) result.failure = answer->failure;
    for (const auto& data : answer->data)
      result.addresses.push_back(address_text(type, data));
  }
  return result;
}

/// Asks for the addresses of all `names` at once.
std::vector<Addresses> look_up_addresses(
    Resolver& resolver, const std::vector<std::string>& names) {
  std::vector<Question> questions;
  for (const auto& name : names) {
    questions.push_back({name + '.', Type::a});
    questions.push_back({name + '.', Type::aaaa});
  }
  const auto answers = resolver.ask(questions);
  std::vector<Addresses> result;
  for (std::size_t i = 0; i < answers.size(); i += 2)
    result.push_back(addresses_of(answers[i], answers[i + 1]));
  return result;
}

/// Builds up what is found of one domain.
class Search {
 public:
  explicit Search(const ResolverOptions& options) : resolver_(options) {}

  MailHosts run(const std::string& domain) {
    found_.domain = domain;
    const auto answer = resolver_.ask({{domain + '.', Type::mx}}).front();
    if (answer.status == Status::failure) fail("MX records", answer.failure);
    found_.domain = answer.canonical_name;
    found_.is_secure = answer.is_secure;
    if (answer.status == Status::no_such_name) {
      add(Kind::no_such_domain, "",
          fmt::format("{} does not exist (NXDOMAIN)", found_.domain));
    } else if (answer.status == Status::no_data) {
      use_addresses_of_domain();
    } else {
      use_records(sorted_records(answer));
    }
    return std::move(found_);
  }

 private:
  [[noreturn]] void fail(std::string_view wanted, std::string_view failure) {
    throw LookupError(fmt::format("cannot look up the {} of {}: {}", wanted,
                                  found_.domain, failure));
  }

  void add(Kind kind, const std::string& host, std::string text) {
    found_.findings.push_back({kind, host, std::move(text)});
  }

  /// The implicit MX: RFC 5321 section 5.1.
  void use_addresses_of_domain() {
    auto found = look_up_addresses(resolver_, {found_.domain}).front();
    if (found.addresses.empty()) {
      if (!found.failure.empty()) fail("address records", found.failure);
      add(Kind::no_mail_host, "",
          fmt::format("{} has neither MX nor address records: no mail can "
                      "reach it (RFC 5321 section 5.1)",
                      found_.domain));
      return;
    }
    found_.source = Source::address_fallback;
    add_lookup_failure(found_.domain, found);
    found_.hosts.push_back(
        {found_.domain, std::move(found.addresses), 0, found.is_secure});
  }

  void use_records(std::vector<MxRecord> records) {
    const auto count = records.size();
    judge_null_mx(records);
    std::erase_if(records,
                  [](const auto& record) { return record.host.empty(); });
    found_.source = records.empty() ? Source::null_mx : Source::mx;
    if (records.size() < count && count > 1) {
      add(Kind::null_mx_and_other, "",
          fmt::format("{} has a null MX among {} MX records: it MUST be the "
                      "only one (RFC 7505 section 3)",
                      found_.domain, count));
    }
    add_hosts(records);
    look_up_hosts();
  }

  void judge_null_mx(const std::vector<MxRecord>& records) {
    for (const auto& record : records) {
      if (!record.host.empty() || record.preference == 0) continue;
      add(Kind::null_mx_preference, "",
          fmt::format("the null MX of {} has preference {}, not 0 (RFC 7505 "
                      "section 3)",
                      found_.domain, record.preference));
    }
  }

  void add_hosts(const std::vector<MxRecord>& records) {
    for (const auto& [preference, host] : records) {
      const bool is_known = std::ranges::any_of(
          found_.hosts, [&name = host](const MailHost& known) {
            return base::equal_without_case(known.name, name);
          });
      if (!is_known) found_.hosts.push_back({host, {}, preference, false});
    }
  }

  /// A host that cannot be is not asked for: it is known to have no address.
  void look_up_hosts() {
    std::vector<MailHost*> hosts;
    std::vector<std::string> names;
    for (auto& host : found_.hosts) {
      if (looks_like_address(host.name)) {
        add(Kind::address_literal, host.name,
            fmt::format("an MX of {} gives the address {}, where RFC 5321 "
                        "section 5.1 wants the name of a host",
                        found_.domain, host.name));
        continue;
      }
      hosts.push_back(&host);
      names.push_back(host.name);
    }
    auto found = look_up_addresses(resolver_, names);
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      judge_host(names[i], found[i]);
      hosts[i]->addresses = std::move(found[i].addresses);
      hosts[i]->is_secure = found[i].is_secure;
    }
  }

  void judge_host(const std::string& name, const Addresses& found) {
    if (!base::equal_without_case(found.canonical_name, name)) {
      add(Kind::alias, name,
          fmt::format("MX {} of {} is an alias (CNAME) of {}, which RFC 2181 "
                      "section 10.3 forbids and RFC 5321 section 5.1 leaves "
                      "out",
                      name, found_.domain, found.canonical_name));
    }
    add_lookup_failure(name, found);
    if (found.addresses.empty() && found.failure.empty()) {
      add(Kind::no_address, name,
          fmt::format("MX {} of {} has no address; at least one MUST be there "
                      "(RFC 5321 section 5.1)",
                      name, found_.domain));
    }
  }

  void add_lookup_failure(const std::string& name, const Addresses& found) {
    if (found.failure.empty()) return;
    add(Kind::lookup_failed, name,
        fmt::format("{} addresses of {} are known: {}",
                    found.addresses.empty() ? "no" : "not all", name,
                    found.failure));
  }

  Resolver resolver_;
  MailHosts found_;
};

}  // namespace

MailHosts find_mail_hosts(const std::string& domain,
                          const ResolverOptions& options) {
  const auto name = checked(domain);
  return Search(options).run(name);
}

}  // namespace smtpspec::dns
