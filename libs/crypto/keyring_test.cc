#include "crypto/keyring.h"

#include <catch2/catch.hpp>
#include <string>

#include "support/status_matchers.h"

namespace mediarouter::crypto {
namespace {

using Versions = std::vector<Keyring::Version>;

const std::string kOld(32, 'o');
const std::string kNew(32, 'n');

std::string KeyOf(const absl::StatusOr<Keyring>& keyring, Keyring::Version version,
                  std::string_view purpose = "test") {
  REQUIRE_OK(keyring);
  const auto key = keyring->Key(version, purpose);
  REQUIRE_OK(key);
  return std::string(key->Reveal());
}

TEST_CASE("a plain secret is version 1", "[unit][keyring]") {
  const auto keyring = Keyring::Parse(kOld);
  REQUIRE_OK(keyring);
  CHECK(keyring->newest() == 1);
  CHECK(keyring->versions() == Versions{1});
  CHECK(KeyOf(keyring, 1).size() == 32);
  CHECK_FAILS(keyring->Key(2, "test"), absl::StatusCode::kInternal, "unknown_key_version");
}

TEST_CASE("keys differ by purpose and secret only", "[unit][keyring]") {
  CHECK(KeyOf(Keyring::Parse(kOld), 1) == KeyOf(Keyring::Parse(kOld), 1));
  CHECK(KeyOf(Keyring::Parse(kOld), 1) != KeyOf(Keyring::Parse(kNew), 1));
  CHECK(KeyOf(Keyring::Parse(kOld), 1, "a") != KeyOf(Keyring::Parse(kOld), 1, "b"));
}

TEST_CASE("a rotated setting keeps the key that was", "[unit][keyring]") {
  for (const std::string& setting : {"2:" + kNew + ",1:" + kOld, "1:" + kOld + ",2:" + kNew}) {
    const auto keyring = Keyring::Parse(setting);
    REQUIRE_OK(keyring);
    CHECK(keyring->newest() == 2);
    CHECK(keyring->versions() == Versions{2, 1});
    CHECK(KeyOf(keyring, 1) == KeyOf(Keyring::Parse(kOld), 1));
    CHECK(KeyOf(keyring, 2) == KeyOf(Keyring::Parse("2:" + kNew), 2));
  }
}

TEST_CASE("secrets may hold commas, colons and any language", "[unit][keyring]") {
  const std::string odd = "a,b:c, 12 d" + std::string(32, 'x');
  CHECK(KeyOf(Keyring::Parse("7:" + kNew + ",1:" + odd), 1) == KeyOf(Keyring::Parse(odd), 1));
  std::string greek;
  for (int i = 0; i < 32; ++i) greek += "\u03bb";
  CHECK_OK(Keyring::Parse(greek));
  CHECK_FAILS(Keyring::Parse(greek.substr(2)), absl::StatusCode::kInvalidArgument,
              "invalid_encryption_key");
}

TEST_CASE("bad settings are refused without repeating them", "[unit][keyring]") {
  for (const std::string& setting :
       {std::string(), kOld.substr(1), "1:" + kOld.substr(1), "0:" + kOld, "65536:" + kOld,
        "1:" + kOld + ",1:" + kNew, "2:" + kNew + ",1:short", kOld + "\n", kOld + '\0',
        kOld + "\xff"}) {
    const auto keyring = Keyring::Parse(setting);
    CHECK_FAILS(keyring, absl::StatusCode::kInvalidArgument, "invalid_encryption_key");
    CHECK(base::Message(keyring.status()).find("ooo") == std::string_view::npos);
  }
}

}  // namespace
}  // namespace mediarouter::crypto
