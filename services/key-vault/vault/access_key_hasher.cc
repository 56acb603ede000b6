#include "vault/access_key_hasher.h"

#include <utility>

#include "crypto/hmac.h"

namespace mediarouter::vault {
namespace {

constexpr char kPurpose[] = "key-vault access key pepper 1";

}  // namespace

AccessKeyHasher::AccessKeyHasher(const crypto::Keyring& keyring) {
  for (const crypto::Keyring::Version version : keyring.versions()) {
    peppers_.emplace(version, *keyring.Key(version, kPurpose));  // a version it named itself
  }
}

std::string AccessKeyHasher::Hash(std::string_view access_key) const {
  return crypto::HmacSha256(peppers_.rbegin()->second.Reveal(), access_key);
}

std::vector<std::string> AccessKeyHasher::AllHashes(std::string_view access_key) const {
  std::vector<std::string> hashes;
  for (const auto& [version, pepper] : peppers_) {
    hashes.push_back(crypto::HmacSha256(pepper.Reveal(), access_key));
  }
  return hashes;
}

}  // namespace mediarouter::vault
