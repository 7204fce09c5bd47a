#include "sink/maildir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sink/mail_data.h"

namespace smtpspec::sink {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// Between two looks. Cheap: where nothing changed, two times are read.
constexpr std::chrono::milliseconds pause{20};

/// Changes of a folder that lie closer together may have the same time.
constexpr std::chrono::seconds grain{1};

/// A message at one place.
struct Entry {
  std::string id;  ///< its name without flags, which stays as it moves
  fs::path path;

  friend bool operator<(const Entry& a, const Entry& b) { return a.id < b.id; }
};

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    entries.push_back(at->path());
  }
  return entries;
}

/// All messages, from old to new as far as names tell. First new, then cur: one
/// that moves meanwhile is not missed.
std::vector<Entry> messages_in(const fs::path& folder) {
  std::vector<Entry> messages;
  for (const char* part : {"new", "cur"}) {
    for (fs::path& path : entries_of(folder / part)) {
      const std::string name = path.filename().string();
      if (name.starts_with('.')) continue;
      messages.push_back({name.substr(0, name.find(':')), std::move(path)});
    }
  }
  std::ranges::stable_sort(messages, std::less<>());
  return messages;
}

class File {
 public:
  /// Waits for nothing, were it a pipe.
  explicit File(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_regular() const {
    struct stat facts = {};
    return descriptor_ >= 0 && ::fstat(descriptor_, &facts) == 0 &&
           S_ISREG(facts.st_mode);
  }
  /// The next octets; empty at the end. Nothing after an error.
  std::optional<std::string> read() const {
    std::string octets(1 << 16, '\0');
    ssize_t size = 0;
    do {
      size = ::read(descriptor_, octets.data(), octets.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) return std::nullopt;
    octets.resize(static_cast<std::size_t>(size));
    return octets;
  }

 private:
  int descriptor_;
};

/// Nothing if it is gone, or not ours to read.
std::optional<MailData> read_message(const fs::path& path, std::size_t limit) {
  const File file(path);
  if (!file.is_regular()) return std::nullopt;
  MailData data;
  while (!data.is_cut) {
    const auto octets = file.read();
    if (!octets) return std::nullopt;
    if (octets->empty()) break;
    data.add(*octets, limit);
  }
  return data;
}

void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

class Maildir::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, const fs::path& folder, Mailbox& mailbox,
       std::size_t octet_limit)
      : mailbox_(mailbox), octet_limit_(octet_limit), timer_(context) {
    for (const fs::path& part : folder) {
      if (part.empty()) continue;  // behind a last slash
      if (part != "*") {
        (has_star_ ? below_ : above_) /= part;
      } else if (std::exchange(has_star_, true)) {
        throw std::invalid_argument("two * in the path of a maildir: " +
                                    folder.string());
      }
    }
    look(&Impl::ignore);
  }

  void start() {
    asio::co_spawn(timer_.get_executor(), watch(shared_from_this()), rethrow);
  }

  void stop() {
    is_stopped_ = true;
    timer_.cancel();
  }

 private:
  using Times = std::array<fs::file_time_type, 2>;
  /// What is known of one maildir.
  struct Known {
    std::set<std::string> ids;
    Times times = {};
    /// A change after the last look would show in `times`.
    bool is_settled = false;
  };
  /// What becomes of a message not seen before; whether it is known now.
  using Treat = bool (Impl::*)(const fs::path& folder, const fs::path& message);

  // The coroutine holds the maildir by `self` for as long as it runs.
  asio::awaitable<void> watch(std::shared_ptr<Impl> self);
  std::vector<fs::path> folders() const;
  void look(Treat treat);
  void look_into(const fs::path& folder, Treat treat);
  static bool has_changed(const fs::path& folder, Known& known);
  bool ignore(const fs::path&, const fs::path&) { return true; }
  bool report(const fs::path& folder, const fs::path& message);

  Mailbox& mailbox_;
  std::size_t octet_limit_;
  asio::steady_timer timer_;
  fs::path above_;  ///< what stands before the *, or all
  fs::path below_;
  bool has_star_ = false;
  bool is_stopped_ = false;
  std::map<fs::path, Known> known_;
};

asio::awaitable<void> Maildir::Impl::watch(std::shared_ptr<Impl>) {
  while (!is_stopped_) {
    look(&Impl::report);
    timer_.expires_after(pause);
    boost::system::error_code ignored;
    co_await timer_.async_wait(
        asio::redirect_error(asio::use_awaitable, ignored));
  }
}

std::vector<fs::path> Maildir::Impl::folders() const {
  if (!has_star_) return {above_};
  std::vector<fs::path> folders;
  for (const fs::path& entry : entries_of(above_.empty() ? "." : above_))
    folders.push_back(below_.empty() ? entry : entry / below_);
  return folders;
}

void Maildir::Impl::look(Treat treat) {
  for (const fs::path& folder : folders()) look_into(folder, treat);
}

bool Maildir::Impl::has_changed(const fs::path& folder, Known& known) {
  std::error_code ignored;  // then it is the earliest time
  const Times times = {fs::last_write_time(folder / "new", ignored),
                       fs::last_write_time(folder / "cur", ignored)};
  if (known.is_settled && times == known.times) return false;
  known.times = times;
  const auto now = fs::file_time_type::clock::now();
  known.is_settled = std::max(times[0], times[1]) < now - grain;
  return true;
}

void Maildir::Impl::look_into(const fs::path& folder, Treat treat) {
  Known& known = known_[folder];
  if (!has_changed(folder, known)) return;
  for (const Entry& message : messages_in(folder)) {
    if (known.ids.contains(message.id)) continue;
    if ((this->*treat)(folder, message.path)) {
      known.ids.insert(message.id);
    } else {
      known.is_settled = false;  // it moved, perhaps, or can be read later
    }
  }
}

bool Maildir::Impl::report(const fs::path& folder, const fs::path& message) {
  auto data = read_message(message, octet_limit_);
  if (!data) return false;
  Arrival arrival;
  arrival.witness = Witness::mailbox;
  arrival.octets = std::move(data->octets);
  arrival.is_cut = data->is_cut;
  arrival.folder = folder.string();
  arrival.time = std::chrono::system_clock::now();
  mailbox_.add(std::move(arrival));
  return true;
}

Maildir::Maildir(asio::io_context& context, fs::path folder, Mailbox& mailbox,
                 std::size_t octet_limit)
    : impl_(std::make_shared<Impl>(context, folder, mailbox, octet_limit)) {
  impl_->start();
}

Maildir::~Maildir() { stop(); }

void Maildir::stop() { impl_->stop(); }

}  // namespace smtpspec::sink
