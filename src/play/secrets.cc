#include "play/secrets.h"

#include "base/base64.h"

namespace smtpspec::play {
namespace {

/// Shorter pieces of base64 would hide what is no secret.
constexpr std::size_t least_base64 = 4;

/// The part of base64 that `secret` alone decides, `before` octets being in
/// front of it in a group of three.
std::string base64_core(const std::string& secret, std::size_t before) {
  const std::string text =
      base::base64_encode(std::string(before, '\0') + secret);
  const std::size_t start = (before * 8 + 5) / 6;
  const std::size_t end = (before + secret.size()) * 8 / 6;
  return end > start ? text.substr(start, end - start) : "";
}

}  // namespace

Secrets::Secrets(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    forms_.push_back(secret);
    for (std::size_t before = 0; before < 3; ++before) {
      std::string core = base64_core(secret, before);
      if (core.size() >= least_base64) forms_.push_back(std::move(core));
    }
  }
}

std::string Secrets::hide(std::string text) const {
  for (const std::string& form : forms_) {
    for (auto at = text.find(form); at != text.npos;
         at = text.find(form, at + form.size())) {
      text.replace(at, form.size(), form.size(), '*');
    }
  }
  return text;
}

void Secrets::hide(smtp::ReplyOrError& reply) const {
  if (forms_.empty()) return;
  if (auto* error = std::get_if<smtp::ReplyError>(&reply)) {
    error->raw = hide(std::move(error->raw));
    return;
  }
  for (smtp::ReplyLine& line : std::get<smtp::Reply>(reply).lines) {
    line.text = hide(std::move(line.text));
    line.raw = hide(std::move(line.raw));
  }
}

}  // namespace smtpspec::play
