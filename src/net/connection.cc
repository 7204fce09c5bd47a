#include "net/connection.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <vector>

namespace smtpspec::net {
namespace {

using boost::system::error_code;
using boost::system::system_error;

/// Throws what a failed read or write means.
[[noreturn]] void throw_transfer_error(const system_error& e) {
  if (e.code() == asio::error::eof) throw PeerClosed{Ending::end_of_file};
  if (e.code() == asio::error::connection_reset ||
      e.code() == asio::error::broken_pipe ||
      e.code() == asio::error::connection_aborted) {
    throw PeerClosed{Ending::reset};
  }
  throw e;
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

}  // namespace

asio::awaitable<void> Connection::connect(std::string host, std::uint16_t port,
                                          std::string source,
                                          Deadline deadline) {
  auto attempt = connect_any(socket_, std::move(host), port, std::move(source));
  co_await with_deadline(deadline, std::move(attempt));
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<std::size_t> Connection::read_some() {
  const auto space = asio::buffer(buffer_);
  co_return co_await socket_.async_read_some(space, asio::use_awaitable);
}

asio::awaitable<std::string> Connection::read(Deadline deadline) {
  // What is there already needs neither a timer nor a wait.
  socket_.non_blocking(true);
  error_code error;
  std::size_t size = socket_.read_some(asio::buffer(buffer_), error);
  if (error == asio::error::would_block) {
    error.clear();
    try {
      size = co_await with_deadline(deadline, read_some());
    } catch (const system_error& e) {
      throw_transfer_error(e);
    }
  }
  if (error) throw_transfer_error(system_error(error));
  co_return std::string(buffer_, size);
}

asio::awaitable<void> Connection::write(std::string_view bytes,
                                        Deadline deadline) {
  socket_.non_blocking(true);
  error_code error;
  const std::size_t sent =
      socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != asio::error::would_block)
    throw_transfer_error(system_error(error));
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
    throw_transfer_error(e);
  }
}

void Connection::close() {
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
