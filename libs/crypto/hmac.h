#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Hashes and keys derived by hash. Pure and thread-safe; results are raw bytes unless the name says
// otherwise. None can fail for want of anything but memory: a broken OpenSSL ends the process.
namespace mediarouter::crypto {

std::string Sha256(std::string_view data);
std::string Sha256Hex(std::string_view data);  // lower case

// RFC 2104 with SHA-256: 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view data);

// RFC 5869 with SHA-256 and an empty salt: `bytes` (at most 8160) bound to `label`, so that one
// secret serves several purposes without their keys being related.
std::string HkdfSha256(std::string_view secret, std::string_view label, std::size_t bytes);

// The same with a salt.
std::string HkdfSha256(std::string_view secret, std::string_view salt, std::string_view label,
                       std::size_t bytes);

}  // namespace mediarouter::crypto
