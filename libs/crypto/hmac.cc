#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

#include "base/strings.h"

namespace mediarouter::crypto {
namespace {

constexpr std::size_t kHashBytes = 32;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Going on with a hash that was not computed would be worse than any crash.
void Require(bool done) {
  if (!done) std::abort();
}

OSSL_PARAM Octets(const char* name, std::string_view value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
}

}  // namespace

std::string Sha256(std::string_view data) {
  std::string hash(kHashBytes, '\0');
  unsigned int size = 0;
  Require(EVP_Digest(data.data(), data.size(), Bytes(hash), &size, EVP_sha256(), nullptr) == 1);
  return hash;
}

std::string Sha256Hex(std::string_view data) { return base::HexEncode(Sha256(data)); }

std::string HmacSha256(std::string_view key, std::string_view data) {
  std::string mac(kHashBytes, '\0');
  unsigned int size = 0;
  // A null key means "the one of before" to OpenSSL.
  const char* key_data = key.data() == nullptr ? "" : key.data();
  Require(HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()), Bytes(data), data.size(),
               Bytes(mac), &size) != nullptr);
  return mac;
}

std::string HkdfSha256(std::string_view secret, std::string_view label, std::size_t bytes) {
  return HkdfSha256(secret, "", label, bytes);
}

std::string HkdfSha256(std::string_view secret, std::string_view salt, std::string_view label,
                       std::size_t bytes) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr), EVP_KDF_free);
  Require(kdf != nullptr);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
  Require(context != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      Octets(OSSL_KDF_PARAM_KEY, secret), Octets(OSSL_KDF_PARAM_SALT, salt),
      Octets(OSSL_KDF_PARAM_INFO, label), OSSL_PARAM_construct_end()};
  std::string key(bytes, '\0');
  Require(EVP_KDF_derive(context.get(), Bytes(key), key.size(), parameters) == 1);
  return key;
}

}  // namespace mediarouter::crypto
