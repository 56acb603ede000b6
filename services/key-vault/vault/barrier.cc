#include "vault/barrier.h"

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "crypto/aead.h"

namespace mediarouter::vault {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kWrapHeaderBytes = 3;
constexpr std::size_t kTextHeaderBytes = 1;
constexpr char kWrapPurpose[] = "key-vault data key wrapping 1";

std::string WrapHeader(crypto::Keyring::Version version) {
  return {kFormat, static_cast<char>(version >> 8), static_cast<char>(version & 0xff)};
}

crypto::Keyring::Version VersionOf(std::string_view header) {
  return static_cast<crypto::Keyring::Version>(static_cast<unsigned char>(header[1]) << 8 |
                                               static_cast<unsigned char>(header[2]));
}

// The headers are authenticated too. They have fixed lengths and each kind its own key, so that no
// two combinations give the same text.
std::string Associated(std::string_view header, std::string_view owner) {
  return std::string(header).append(owner);
}

}  // namespace

Envelope Barrier::Seal(std::string_view secret, std::string_view owner) const {
  const crypto::Keyring::Version version = keyring_.newest();
  const auto wrapping_key = keyring_.Key(version, kWrapPurpose);  // the newest is always there
  const base::SecretString data_key(base::RandomBytes(crypto::kAeadKeyBytes));
  const std::string wrap_header = WrapHeader(version);
  const std::string text_header(1, kFormat);
  return {.wrapped_data_key = wrap_header + crypto::Seal(wrapping_key->Reveal(), data_key.Reveal(),
                                                         Associated(wrap_header, owner)),
          .ciphertext =
              text_header + crypto::Seal(data_key.Reveal(), secret, Associated(text_header, owner)),
          .key_version = version};
}

absl::StatusOr<base::SecretString> Barrier::Open(const Envelope& envelope,
                                                 std::string_view owner) const {
  const std::string_view wrapped = envelope.wrapped_data_key;
  const std::string_view text = envelope.ciphertext;
  if (wrapped.size() < kWrapHeaderBytes || text.size() < kTextHeaderBytes ||
      wrapped[0] != kFormat || text[0] != kFormat || VersionOf(wrapped) != envelope.key_version) {
    return base::DataLoss("cannot_decrypt", "not an envelope of a known format");
  }
  MR_ASSIGN_OR_RETURN(const base::SecretString wrapping_key,
                      keyring_.Key(VersionOf(wrapped), kWrapPurpose));
  MR_ASSIGN_OR_RETURN(const base::SecretString data_key,
                      crypto::Open(wrapping_key.Reveal(), wrapped.substr(kWrapHeaderBytes),
                                   Associated(wrapped.substr(0, kWrapHeaderBytes), owner)));
  if (data_key.Reveal().size() != crypto::kAeadKeyBytes) {
    return base::DataLoss("cannot_decrypt", "the data key has a wrong length");
  }
  return crypto::Open(data_key.Reveal(), text.substr(kTextHeaderBytes),
                      Associated(text.substr(0, kTextHeaderBytes), owner));
}

}  // namespace mediarouter::vault
