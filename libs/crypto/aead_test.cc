#include "crypto/aead.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/strings.h"
#include "support/status_matchers.h"

namespace mediarouter::crypto {
namespace {

using base::HexEncode;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// The 256-bit test cases 13 to 16 of the GCM specification submitted to NIST, 96-bit nonces.
struct Vector {
  std::string_view key, nonce, plaintext, associated, ciphertext, tag;
};
constexpr Vector kVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST_CASE("the GCM specification's vectors seal and open", "[unit][aead]") {
  for (const Vector& vector : kVectors) {
    const std::string sealed = SealWithNonce(FromHex(vector.key), FromHex(vector.nonce),
                                             FromHex(vector.plaintext), FromHex(vector.associated));
    CHECK(HexEncode(sealed) ==
          std::string(vector.nonce) + std::string(vector.ciphertext) + std::string(vector.tag));
    const auto opened = Open(FromHex(vector.key), sealed, FromHex(vector.associated));
    REQUIRE_OK(opened);
    CHECK(HexEncode(opened->Reveal()) == vector.plaintext);
  }
}

TEST_CASE("one text sealed twice looks different", "[unit][aead]") {
  const std::string key(kAeadKeyBytes, 'k');
  CHECK(Seal(key, "text", "row") != Seal(key, "text", "row"));
}

TEST_CASE("what was changed does not open", "[unit][aead]") {
  const std::string key(kAeadKeyBytes, 'k');
  const std::string sealed = Seal(key, "a secret", "row 1");
  const auto code = absl::StatusCode::kDataLoss;

  SECTION("any byte of nonce, ciphertext or tag") {
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      CHECK_FAILS(Open(key, changed, "row 1"), code, "cannot_decrypt");
    }
  }
  SECTION("any shorter text") {
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      CHECK_FAILS(Open(key, sealed.substr(0, size), "row 1"), code, "cannot_decrypt");
    }
  }
  SECTION("the associated data") {
    CHECK_FAILS(Open(key, sealed, "row 2"), code, "cannot_decrypt");
    CHECK_FAILS(Open(key, sealed, ""), code, "cannot_decrypt");
  }
  SECTION("the key") {
    CHECK_FAILS(Open(std::string(kAeadKeyBytes, 'K'), sealed, "row 1"), code, "cannot_decrypt");
  }
}

}  // namespace
}  // namespace mediarouter::crypto
