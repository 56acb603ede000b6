#include "crypto/hmac.h"

#include <catch2/catch.hpp>

#include "base/strings.h"

namespace mediarouter::crypto {
namespace {

using base::HexEncode;

std::string Repeat(char byte, std::size_t count) { return std::string(count, byte); }

std::string Range(int first, int last) {
  std::string bytes;
  for (int value = first; value <= last; ++value) bytes += static_cast<char>(value);
  return bytes;
}

TEST_CASE("SHA-256 of FIPS 180-4's examples", "[unit][hmac]") {
  CHECK(Sha256Hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(Sha256Hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(HexEncode(Sha256("abc")) == Sha256Hex("abc"));
}

TEST_CASE("HMAC-SHA-256 of RFC 4231", "[unit][hmac]") {
  CHECK(HexEncode(HmacSha256(Repeat('\x0b', 20), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(HexEncode(HmacSha256(Repeat('\xaa', 20), Repeat('\xdd', 50))) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(HexEncode(HmacSha256(Range(1, 25), Repeat('\xcd', 50))) ==
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK(HexEncode(HmacSha256(Repeat('\xaa', 131),
                             "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HMAC takes an empty key", "[unit][hmac]") {
  CHECK(HmacSha256({}, "a") == HmacSha256("", "a"));
  CHECK(HmacSha256("", "a") != HmacSha256("", "b"));
}

TEST_CASE("HKDF-SHA-256 of RFC 5869", "[unit][hmac]") {
  CHECK(HexEncode(HkdfSha256(Repeat('\x0b', 22), Range(0x00, 0x0c), Range(0xf0, 0xf9), 42)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(
      HexEncode(HkdfSha256(Range(0x00, 0x4f), Range(0x60, 0xaf), Range(0xb0, 0xff), 82)) ==
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e59"
      "0e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  CHECK(HexEncode(HkdfSha256(Repeat('\x0b', 22), "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("labels give unrelated keys", "[unit][hmac]") {
  CHECK(HkdfSha256("secret", "a", 32) != HkdfSha256("secret", "b", 32));
  CHECK(HkdfSha256("secret", "a", 32).size() == 32);
}

}  // namespace
}  // namespace mediarouter::crypto
