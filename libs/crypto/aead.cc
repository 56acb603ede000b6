#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "base/id.h"
#include "base/status.h"

namespace mediarouter::crypto {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// A key of the wrong length is a mistake in the code, as is an OpenSSL without AES: neither may end
// in a text that was not encrypted.
void Require(bool done) {
  if (!done) std::abort();
}

Context NewContext() {
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Require(context != nullptr);
  return context;
}

absl::Status CannotDecrypt() { return base::DataLoss("cannot_decrypt", "cannot be decrypted"); }

}  // namespace

std::string Seal(std::string_view key, std::string_view plaintext, std::string_view associated) {
  return SealWithNonce(key, base::RandomBytes(kAeadNonceBytes), plaintext, associated);
}

std::string SealWithNonce(std::string_view key, std::string_view nonce, std::string_view plaintext,
                          std::string_view associated) {
  Require(key.size() == kAeadKeyBytes && nonce.size() == kAeadNonceBytes);
  const Context context = NewContext();
  Require(EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), Bytes(key), Bytes(nonce),
                              nullptr) == 1);
  int size = 0;
  Require(associated.empty() || EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(associated),
                                                  static_cast<int>(associated.size())) == 1);
  std::string sealed(nonce);
  sealed.resize(kAeadNonceBytes + plaintext.size() + kAeadTagBytes);
  unsigned char* const text = Bytes(sealed) + kAeadNonceBytes;
  Require(plaintext.empty() || EVP_EncryptUpdate(context.get(), text, &size, Bytes(plaintext),
                                                 static_cast<int>(plaintext.size())) == 1);
  // GCM is a stream: nothing is left for the last block.
  Require(EVP_EncryptFinal_ex(context.get(), text + plaintext.size(), &size) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                              text + plaintext.size()) == 1);
  return sealed;
}

absl::StatusOr<base::SecretString> Open(std::string_view key, std::string_view sealed,
                                        std::string_view associated) {
  Require(key.size() == kAeadKeyBytes);
  if (sealed.size() < kAeadNonceBytes + kAeadTagBytes) return CannotDecrypt();
  const std::string_view nonce = sealed.substr(0, kAeadNonceBytes);
  std::string tag(sealed.substr(sealed.size() - kAeadTagBytes));
  const std::string_view text =
      sealed.substr(kAeadNonceBytes, sealed.size() - kAeadNonceBytes - kAeadTagBytes);

  const Context context = NewContext();
  Require(EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), Bytes(key), Bytes(nonce),
                              nullptr) == 1);
  int size = 0;
  Require(associated.empty() || EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(associated),
                                                  static_cast<int>(associated.size())) == 1);
  std::string plaintext(text.size(), '\0');
  Require(text.empty() || EVP_DecryptUpdate(context.get(), Bytes(plaintext), &size, Bytes(text),
                                            static_cast<int>(text.size())) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) ==
          1);
  unsigned char none[EVP_MAX_BLOCK_LENGTH];
  base::SecretString opened(std::move(plaintext));  // wiped also when the tag does not match
  if (EVP_DecryptFinal_ex(context.get(), none, &size) != 1) return CannotDecrypt();
  return opened;
}

}  // namespace mediarouter::crypto
