#include "sink/mail_data.h"

#include <algorithm>

namespace smtpspec::sink {

void MailData::add(std::string_view more, std::size_t limit) {
  const std::size_t room = limit - std::min(limit, octets.size());
  octets.append(more.substr(0, room));
  is_cut = is_cut || more.size() > room;
}

std::size_t DotReader::take(std::string_view input, MailData& data,
                            std::size_t limit) {
  std::size_t taken = 0;
  while (taken < input.size() && !is_done()) {
    if (state_ == State::text) {
      // Nothing but a CR is of interest here.
      const auto run = input.substr(taken, input.find('\r', taken) - taken);
      data.add(run, limit);
      taken += run.size();
      if (taken == input.size()) break;
    }
    take_octet(input[taken++], data, limit);
  }
  return taken;
}

void DotReader::take_octet(char octet, MailData& data, std::size_t limit) {
  if (state_ == State::line_start && octet == '.') {
    state_ = State::dot;
    return;
  }
  if (state_ == State::dot && octet == '\r') {
    state_ = State::dot_cr;
    return;
  }
  if (state_ == State::dot_cr) {
    if (octet == '\n') {
      state_ = State::done;
      return;
    }
    data.add("\r", limit);
  }
  data.add(std::string_view(&octet, 1), limit);
  state_ =
      state_ == State::cr && octet == '\n' ? State::line_start : after(octet);
}

}  // namespace smtpspec::sink
