// Mail data out of the octets behind DATA (RFC 5321 section 4.5.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace smtpspec::sink {

/// Octets of a message, as many as are kept.
struct MailData {
  std::string octets;
  bool is_cut = false;  ///< more came

  void add(std::string_view more, std::size_t limit);
};

/// Takes away dot-stuffing and finds the end. Only CRLF begins and ends a line:
/// a bare CR or LF, NUL and octets above 127 are data like any other.
class DotReader {
 public:
  /// Takes octets from `input`, adds what is mail data to `data`, and gives how
  /// many were taken: all, unless is_done().
  std::size_t take(std::string_view input, MailData& data, std::size_t limit);
  /// CRLF . CRLF has been taken; its first CRLF is data.
  bool is_done() const { return state_ == State::done; }

 private:
  /// What came last.
  enum class State { line_start, text, cr, dot, dot_cr, done };
  static State after(char octet) {
    return octet == '\r' ? State::cr : State::text;
  }
  void take_octet(char octet, MailData& data, std::size_t limit);

  State state_ = State::line_start;
};

}  // namespace smtpspec::sink
