#include "smtp/sasl_scram.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/base64.h"
#include "base/text.h"

namespace smtpspec::smtp {
namespace {

constexpr std::string_view scram_twists[] = {
    "wrong proof",       "wrong nonce",       "wrong binding",
    "binding y",         "unknown extension", "mandatory extension",
    "unknown binding",   "unknown flag",      "bare equals",
    "foreign authzid",   "made-up binding"};

const EVP_MD* digest_of(std::string_view mechanism) {
  return mechanism.find("SHA-256") != mechanism.npos ? EVP_sha256()
                                                     : EVP_sha1();
}

std::string hmac(const EVP_MD* digest, const std::string& key,
                 std::string_view text) {
  unsigned char octets[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), octets,
       &size);
  return std::string(reinterpret_cast<char*>(octets), size);
}

std::string hash(const EVP_MD* digest, const std::string& text) {
  unsigned char octets[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), octets, &size, digest, nullptr);
  return std::string(reinterpret_cast<char*>(octets), size);
}

/// The value of attribute `name` in "r=...,s=...,i=...".
std::string attribute(std::string_view message, char name) {
  for (const std::string_view part : base::split(message, ',')) {
    if (part.size() > 1 && part[0] == name && part[1] == '=')
      return std::string(part.substr(2));
  }
  return "";
}

/// RFC 5802 section 3: base64 of ClientKey XOR ClientSignature.
std::string proof_of(const ScramExchange& exchange,
                     const std::string& auth_message) {
  const EVP_MD* digest = digest_of(exchange.mechanism);
  const std::string salt =
      base::base64_decode(attribute(exchange.server_first, 's')).value_or("");
  int iterations = 1;
  const std::string count = attribute(exchange.server_first, 'i');
  std::from_chars(count.data(), count.data() + count.size(), iterations);
  std::string salted(static_cast<std::size_t>(EVP_MD_get_size(digest)), '\0');
  PKCS5_PBKDF2_HMAC(exchange.password.data(),
                    static_cast<int>(exchange.password.size()),
                    reinterpret_cast<const unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()), iterations, digest,
                    static_cast<int>(salted.size()),
                    reinterpret_cast<unsigned char*>(salted.data()));
  std::string key = hmac(digest, salted, "Client Key");
  const std::string signature = hmac(digest, hash(digest, key), auth_message);
  std::transform(key.begin(), key.end(), signature.begin(), key.begin(),
                 [](char a, char b) { return static_cast<char>(a ^ b); });
  return base::base64_encode(key);
}

/// "n,,n=user,r=nonce": the header ends behind the second comma.
std::size_t header_size(std::string_view first) {
  return first.find(',', first.find(',') + 1) + 1;
}

/// Another octet of the same alphabet.
void change_last(std::string& text) {
  text.back() = text.back() == 'A' ? 'B' : 'A';
}

}  // namespace

bool is_scram_twist(std::string_view twist) {
  return std::find(std::begin(scram_twists), std::end(scram_twists), twist) !=
         std::end(scram_twists);
}

std::string spoil_scram_first(std::string message, std::string_view twist) {
  if (twist == "binding y") {
    message.replace(0, message.find(','), "y");
  } else if (twist == "unknown flag") {
    message.replace(0, message.find(','), "x");
  } else if (twist == "bare equals") {
    message.insert(message.find(",r="), "=");
  } else if (twist == "unknown binding") {
    message.replace(0, message.find(','), "p=x-no-such-binding");
  } else if (twist == "mandatory extension") {
    message.insert(header_size(message), "m=x-no-such-extension,");
  } else if (twist == "unknown extension") {
    message += ",x=ignored";
  }
  return message;
}

std::string spoil_scram_final(const ScramExchange& exchange,
                              const std::string& right,
                              std::string_view twist) {
  const std::string header =
      exchange.first.substr(0, header_size(exchange.first));
  std::string binding = attribute(right, 'c');
  std::string nonce = attribute(exchange.server_first, 'r');
  if (twist == "binding y" || twist == "unknown flag")
    binding = base::base64_encode(header);
  if (twist == "unknown binding") {
    // The header as sent, and the octets of the type that the library took.
    const auto octets = base::base64_decode(binding).value_or("");
    binding = base::base64_encode(header + octets.substr(header_size(octets)));
  }
  if (twist == "wrong binding") {
    auto octets = base::base64_decode(binding).value_or("");
    octets += octets.empty() ? "n,," : "x";
    binding = base::base64_encode(octets);
  }
  if (twist == "wrong nonce") change_last(nonce);
  const std::string without_proof = "c=" + binding + ",r=" + nonce;
  std::string proof =
      proof_of(exchange, exchange.first.substr(header.size()) + "," +
                             exchange.server_first + "," + without_proof);
  if (twist == "wrong proof") proof[0] = proof[0] == 'A' ? 'B' : 'A';
  return without_proof + ",p=" + proof;
}

}  // namespace smtpspec::smtp
