#include "crypto/keyring.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "crypto/hmac.h"

namespace mediarouter::crypto {
namespace {

constexpr char kReason[] = "invalid_encryption_key";
constexpr char kRootLabel[] = "mediarouter master key 1";
constexpr std::size_t kMinCharacters = 32;
constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kDigits = "0123456789";

// Length of "12:" at the start of `text`, 0 when it starts otherwise.
std::size_t VersionMarkLength(std::string_view text) {
  const auto end = text.find_first_not_of(kDigits);
  return end != 0 && end != std::string_view::npos && text[end] == ':' ? end + 1 : 0;
}

// Where the next version begins after the secret at the start of `text`: at the comma before its
// mark, or at the end.
std::size_t SecretLength(std::string_view text) {
  for (auto at = text.find(','); at != std::string_view::npos; at = text.find(',', at + 1)) {
    if (VersionMarkLength(text.substr(at + 1)) != 0) return at;
  }
  return text.size();
}

bool IsPrintable(std::string_view text) {
  return base::IsCleanUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

}  // namespace

absl::StatusOr<Keyring> Keyring::Parse(std::string_view setting) {
  Keyring keyring;
  std::size_t mark = VersionMarkLength(setting);
  if (mark == 0) {
    MR_RETURN_IF_ERROR(keyring.Add(1, setting));
    return keyring;
  }
  while (true) {
    const auto version = base::ParseInt(setting.substr(0, mark - 1));
    if (!version || *version < 1 || *version > std::numeric_limits<Version>::max()) {
      return base::InvalidArgument(kReason, "a key version is a number from 1 to {}",
                                   std::numeric_limits<Version>::max());
    }
    setting.remove_prefix(mark);
    const std::size_t length = SecretLength(setting);
    MR_RETURN_IF_ERROR(keyring.Add(static_cast<Version>(*version), setting.substr(0, length)));
    if (length == setting.size()) return keyring;
    setting.remove_prefix(length + 1);
    mark = VersionMarkLength(setting);
  }
}

absl::Status Keyring::Add(Version version, std::string_view secret) {
  if (!IsPrintable(secret) || base::CodePoints(secret) < kMinCharacters) {
    return base::InvalidArgument(kReason, "needs {} or more printable characters", kMinCharacters);
  }
  base::SecretString root(HkdfSha256(secret, kRootLabel, kKeyBytes));
  if (!roots_.emplace(version, std::move(root)).second) {
    return base::InvalidArgument(kReason, "names key version {} twice", version);
  }
  return absl::OkStatus();
}

std::vector<Keyring::Version> Keyring::versions() const {
  std::vector<Version> newest_first;
  for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) {
    newest_first.push_back(root->first);
  }
  return newest_first;
}

absl::StatusOr<base::SecretString> Keyring::Key(Version version, std::string_view purpose) const {
  const auto root = roots_.find(version);
  if (root == roots_.end()) {
    return base::Internal("unknown_key_version",
                          "the encryption key of version {} is not configured", version);
  }
  return base::SecretString(HkdfSha256(root->second.Reveal(), purpose, kKeyBytes));
}

}  // namespace mediarouter::crypto
