#include "scenario/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/text.h"
#include "scenario/yaml.h"

namespace smtpspec::scenario {
namespace {

constexpr std::uint16_t smtp_port = 25;
constexpr auto counted = "recipient_n";

std::uint16_t parse_port(std::string_view text, std::string_view endpoint) {
  std::uint16_t port = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, port);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end ||
      port == 0) {
    throw std::invalid_argument(
        fmt::format("'{}' is no host:port: the port is 1 to 65535", endpoint));
  }
  return port;
}

// What follows from other values, where a profile is silent.
void derive(Variables& variables) {
  variables.emplace("client", "client.example");
  variables.emplace("sender", "tester@" + variables["client"]);
  if (const auto foreign = variables.find("foreign");
      foreign != variables.end()) {
    const auto address = foreign->second;
    variables.emplace("foreign_domain",
                      address.substr(address.rfind('@') + 1));
  }
  const auto recipient = variables.find("recipient");
  if (recipient == variables.end()) return;
  const auto address = recipient->second;
  const auto at = address.rfind('@');
  variables.emplace("local_part", address.substr(0, at));
  if (at != std::string::npos) {
    variables.emplace("domain", address.substr(at + 1));
  }
}

class ProfileLoader {
 public:
  ProfileLoader(std::string_view text, const std::string& path)
      : file_(text, path) {}

  Profile load() {
    std::vector<std::string_view> keys{"name",        "listeners",
                                       "source",      "trust",
                                       "fingerprint", "certificate",
                                       "key",         "sources",
                                       "sink",        "permits",
                                       "host6",       "mechanisms"};
    for (const auto& variable : variable_names()) {
      if (!variable.from_player) keys.push_back(variable.name);
    }
    file_.check_keys(file_.root(), keys);
    for (const auto& [key, value] : file_.root().entries) {
      load_entry(key.scalar, value);
    }
    const auto& own = profile_.security.own;
    if (own.certificate.empty() != own.key.empty()) {
      file_.fail(file_.root(), "'certificate' and 'key' go together");
    }
    if (profile_.name.empty()) {
      file_.fail(file_.root(), "'name' is missing");
    }
    derive(profile_.variables);
    return std::move(profile_);
  }

 private:
  void load_entry(const std::string& key, const YamlNode& value) {
    if (key == "name") {
      profile_.name = file_.scalar(value, key);
    } else if (key == "host6") {
      profile_.host6 = file_.scalar(value, key);
    } else if (key == "source") {
      profile_.source = file_.scalar(value, key);
    } else if (key == "sources") {
      load_sources(value);
    } else if (key == "sink") {
      load_sink(value);
    } else if (key == "listeners") {
      load_listeners(value);
    } else if (key == "permits") {
      load_permits(value);
    } else if (key == "mechanisms") {
      load_mechanisms(value);
    } else if (key == "trust") {
      profile_.security.trust = load_pem(value, key);
    } else if (key == "certificate") {
      profile_.security.own.certificate = load_pem(value, key);
    } else if (key == "key") {
      profile_.security.own.key = load_pem(value, key);
    } else if (key == "fingerprint") {
      profile_.security.fingerprint = load_fingerprint(value);
    } else if (is_secret(key) && value.kind == YamlNode::Kind::mapping) {
      profile_.variables.emplace(key, load_secret(key, value));
    } else {
      profile_.variables.emplace(key, load_value(key, value));
    }
  }

  void load_listeners(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::mapping) {
      file_.fail(node, "listeners is a mapping: 'mta: host:port'");
    }
    for (const auto& [key, value] : node.entries) {
      if (key.scalar == "other") {
        for (const auto* item : file_.scalars(value, "other"))
          profile_.other_listeners.push_back(load_endpoint("other", *item));
        continue;
      }
      const auto listener = parse_listener(key.scalar);
      if (!listener || *listener == Listener::any) {
        file_.fail(key,
                   "a listener is mta, submission, submissions, lmtp or other");
      }
      profile_.listeners[*listener] = load_endpoint(key.scalar, value);
    }
  }

  Endpoint load_endpoint(const std::string& key, const YamlNode& value) const {
    try {
      return parse_endpoint(file_.scalar(value, key));
    } catch (const std::invalid_argument& error) {
      file_.fail(value, error.what());
    }
  }

  // {outside: address, trusted: address, ...}; `source` is another name of
  // outside.
  void load_sources(const YamlNode& node) {
    static constexpr std::string_view names[] = {"outside", "trusted",
                                                 "refused", "outside6"};
    file_.check_keys(node, names);
    if (const auto* outside = scenario::find(node, "outside")) {
      if (!profile_.source.empty())
        file_.fail(*outside, "'source' names that address already");
      profile_.source = file_.scalar(*outside, "outside");
    }
    if (const auto* trusted = scenario::find(node, "trusted"))
      profile_.trusted_source = file_.scalar(*trusted, "trusted");
    if (const auto* refused = scenario::find(node, "refused"))
      profile_.refused_source = file_.scalar(*refused, "refused");
    if (const auto* outside6 = scenario::find(node, "outside6"))
      profile_.source6 = file_.scalar(*outside6, "outside6");
  }

  void load_sink(const YamlNode& node) {
    static constexpr std::string_view names[] = {"smtp", "lmtp", "maildir"};
    file_.check_keys(node, names);
    Sink& sink = profile_.sink;
    if (const auto* smtp = scenario::find(node, "smtp"))
      sink.smtp = load_endpoint("smtp", *smtp);
    if (const auto* lmtp = scenario::find(node, "lmtp"))
      sink.lmtp = load_endpoint("lmtp", *lmtp);
    if (const auto* maildir = scenario::find(node, "maildir")) {
      for (const auto* item : file_.scalars(*maildir, "maildir"))
        sink.maildirs.push_back(relative_to_profile(item->scalar));
    }
  }

  std::string relative_to_profile(const std::string& path) const {
    return (std::filesystem::path(file_.path()).parent_path() / path).string();
  }

  void load_permits(const YamlNode& node) {
    for (const auto* permitted : file_.scalars(node, "permits")) {
      if (permitted->scalar != "guessing") {
        file_.fail(*permitted,
                   fmt::format("'{}' is nothing that can be permitted: guessing",
                               permitted->scalar));
      }
      profile_.permits_guessing = true;
    }
  }

  // Names as RFC 4422 section 3.1 has them.
  void load_mechanisms(const YamlNode& node) {
    for (const auto* item : file_.scalars(node, "mechanisms")) {
      const std::string& name = item->scalar;
      const auto good = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
      if (name.empty() || name.size() > 20 ||
          name.find_first_not_of(good) != name.npos) {
        file_.fail(*item, fmt::format("'{}' is no mechanism of SASL: 1 to 20 of "
                                      "A-Z 0-9 - _",
                                      name));
      }
      profile_.mechanisms.push_back(name);
    }
  }

  // Escapes as in a dialog; ${n} in recipient_n, else no variables.
  std::string load_value(const std::string& key, const YamlNode& node) const {
    const auto text = Template::parse(file_.scalar(node, key),
                                      {file_.path(), node.line, node.column},
                                      base::line_of(file_.text(), node.line));
    const auto names = text.names();
    const bool counts = names == std::set<std::string>{"n"};
    if (key == counted ? !counts : !names.empty()) {
      file_.fail(node, key == counted ? "recipient_n holds ${n}"
                                      : "a profile's values hold no variables");
    }
    return text.expand({{"n", "${n}"}});
  }

  static bool is_secret(std::string_view key) {
    return key == "password" || key == "bearer";
  }

  // {env: NAME} or {file: PATH}, so that the profile itself can be shown.
  std::string load_secret(const std::string& key, const YamlNode& node) const {
    static constexpr std::string_view sources[] = {"env", "file"};
    file_.check_keys(node, sources);
    if (node.entries.size() != 1)
      file_.fail(node, fmt::format("{} comes from env or from file", key));
    const auto& [source, value] = *node.entries.begin();
    const std::string& name = file_.scalar(value, source.scalar);
    if (source.scalar == "file") return first_line(load_text(value, name));
    const char* secret = std::getenv(name.c_str());
    if (secret == nullptr || *secret == '\0') {
      file_.fail(value, fmt::format("the environment has no {}", name));
    }
    return secret;
  }

  static std::string first_line(const std::string& text) {
    return text.substr(0, text.find_first_of("\r\n"));
  }

  // A path is relative to the profile.
  std::string load_text(const YamlNode& node, const std::string& path) const {
    try {
      return read_file(relative_to_profile(path));
    } catch (const std::exception& error) {
      file_.fail(node, error.what());
    }
  }

  std::string load_pem(const YamlNode& node, const std::string& key) const {
    auto text = load_text(node, file_.scalar(node, key));
    if (text.find("-----BEGIN ") == text.npos)
      file_.fail(node, fmt::format("{} names a PEM file; this is none", key));
    return text;
  }

  // "AB:CD:..." or "abcd...", 32 octets.
  std::string load_fingerprint(const YamlNode& node) const {
    std::string digits;
    for (const char c : file_.scalar(node, "fingerprint")) {
      if (c != ':') digits += c;
    }
    digits = base::to_lower(digits);
    if (digits.size() != 64 ||
        digits.find_first_not_of("0123456789abcdef") != digits.npos) {
      file_.fail(node, "a fingerprint is SHA-256: 64 hexadecimal digits, with "
                       "or without colons");
    }
    return digits;
  }

  YamlFile file_;
  Profile profile_;
};

}  // namespace

const std::vector<VariableName>& variable_names() {
  static const std::vector<VariableName> names{
      {"client", "our own name, in EHLO"},
      {"client_elsewhere",
       "a name of ours that resolves to another address than we come from"},
      {"sender", "our address, in MAIL; bounces go there"},
      {"recipient", "an address that the target delivers to"},
      {"local_part", "the recipient's local part, for VRFY"},
      {"recipient2", "a second address that the target delivers to"},
      {"recipient_n", "as many deliverable addresses as ${n} has values"},
      {"recipient_64", "a deliverable address whose local part has 64 octets"},
      {"unknown", "an address in a domain of the target that has no mailbox"},
      {"domain", "a domain that the target delivers mail of"},
      {"host", "the target's own host name"},
      {"foreign", "an address elsewhere, which the target must not relay to"},
      {"foreign_domain", "the domain of `foreign`, whose mail comes to the sink"},
      {"foreign2", "an address in a third domain, whose mail comes to the sink"},
      {"list", "a mailing list of the target, for EXPN"},
      {"broken_list", "a mailing list with a member whom RCPT refuses"},
      {"mailing_list",
       "a mailing list of the target that takes our mail, changes its "
       "reverse-path, and sends it to the sink"},
      {"forwarded", "an address whose mail the target sends on"},
      {"vacation", "an address whose mail a machine answers, for who is away"},
      {"moved", "an address that has moved: the target refuses its mail"},
      {"refused_sender", "an address that the target takes no mail from"},
      {"user", "a user name, for AUTH"},
      {"password", "the password of that user"},
      {"bearer", "a bearer token of that user, for OAUTHBEARER and XOAUTH2"},
      {"user2", "another user, whom the first must not act as"},
      {"user_transition", "a user who must log in by PLAIN first"},
      {"user_strong", "a user for whom PLAIN is too weak"},
      {"user_unavailable", "a user whom the target cannot check now"},
      {"barred", "an address elsewhere that the user must not send to"},
      {"burl", "an IMAP URL of a message that the user may submit by BURL"},
      {"burl2", "one that user2 alone may submit"},
      {"offered_plain", "PLAIN, if `mechanisms` has it", true},
      {"offered_login", "LOGIN, if `mechanisms` has it", true},
      {"offered_cram_md5", "CRAM-MD5, if `mechanisms` has it", true},
      {"offered_scram_sha_1", "SCRAM-SHA-1, if `mechanisms` has it", true},
      {"offered_scram_sha_256", "SCRAM-SHA-256, if `mechanisms` has it", true},
      {"offered_scram_sha_1_plus", "SCRAM-SHA-1-PLUS, if `mechanisms` has it",
       true},
      {"offered_scram_sha_256_plus",
       "SCRAM-SHA-256-PLUS, if `mechanisms` has it", true},
      {"offered_oauthbearer", "OAUTHBEARER, if `mechanisms` has it", true},
      {"offered_xoauth2", "XOAUTH2, if `mechanisms` has it", true},
      {"n", "the number of a line of 'C*100: ...', from 1", true},
      {"token", "a word that no other session has", true},
      {"own_ipv4", "the IPv4 address that we come from", true},
      {"target_ipv4", "the IPv4 address of the target", true},
  };
  return names;
}

Endpoint parse_endpoint(std::string_view text) {
  auto host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    host = text.substr(1, end == text.npos ? end : end - 1);
    const auto rest = end == text.npos ? "?" : text.substr(end + 1);
    has_port = rest.starts_with(':');
    port = has_port ? rest.substr(1) : rest;
    if (!has_port && !rest.empty()) host = {};
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size() + 1);
    has_port = true;
  }
  if (host.empty() || host.find_first_of(" \t[]/") != host.npos) {
    throw std::invalid_argument(fmt::format("'{}' is no host:port", text));
  }
  return {std::string(host), has_port ? parse_port(port, text) : smtp_port};
}

std::string to_string(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                 : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

Variables numbered(Variables variables, int n) {
  const auto number = std::to_string(n);
  variables["n"] = number;
  const auto found = variables.find(counted);
  if (found == variables.end()) return variables;
  auto& address = found->second;
  for (auto at = address.find("${n}"); at != std::string::npos;
       at = address.find("${n}", at)) {
    address.replace(at, 4, number);
  }
  return variables;
}

Profile parse_profile(std::string_view text, const std::string& path) {
  return ProfileLoader(text, path).load();
}

Profile load_profile(const std::string& path) {
  const auto text = read_file(path);
  return parse_profile(text, path);
}

Profile default_profile(const Endpoint& target, Listener listener) {
  Profile profile;
  profile.name = to_string(target);
  profile.listeners.emplace(listener, target);
  profile.variables.emplace("recipient", "postmaster");
  derive(profile.variables);
  return profile;
}

Profile reference_profile() {
  Profile profile;
  profile.name = "reference";
  profile.permits_guessing = true;
  profile.mechanisms = {"PLAIN",         "LOGIN",
                        "CRAM-MD5",      "XOAUTH2",
                        "OAUTHBEARER",   "SCRAM-SHA-1",
                        "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS",
                        "EXTERNAL",      "SCRAM-SHA-256-PLUS"};
  profile.variables = {
      {"client_elsewhere", "elsewhere.client.example"},
      {"recipient", "alice@example.test"},
      {"recipient2", "theboss@example.test"},
      {"recipient_n", "alice+${n}@example.test"},
      {"recipient_64", std::string(64, 'x') + "@example.test"},
      {"unknown", "nobody-here@example.test"},
      {"host", "mx.example.test"},
      {"foreign", "someone@elsewhere.example"},
      {"foreign2", "someone@third.example"},
      {"list", "staff"},
      {"broken_list", "crew"},
      {"mailing_list", "news@example.test"},
      {"forwarded", "carol@example.test"},
      {"moved", "dave@example.test"},
      {"refused_sender", "somebody@barred.example"},
  };
  derive(profile.variables);
  return profile;
}

}  // namespace smtpspec::scenario
