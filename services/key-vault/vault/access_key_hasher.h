#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_string.h"
#include "crypto/keyring.h"

namespace mediarouter::vault {

// HMAC-SHA-256 of access keys under peppers derived from the master keys: the database alone cannot
// even be searched for a guessed key. No slow hash is needed, since keys are 32 random bytes, or 32
// characters that an operator chose. Immutable, so thread-safe.
class AccessKeyHasher {
 public:
  explicit AccessKeyHasher(const crypto::Keyring& keyring);

  crypto::Keyring::Version newest() const { return peppers_.rbegin()->first; }
  std::string Hash(std::string_view access_key) const;  // under the newest pepper

  // Under each pepper: a key that was stored before a rotation is still found.
  std::vector<std::string> AllHashes(std::string_view access_key) const;

 private:
  std::map<crypto::Keyring::Version, base::SecretString> peppers_;
};

}  // namespace mediarouter::vault
