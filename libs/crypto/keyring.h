#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/secret_string.h"

namespace mediarouter::crypto {

// The master keys of a setting like ENCRYPTION_KEY, by version: the newest encrypts, all decrypt.
// None is ever used itself; Key() derives one per purpose. Immutable, so thread-safe.
//
// The setting is either one secret of 32 or more printable characters, which is version 1, or
// several, "2:secret,1:secret" in any order: to rotate, put the new one in front and keep the old.
// A secret may hold commas, as long as none is followed by digits and a colon.
class Keyring {
 public:
  using Version = std::uint16_t;  // from 1

  // InvalidArgument (`invalid_encryption_key`), whose message repeats nothing of the setting.
  static absl::StatusOr<Keyring> Parse(std::string_view setting);

  Version newest() const { return roots_.rbegin()->first; }
  std::vector<Version> versions() const;  // newest first

  // 32 bytes for one purpose. Internal (`unknown_key_version`) when the setting has no such version
  // (any more): what asks for it was stored under it.
  absl::StatusOr<base::SecretString> Key(Version version, std::string_view purpose) const;

 private:
  Keyring() = default;
  absl::Status Add(Version version, std::string_view secret);

  std::map<Version, base::SecretString> roots_;  // never empty once parsed
};

}  // namespace mediarouter::crypto
