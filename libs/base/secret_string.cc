#include "base/secret_string.h"

#include <openssl/crypto.h>

#include <utility>

namespace mediarouter::base {

SecretString::SecretString(std::string value) : value_(std::move(value)) {
  // A short string was copied, not moved.
  OPENSSL_cleanse(value.data(), value.capacity());
}

SecretString::SecretString(SecretString&& other) noexcept : value_(std::move(other.value_)) {
  other.Wipe();
}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this != &other) {
    Wipe();
    value_ = std::move(other.value_);
    other.Wipe();
  }
  return *this;
}

SecretString::~SecretString() { Wipe(); }

void SecretString::Wipe() noexcept {
  // Short strings live inside the object itself: capacity() covers both places.
  OPENSSL_cleanse(value_.data(), value_.capacity());
  value_.clear();
}

}  // namespace mediarouter::base
