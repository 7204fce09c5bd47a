// For tests: a finding, the input that shows it, and what was seen of it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fuzzing/evidence.h"

namespace smtpspec::fuzzing {

/// A reply of one line, or of several: CRLF is between them.
inline Answer answer(const std::string& verb, const std::string& text,
                     std::size_t unit) {
  smtp::ReplyParser parser;
  parser.feed(text + "\r\n");
  auto reply = std::get<smtp::Reply>(*parser.next());
  return {verb, verb, false, std::move(reply), unit, false};
}

/// A handshake that succeeded.
inline Answer secured(std::size_t unit) {
  return {"TLS", "TLS", false, {}, unit, true};
}

/// What a login came to.
inline Answer logged_in(const std::string& line, const std::string& text,
                        std::size_t unit) {
  Answer result = answer("AUTH", text, unit);
  result.line = line;
  result.is_outcome = true;
  return result;
}

inline Unit line_unit(const std::string& text, bool waits = true) {
  return {Unit::Kind::octets, text + "\r\n", "", false, waits};
}

/// Greeting and EHLO, and what was answered to them.
inline Evidence evidence_of(std::vector<Unit> units,
                            std::vector<Answer> answers) {
  Evidence result;
  result.finding = {"rset-500",     "RSET was answered with 500",
                    "5321-4.1.1.5-b", answers.size() + 1,
                    "250",          "",
                    "",             ""};
  result.variables = {{"client", "client.example"},
                      {"sender", "s@client.example"},
                      {"recipient", "r@example.test"},
                      {"user", "fred"},
                      {"password", "geheim123"},
                      {"token", "t0123"}};
  result.input.units = {line_unit("EHLO ${client}")};
  result.observation.answers = {
      answer("greeting", "220 mx.example.test", 0),
      answer("EHLO", "250-mx.example.test\r\n250 PIPELINING", 0)};
  for (Unit& unit : units) result.input.units.push_back(std::move(unit));
  for (Answer& reply : answers)
    result.observation.answers.push_back(std::move(reply));
  result.observation.unit = result.input.units.size();
  return result;
}

}  // namespace smtpspec::fuzzing
