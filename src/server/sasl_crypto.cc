#include "server/sasl_crypto.h"

#include <gsasl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace smtpspec::server {

namespace {

const EVP_MD* method_of(Digest digest) {
  switch (digest) {
    case Digest::md5:
      return EVP_md5();
    case Digest::sha1:
      return EVP_sha1();
    case Digest::sha256:
      return EVP_sha256();
  }
  return nullptr;
}

unsigned char* octets_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string of_size(const EVP_MD* method) {
  return std::string(static_cast<std::size_t>(EVP_MD_get_size(method)), '\0');
}

}  // namespace

std::string hash(Digest digest, std::string_view octets) {
  const EVP_MD* method = method_of(digest);
  std::string result = of_size(method);
  if (EVP_Digest(octets.data(), octets.size(), octets_of(result), nullptr,
                 method, nullptr) != 1) {
    throw std::runtime_error("cannot hash");
  }
  return result;
}

std::string hmac(Digest digest, std::string_view key, std::string_view octets) {
  const EVP_MD* method = method_of(digest);
  std::string result = of_size(method);
  if (HMAC(method, key.data(), static_cast<int>(key.size()), octets_of(octets),
           octets.size(), octets_of(result), nullptr) == nullptr) {
    throw std::runtime_error("cannot calculate an HMAC");
  }
  return result;
}

std::string pbkdf2(Digest digest, std::string_view password,
                   std::string_view salt, int iterations) {
  const EVP_MD* method = method_of(digest);
  std::string result = of_size(method);
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        octets_of(salt), static_cast<int>(salt.size()),
                        iterations, method, static_cast<int>(result.size()),
                        octets_of(result)) != 1) {
    throw std::runtime_error("cannot derive a key");
  }
  return result;
}

std::string exclusive_or(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

bool are_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(std::string_view octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    result += digits[octet >> 4];
    result += digits[octet & 15];
  }
  return result;
}

std::string random_octets(std::size_t count) {
  std::string result(count, '\0');
  if (RAND_bytes(octets_of(result), static_cast<int>(count)) != 1)
    throw std::runtime_error("no random octets are to be had");
  return result;
}

std::optional<std::string> saslprep(std::string_view text) {
  // The library takes C strings, and RFC 4013 prohibits NUL.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  char* prepared = nullptr;
  const int outcome = gsasl_saslprep(
      std::string(text).c_str(), GSASL_ALLOW_UNASSIGNED, &prepared, nullptr);
  const std::unique_ptr<char, void (*)(void*)> owner(prepared, std::free);
  if (outcome != GSASL_OK) return std::nullopt;
  return std::string(prepared);
}

}  // namespace smtpspec::server
