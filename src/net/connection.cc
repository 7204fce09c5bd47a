#include "net/connection.h"

#include <poll.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace smtpspec::net {
namespace {

using boost::system::error_code;
using boost::system::system_error;

/// To be woken takes longer than many a server needs for a reply.
constexpr std::chrono::microseconds time_awake{50};
/// A deadline is passed by no more than both together.
constexpr std::chrono::milliseconds time_asleep{1};

/// Throws what a failed read or write means.
[[noreturn]] void throw_transfer_error(const error_code& error) {
  if (error == asio::error::eof) throw PeerClosed{Ending::end_of_file};
  if (error == asio::error::connection_reset ||
      error == asio::error::broken_pipe ||
      error == asio::error::connection_aborted) {
    throw PeerClosed{Ending::reset};
  }
  throw system_error(error);
}

/// The endpoints of `host`; an address needs no resolver, which is a thread.
asio::awaitable<std::vector<asio::ip::tcp::endpoint>> endpoints_of(
    std::string host, std::uint16_t port) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) {
    endpoints.emplace_back(address, port);
    co_return endpoints;
  }
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  const auto found = co_await resolver.async_resolve(
      host, std::to_string(port), asio::use_awaitable);
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

asio::awaitable<void> connect_any(asio::ip::tcp::socket& socket,
                                  std::string host, std::uint16_t port,
                                  std::string source) {
  const auto endpoints = co_await endpoints_of(std::move(host), port);
  error_code last = asio::error::host_not_found;
  for (const auto& endpoint : endpoints) {
    error_code error;
    socket.close(error);
    socket.open(endpoint.protocol(), error);
    if (!error && !source.empty()) {
      const auto address = asio::ip::make_address(source);
      const asio::ip::tcp::endpoint local(address, 0);
      socket.bind(local, error);
    }
    if (!error) {
      co_await socket.async_connect(
          endpoint, asio::redirect_error(asio::use_awaitable, error));
    }
    if (!error) co_return;
    last = error;
    if (error == asio::error::operation_aborted) break;
  }
  throw system_error(last);
}

void set_up(asio::ip::tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true);
}

/// Sleeps for `time` at most.
bool is_readable_within(asio::ip::tcp::socket& socket,
                        std::chrono::milliseconds time) {
  pollfd waiting{socket.native_handle(), POLLIN, 0};
  return poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket)
    : socket_(std::move(socket)) {
  set_up(socket_);
}

asio::awaitable<void> Connection::connect(std::string host, std::uint16_t port,
                                          std::string source,
                                          Deadline deadline) {
  auto attempt = connect_any(socket_, std::move(host), port, std::move(source));
  co_await with_deadline(deadline, std::move(attempt));
  set_up(socket_);
}

asio::awaitable<std::size_t> Connection::read_some() {
  const auto space = asio::buffer(buffer_);
  co_return co_await socket_.async_read_some(space, asio::use_awaitable);
}

asio::awaitable<std::string> Connection::read(Deadline deadline) {
  return tls_ ? read_tls(deadline) : read_socket(deadline);
}

asio::awaitable<std::string> Connection::read_tls(Deadline deadline) {
  for (;;) {
    std::string text = tls_->read();
    // Answers of the TLS layer itself, such as a new key.
    const std::string output = tls_->take_output();
    if (!output.empty()) co_await write_socket(output, deadline);
    if (!text.empty()) co_return text;
    if (tls_->is_closed_by_peer()) throw PeerClosed{Ending::end_of_file};
    if (tls_->is_broken()) throw PeerClosed{Ending::reset};
    try {
      const std::string octets = co_await read_socket(deadline);
      tls_->feed(octets);
    } catch (const PeerClosed& closed) {
      if (closed.ending == Ending::reset) throw;
      throw PeerClosed{Ending::truncated};
    }
  }
}

std::size_t Connection::read_soon(error_code& error) {
  std::size_t size = 0;
  const Deadline awake_until = Clock::now() + time_awake;
  do {
    // The server may want this core.
    std::this_thread::yield();
    size = socket_.read_some(asio::buffer(buffer_), error);
  } while (error == asio::error::would_block && Clock::now() < awake_until);
  if (error == asio::error::would_block &&
      is_readable_within(socket_, time_asleep)) {
    size = socket_.read_some(asio::buffer(buffer_), error);
  }
  return size;
}

asio::awaitable<std::string> Connection::read_socket(Deadline deadline) {
  // What is there already needs neither a timer nor a wait.
  error_code error;
  std::size_t size = socket_.read_some(asio::buffer(buffer_), error);
  if (error == asio::error::would_block && has_thread_alone_)
    size = read_soon(error);
  if (error == asio::error::would_block) {
    error.clear();
    try {
      size = co_await with_deadline(deadline, read_some());
    } catch (const system_error& e) {
      throw_transfer_error(e.code());
    }
  }
  if (error) throw_transfer_error(error);
  co_return std::string(buffer_, size);
}

asio::awaitable<void> Connection::write(std::string_view bytes,
                                        Deadline deadline) {
  if (!tls_) {
    co_await write_socket(bytes, deadline);
    co_return;
  }
  tls_->write(bytes);
  const std::string output = tls_->take_output();
  co_await write_socket(output, deadline);
}

asio::awaitable<void> Connection::write_socket(std::string_view bytes,
                                               Deadline deadline) {
  error_code error;
  const std::size_t sent =
      socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != asio::error::would_block)
    throw_transfer_error(error);
  if (!error && sent == bytes.size()) co_return;
  if (!error) bytes.remove_prefix(sent);
  auto write_all = [](asio::ip::tcp::socket& socket,
                      std::string_view rest) -> asio::awaitable<void> {
    const auto buffer = asio::buffer(rest.data(), rest.size());
    co_await asio::async_write(socket, buffer, asio::use_awaitable);
  };
  try {
    co_await with_deadline(deadline, write_all(socket_, bytes));
  } catch (const system_error& e) {
    throw_transfer_error(e.code());
  }
}

asio::awaitable<std::variant<TlsFacts, TlsFailure>> Connection::start_tls(
    const TlsContext& context, const std::string& server_name,
    Deadline deadline, std::string early) {
  if (tls_) throw std::logic_error("TLS is active already");
  tls_ = std::make_unique<Tls>(context, server_name);
  tls_->feed(early);
  for (;;) {
    const Tls::Progress progress = tls_->handshake();
    const std::string output = tls_->take_output();
    if (progress == Tls::Progress::failed) {
      // An alert that says what was wrong; the peer may be gone.
      write_what_fits(output);
      co_return tls_->failure();
    }
    if (!output.empty()) co_await write_socket(output, deadline);
    if (progress == Tls::Progress::done) co_return tls_->facts();
    const std::string octets = co_await read_socket(deadline);
    tls_->feed(octets);
  }
}

void Connection::send_close_alert() {
  if (!tls_) return;
  tls_->close();
  write_what_fits(tls_->take_output());
}

void Connection::write_what_fits(const std::string& octets) {
  error_code ignored;
  socket_.write_some(asio::buffer(octets), ignored);
}

void Connection::shutdown() {
  send_close_alert();
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Connection::close() {
  if (!socket_.is_open()) return;
  send_close_alert();
  error_code ignored;
  socket_.close(ignored);
}

std::uint16_t Connection::local_port() const {
  error_code error;
  const auto local = socket_.local_endpoint(error);
  return error ? std::uint16_t{0} : local.port();
}

std::string Connection::local_address() const {
  boost::system::error_code error;
  const auto local = socket_.local_endpoint(error);
  return error ? std::string() : local.address().to_string();
}

std::string Connection::remote_address() const {
  boost::system::error_code error;
  const auto remote = socket_.remote_endpoint(error);
  return error ? std::string() : remote.address().to_string();
}

}  // namespace smtpspec::net
