#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/secret_string.h"

// AES-256-GCM (NIST SP 800-38D). Pure but for the random nonce, thread-safe.
namespace mediarouter::crypto {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;

// nonce + ciphertext + tag, under a fresh random nonce; `associated` is not stored but must be the
// same when it is opened. A key of kAeadKeyBytes bytes may seal 2^32 texts before nonces may meet.
std::string Seal(std::string_view key, std::string_view plaintext, std::string_view associated);

// The plaintext. DataLoss (`cannot_decrypt`) when key, text or `associated` is another one; the
// error does not tell which.
absl::StatusOr<base::SecretString> Open(std::string_view key, std::string_view sealed,
                                        std::string_view associated);

// Seal with a nonce of the caller's choice, who must never repeat it. For published test vectors.
std::string SealWithNonce(std::string_view key, std::string_view nonce, std::string_view plaintext,
                          std::string_view associated);

}  // namespace mediarouter::crypto
