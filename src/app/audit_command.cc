// smtpspec audit: is this server misconfigured? Relaying, smuggling, ports and
// access, on all its listeners, judged by what arrives.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>

#include "app/app.h"
#include "app/authorization.h"
#include "app/command.h"
#include "app/conclusion.h"
#include "app/event_loop.h"
#include "app/reference.h"
#include "app/selection.h"
#include "app/sinks.h"
#include "app/target_options.h"
#include "app/version.h"
#include "base/text.h"
#include "dns/mx.h"
#include "net/side_by_side.h"
#include "play/runner.h"
#include "play/strange_ports.h"
#include "report/audit.h"

namespace smtpspec::app {
namespace {

namespace asio = boost::asio;
using scenario::Listener;

/// What an auditor asks about.
constexpr const char* audited[] = {
    "relay/",  "access/",     "smuggling/", "ports/", "identity/",
    "policy/", "disclosure/", "submission/", "starttls/", "tls/"};

constexpr Listener listeners[] = {Listener::mta, Listener::submission,
                                  Listener::submissions};

/// Hosts of one domain that are audited; a domain may name thousands.
constexpr std::size_t host_limit = 20;
/// A server that is there greets at once, or is busy.
constexpr std::chrono::seconds strange_port_time{2};
/// Connections a second to a host that is not near, and messages.
constexpr double far_rate = 2;

struct AuditOptions {
  std::string target;
  std::string domain;
  std::string targets;
  std::string results;
  std::string profile;
  std::string resolver;
  std::vector<std::string> authorized;
  std::vector<std::string> flaws;
  SelectionOptions selection;
  int jobs = 8;
  int hosts_at_once = 4;
  double rate = 0;
  double timeout = 10;
  double patience = 1;
  bool strict = false;
  bool verbose = false;
  ReportFiles reports;
};

void add_options(CLI::App& app, AuditOptions& options) {
  auto* target = app.add_option(
      "target", options.target,
      "HOST:PORT of the server; without it the listeners of the profile, and "
      "without that the built-in reference server");
  auto* domain = app.add_option("--domain", options.domain,
                                "Audit the hosts that take mail for a domain");
  auto* targets = app.add_option(
      "--targets", options.targets,
      "Audit the HOST:PORT of each line of a file, side by side; the report is "
      "a line of JSON for each");
  target->excludes(domain)->excludes(targets);
  domain->excludes(targets);
  app.add_option("--results", options.results,
                 "Where the lines of --targets go; targets that stand there "
                 "already are left out")
      ->needs(targets);
  add_profile(app, options.profile);
  app.add_option("--only", options.selection.selectors,
                 "Only these scenarios, in place of those of an audit");
  add_selection(app, options.selection);
  app.add_option("--resolver", options.resolver,
                 "ADDRESS@PORT of the DNS server to ask for --domain");
  app.add_option("--authorized", options.authorized,
                 "A host that you may audit; needed for each that is neither "
                 "loopback nor private");
  app.add_option("--rate", options.rate,
                 "Connections a second to a host, and messages; 2 if not given, "
                 "but for loopback and private addresses")
      ->check(CLI::Range(0.01, 10000.0));
  app.add_option("-j,--jobs", options.jobs, "Sessions at once with a host")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--hosts", options.hosts_at_once, "Hosts at once")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout, "Seconds to wait for one reply")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_option("--patience", options.patience, "Factor on all waits")
      ->check(CLI::Range(0.001, 1000.0))
      ->capture_default_str();
  app.add_flag("--strict", options.strict, "A broken SHOULD fails the run");
  app.add_option("--junit", options.reports.junit, "Write a JUnit XML report");
  app.add_option("--json", options.reports.json, "Write a JSON report");
  app.add_flag("-v,--verbose", options.verbose, "Show progress by test");
  app.add_option("--flaw", options.flaws,
                 "Break one thing in the built-in reference server, to see "
                 "what an audit says of it");
}

/// Keywords, and AUTH with each of its mechanisms.
std::set<std::string> words_of(const smtp::Capabilities& offered) {
  auto words = offered.keywords();
  words.erase("AUTH");
  for (const std::string& mechanism : offered.mechanisms())
    words.insert("AUTH " + mechanism);
  return words;
}

/// Audits one server: all its listeners, one after the other.
class Audit {
 public:
  Audit(const AuditOptions& options, const scenario::Catalog& catalog,
        scenario::Profile profile, std::shared_ptr<play::Witness> witness,
        std::string target)
      : options_(options),
        catalog_(catalog),
        profile_(std::move(profile)),
        witness_(std::move(witness)) {
    report_.run.target = std::move(target);
    report_.run.version = version;
    report_.source = profile_.source;
    report_.trusted_source = profile_.trusted_source;
    report_.has_sink = witness_ != nullptr;
    plan();
    remark();
  }

  /// The host is our own: what else is there is not the target's.
  void leave_other_ports_alone() { looks_at_other_ports_ = false; }

  asio::awaitable<void> run(play::Runner::Finished finished = {}) {
    report_.run.started = std::chrono::system_clock::now();
    const auto start = std::chrono::steady_clock::now();
    std::exception_ptr thrown;
    try {
      if (looks_at_other_ports_) co_await look_at_other_ports();
      co_await play_all(finished);
    } catch (...) {
      thrown = std::current_exception();
    }
    for (const Path& path : plan_) {
      if (path.runner) collect(path);
    }
    report::judge_laxer_listeners(report_);
    report_.run.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - start);
    if (thrown) std::rethrow_exception(thrown);
  }

  report::AuditReport& report() { return report_; }
  const report::AuditReport& report() const { return report_; }

 private:
  /// A way into the target, and what is tried there.
  struct Path {
    std::string name;
    play::Target target;
    std::vector<scenario::Test> tests;
    std::unique_ptr<play::Runner> runner;
  };

  void plan() {
    SelectionOptions selection = options_.selection;
    if (selection.selectors.empty()) {
      for (const char* folder : audited)
        selection.selectors.emplace_back(folder);
    }
    for (const Listener listener : listeners) {
      if (!profile_.listeners.contains(listener)) continue;
      add_path(std::string(scenario::to_string(listener)),
               play::target_of(profile_, listener),
               select_tests(catalog_, selection, listener), false);
    }
    const auto mta_tests = select_tests(catalog_, selection, Listener::mta);
    const auto of_mta = [&mta_tests](std::string_view folder) {
      auto tests = mta_tests;
      std::erase_if(tests, [folder](const scenario::Test& test) {
        return !test.scenario->id.starts_with(folder);
      });
      return tests;
    };
    for (const auto& endpoint : profile_.other_listeners)
      add_path(name_of_other(endpoint), beside_mta(endpoint), of_mta("relay/"),
               true);
    const auto mta = profile_.listeners.find(Listener::mta);
    if (!profile_.host6.empty() && mta != profile_.listeners.end()) {
      auto target = beside_mta({profile_.host6, mta->second.port});
      target.source = profile_.source6;
      add_path("mta-ipv6", std::move(target), of_mta("relay/plain"), true);
    }
    require_tests(!plan_.empty());
  }

  void add_path(std::string name, play::Target target,
                std::vector<scenario::Test> tests, bool is_compared) {
    if (tests.empty()) return;
    report_.listeners.push_back({name, to_string(target.endpoint), is_compared});
    report_.run.listener += (plan_.empty() ? "" : ", ") + name;
    report_.run.selected += tests.size();
    target.witness = witness_;
    plan_.push_back({std::move(name), std::move(target), std::move(tests), {}});
  }

  /// "port-2525"; numbered where two have that port.
  std::string name_of_other(const scenario::Endpoint& endpoint) const {
    const auto name = fmt::format("port-{}", endpoint.port);
    const auto same = std::ranges::count_if(plan_, [&name](const Path& path) {
      return path.name.starts_with(name);
    });
    return same == 0 ? name : fmt::format("{}-{}", name, same + 1);
  }

  /// Another way to what `mta` leads to, whence barriers are sent.
  play::Target beside_mta(const scenario::Endpoint& endpoint) const {
    auto profile = profile_;
    const auto mta = profile_.listeners.find(Listener::mta);
    profile.listeners[Listener::mta] = endpoint;
    auto target = play::target_of(profile, Listener::mta);
    if (mta != profile_.listeners.end()) target.trusting_endpoint = mta->second;
    return target;
  }

  bool is_far() const {
    const auto is_far = [](const scenario::Endpoint& endpoint) {
      return !is_near(endpoint.host);
    };
    return std::ranges::any_of(profile_.listeners,
                               [&is_far](const auto& entry) {
                                 return is_far(entry.second);
                               }) ||
           std::ranges::any_of(profile_.other_listeners, is_far) ||
           (!profile_.host6.empty() && !is_near(profile_.host6));
  }

  void remark() {
    const bool may_be_trusted =
        !is_far() &&
        (profile_.source.empty() || profile_.source == "127.0.0.1");
    if (may_be_trusted) {
      report_.remarks.emplace_back(
          "WARNING: most servers trust the address that we come from. Name "
          "another one");
      report_.remarks.emplace_back(
          "in the profile: sources: {outside: 127.0.0.2}");
    }
    if (!is_far() && !profile_.host6.empty() &&
        (profile_.source6.empty() || profile_.source6 == "::1")) {
      report_.remarks.emplace_back(
          "WARNING: most servers trust ::1. Name another address in the");
      report_.remarks.emplace_back(
          "profile: sources: {outside6: fd00::2}");
    }
  }

  /// Mail servers at ports that nobody spoke of: whether they relay is for the
  /// one to say who names them.
  asio::awaitable<void> look_at_other_ports() {
    const std::string host = plan_.front().target.endpoint.host;
    std::vector<std::uint16_t> ports(play::strange_ports.begin(),
                                     play::strange_ports.end());
    for (const Path& path : plan_) std::erase(ports, path.target.endpoint.port);
    const auto found = co_await play::find_mail_ports(
        host, profile_.source, std::move(ports), strange_port_time, pace());
    for (const std::uint16_t port : found) {
      report_.remarks.push_back(fmt::format(
          "WARNING: somebody greets at port {} too, who was not audited. Name "
          "him in",
          port));
      report_.remarks.push_back(
          fmt::format("the profile: listeners: {{other: [{}]}}",
                      to_string(scenario::Endpoint{host, port})));
    }
  }

  asio::awaitable<void> play_all(const play::Runner::Finished& finished) {
    for (Path& path : plan_) co_await play(path, finished);
    for (Path& path : plan_) co_await path.runner->look_again();
  }

  asio::awaitable<void> play(Path& path,
                             const play::Runner::Finished& finished) {
    play::RunOptions run;
    run.target = path.target;
    run.target.pace = pace();
    run.target.mail_pace = pace();
    run.waits.reply = std::chrono::milliseconds(
        static_cast<long>(options_.timeout * 1000));
    run.waits.factor = options_.patience;
    run.jobs = options_.jobs;
    path.runner = std::make_unique<play::Runner>(
        run, [&finished](const play::Result& result) {
          if (finished) finished(result);
        });
    co_await path.runner->run(path.tests);
  }

  void collect(const Path& path) {
    for (auto& entry : report_.listeners) {
      if (entry.name != path.name) continue;
      entry.in_clear = words_of(path.runner->offers().in_clear);
      entry.under_tls = words_of(path.runner->offers().under_tls);
    }
    for (play::Result& result : path.runner->results()) {
      result.id = fmt::format("{}/{}", path.name, result.id);
      report_.run.results.push_back(std::move(result));
    }
  }

  std::shared_ptr<play::Pace> pace() const {
    const double rate =
        options_.rate > 0 ? options_.rate : is_far() ? far_rate : 0;
    if (rate == 0) return nullptr;
    return std::make_shared<play::Pace>(
        std::chrono::milliseconds(static_cast<long>(1000 / rate)));
  }

  const AuditOptions& options_;
  const scenario::Catalog& catalog_;
  scenario::Profile profile_;
  std::shared_ptr<play::Witness> witness_;
  bool looks_at_other_ports_ = true;
  std::vector<Path> plan_;
  report::AuditReport report_;
};

class AuditCommand {
 public:
  explicit AuditCommand(const AuditOptions& options)
      : options_(options), catalog_(load_catalog(options.selection)) {}

  int run() {
    if (!options_.targets.empty()) return audit_list();
    if (!options_.domain.empty()) return audit_domain();
    if (options_.target.empty() && options_.profile.empty())
      return audit_reference();
    auto profile = load_profile();
    if (!options_.target.empty()) aim(profile, options_.target);
    const std::string name = options_.target.empty() ? profile.name
                                                     : options_.target;
    return audit_one(std::move(profile), name);
  }

 private:
  scenario::Profile load_profile() const {
    if (!options_.profile.empty())
      return scenario::load_profile(options_.profile);
    return scenario::default_profile({"localhost", 25}, Listener::mta);
  }

  /// A target that is named is one listener, for mail from anybody.
  static void aim(scenario::Profile& profile, const std::string& target) {
    profile.listeners = {{Listener::mta, scenario::parse_endpoint(target)}};
    profile.other_listeners.clear();
    profile.host6.clear();
  }

  bool is_authorized(const std::string& host) const {
    return std::ranges::find(options_.authorized, host) !=
           options_.authorized.end();
  }

  void require_authorization(scenario::Profile& profile) const {
    const auto require = [&](const std::string& host) {
      app::require_authorization(host, is_authorized(host) ? host : "");
      profile.security.demands_trust |= !is_near(host);
    };
    for (const auto& [listener, endpoint] : profile.listeners)
      require(endpoint.host);
    for (const auto& endpoint : profile.other_listeners) require(endpoint.host);
    if (!profile.host6.empty()) require(profile.host6);
  }

  int audit_reference() {
    const Reference reference(io_, flaws_of(options_.flaws));
    auto profile = reference.profile();
    profile.source = "127.0.0.2";
    Audit audit(options_, *catalog_, std::move(profile), reference.witness(),
                "the built-in reference server");
    audit.leave_other_ports_alone();
    return finish(audit);
  }

  int audit_one(scenario::Profile profile, const std::string& name) {
    require_authorization(profile);
    return audit_authorized(std::move(profile), name);
  }

  int audit_authorized(scenario::Profile profile, const std::string& name) {
    const Sinks sinks(io_, profile.sink);
    Audit audit(options_, *catalog_, std::move(profile), sinks.witness(), name);
    return finish(audit);
  }

  int finish(Audit& audit) {
    std::size_t done = 0;
    report::ConsoleReport progress(std::cout, console_options(options_.verbose),
                                   catalog_->requirements());
    auto& run = audit.report().run;
    run.interrupted =
        run_until_done(io_, audit.run([&](const play::Result& result) {
          done = std::min(done + 1, run.selected);
          progress.finished(result, done, run.selected);
        }));
    progress.clear();
    report::write_audit_page(std::cout, audit.report(),
                             catalog_->requirements());
    write_reports(run, options_.reports, options_.strict,
                  catalog_->requirements());
    return exit_code(run, options_.strict, false);
  }

  /// RFC 5321 section 5.1: each host of a domain, the best first.
  int audit_domain() {
    dns::ResolverOptions resolver;
    if (!options_.resolver.empty()) resolver.servers = {options_.resolver};
    const auto found = dns::find_mail_hosts(options_.domain, resolver);
    std::cout << fmt::format("Mail hosts of {}\n\n", options_.domain);
    for (const auto& finding : found.findings)
      std::cout << "  finding: " << finding.text << '\n';
    if (found.source == dns::MailHosts::Source::null_mx)
      std::cout << "  The domain says that it takes no mail (RFC 7505).\n";
    if (found.source == dns::MailHosts::Source::address_fallback)
      std::cout << "  There is no MX record: the domain is its own host.\n";
    for (const auto& host : found.hosts) {
      std::cout << fmt::format("  {:5} {} {}\n", host.preference, host.name,
                               fmt::join(host.addresses, " "));
    }
    std::cout << '\n';
    int worst = found.findings.empty() ? exit_conforming : exit_violations;
    std::size_t count = 0;
    for (const auto& host : found.hosts) {
      if (host.addresses.empty()) continue;
      if (++count > host_limit) {
        std::cout << fmt::format("Only the first {} hosts are audited.\n",
                                 host_limit);
        break;
      }
      const int code = audit_host(host);
      if (code == exit_interrupted) return code;
      worst = std::max(worst, code);
    }
    return worst;
  }

  int audit_host(const dns::MailHost& host) {
    // A name may lead to our own machine: the address decides what is far.
    const bool is_far = !std::ranges::all_of(host.addresses, is_near);
    if (is_far && !is_authorized(host.name))
      app::require_authorization(host.name, "");
    auto profile = load_profile();
    auto& [name, port] = profile.listeners[Listener::mta];
    name = host.addresses.front();
    if (port == 0) port = smtp_port;
    std::erase_if(profile.listeners, [](const auto& entry) {
      return entry.first != Listener::mta;
    });
    profile.other_listeners.clear();
    profile.host6 = address6_of(host);
    profile.variables["host"] = host.name;
    profile.security.demands_trust = !is_near(name);
    const std::string shown = fmt::format("{} ({})", host.name, name);
    return audit_authorized(std::move(profile), shown);
  }

  /// Besides the first address, which is audited, if that is of IPv4.
  static std::string address6_of(const dns::MailHost& host) {
    const auto is_ipv6 = [](const std::string& address) {
      return address.find(':') != std::string::npos;
    };
    const auto found = std::ranges::find_if(host.addresses, is_ipv6);
    return found == host.addresses.end() || is_ipv6(host.addresses.front())
               ? ""
               : *found;
  }

  // -- a list of targets

  std::vector<std::string> targets_left() const {
    std::set<std::string> done;
    if (!options_.results.empty()) {
      std::ifstream results(options_.results);
      for (std::string text; std::getline(results, text);) {
        if (const auto target = report::audited_target(text))
          done.insert(*target);
      }
    }
    std::ifstream list(options_.targets);
    if (!list) {
      throw std::invalid_argument(
          fmt::format("{} cannot be read", options_.targets));
    }
    std::vector<std::string> left;
    for (std::string text; std::getline(list, text);) {
      const std::string target(base::trim(text));
      if (target.empty() || target.starts_with('#')) continue;
      scenario::parse_endpoint(target);
      if (!done.contains(target)) left.push_back(target);
    }
    return left;
  }

  int audit_list() {
    const auto targets = targets_left();
    const auto profile = load_profile();
    const Sinks sinks(io_, profile.sink);
    std::vector<std::unique_ptr<Audit>> audits;
    for (const std::string& target : targets) {
      auto aimed = profile;
      aim(aimed, target);
      require_authorization(aimed);
      audits.push_back(std::make_unique<Audit>(
          options_, *catalog_, std::move(aimed), sinks.witness(), target));
    }
    std::ofstream results;
    if (!options_.results.empty())
      results.open(options_.results, std::ios::app);
    std::ostream& out = options_.results.empty() ? std::cout : results;
    std::size_t next = 0;
    auto work = [&]() -> asio::awaitable<void> {
      while (next < audits.size()) {
        Audit& audit = *audits[next++];
        co_await audit.run();
        out << report::to_audit_line(audit.report()) << std::flush;
      }
    };
    const auto at_once = std::min(
        static_cast<std::size_t>(options_.hosts_at_once), audits.size());
    const bool interrupted = run_until_done(
        io_, net::run_side_by_side(std::max<std::size_t>(at_once, 1), work));
    if (interrupted) return exit_interrupted;
    int worst = exit_conforming;
    for (const auto& audit : audits)
      worst = std::max(worst,
                       exit_code(audit->report().run, options_.strict, false));
    return worst;
  }

  static constexpr std::uint16_t smtp_port = 25;

  const AuditOptions& options_;
  std::unique_ptr<scenario::Catalog> catalog_;
  asio::io_context io_{1};
};

}  // namespace

std::function<int()> add_audit(CLI::App& app) {
  auto options = std::make_shared<AuditOptions>();
  add_options(app, *options);
  return [options] { return AuditCommand(*options).run(); };
}

}  // namespace smtpspec::app
