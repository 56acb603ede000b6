#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "base/secret_string.h"
#include "crypto/keyring.h"

namespace mediarouter::vault {

// One secret as the database keeps it. All of it may be known to a thief of the database.
struct Envelope {
  // format, 1 byte | version of the master key, 2 bytes, big-endian | the data key, sealed
  std::string wrapped_data_key;
  // format, 1 byte | the secret, sealed under the data key
  std::string ciphertext;
  // As in wrapped_data_key, for indexes and for rotation.
  crypto::Keyring::Version key_version;
};

// The only place where secrets turn into ciphertext and back; below it nothing knows a plaintext.
// Each secret has a random data key, wrapped by a key derived from the newest master key, so that a
// rotation rewraps 32 bytes a secret. Both seals are bound to `owner`, which names the row
// ("provider_key/7/openai"): an envelope that was copied into another row does not open.
// Thread-safe.
class Barrier {
 public:
  explicit Barrier(const crypto::Keyring& keyring) : keyring_(keyring) {}

  Envelope Seal(std::string_view secret, std::string_view owner) const;

  // DataLoss (`cannot_decrypt`) when the envelope was changed, moved or made under another master
  // key; Internal (`unknown_key_version`) when its master key is not configured.
  absl::StatusOr<base::SecretString> Open(const Envelope& envelope, std::string_view owner) const;

 private:
  const crypto::Keyring& keyring_;
};

}  // namespace mediarouter::vault
