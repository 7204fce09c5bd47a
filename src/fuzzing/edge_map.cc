#include "fuzzing/edge_map.h"

#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace smtpspec::fuzzing {
namespace {

std::size_t page_size() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

EdgeMap::EdgeMap(std::span<std::uint8_t> counters) {
  const auto address = reinterpret_cast<std::uintptr_t>(counters.data());
  if (counters.empty() || address % page_size() != 0 ||
      counters.size() % page_size() != 0) {
    throw std::invalid_argument("an edge map lies over whole pages");
  }
  id_ = shmget(IPC_PRIVATE, counters.size(), IPC_CREAT | IPC_EXCL | 0600);
  if (id_ < 0) fail("cannot make an edge map");
  void* place = shmat(id_, counters.data(), SHM_REMAP);
  const int error = errno;
  shmctl(id_, IPC_RMID, nullptr);
  errno = error;
  // shmat() gives -1 for a failure.
  if (reinterpret_cast<std::intptr_t>(place) == -1)
    fail("cannot attach the edge map");
  counters_ = counters;
}

EdgeMap::~EdgeMap() {
  mmap(counters_.data(), counters_.size(), PROT_READ | PROT_WRITE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

std::vector<std::pair<std::string, std::string>> EdgeMap::environment() const {
  return {{"__AFL_SHM_ID", std::to_string(id_)},
          {"AFL_MAP_SIZE", std::to_string(counters_.size())}};
}

void EdgeMap::flatten() {
  for (std::uint8_t& counter : counters_) counter = counter == 0 ? 0 : 1;
}

}  // namespace smtpspec::fuzzing
