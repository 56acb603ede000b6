#include "vault/barrier.h"

#include <catch2/catch.hpp>
#include <string>

#include "support/status_matchers.h"

namespace mediarouter::vault {
namespace {

constexpr char kOwner[] = "provider_key/7/openai";
constexpr char kSecret[] = "sk-a-secret-of-a-provider";
const std::string kOld(32, 'o');
const std::string kNew(32, 'n');

crypto::Keyring Keys(const std::string& setting) {
  auto keyring = crypto::Keyring::Parse(setting);
  REQUIRE_OK(keyring);
  return *std::move(keyring);
}

TEST_CASE("a sealed secret opens for its owner", "[unit][barrier]") {
  const crypto::Keyring keyring = Keys(kOld);
  const Barrier barrier(keyring);
  const Envelope envelope = barrier.Seal(kSecret, kOwner);
  CHECK(envelope.key_version == 1);
  CHECK(envelope.ciphertext.find(kSecret) == std::string::npos);
  const auto opened = barrier.Open(envelope, kOwner);
  REQUIRE_OK(opened);
  CHECK(opened->Reveal() == kSecret);
}

TEST_CASE("equal secrets share no byte of key or text", "[unit][barrier]") {
  const crypto::Keyring keyring = Keys(kOld);
  const Barrier barrier(keyring);
  const Envelope a = barrier.Seal(kSecret, kOwner);
  const Envelope b = barrier.Seal(kSecret, kOwner);
  CHECK(a.wrapped_data_key != b.wrapped_data_key);
  CHECK(a.ciphertext != b.ciphertext);
}

TEST_CASE("an envelope with any changed byte does not open", "[unit][barrier]") {
  const crypto::Keyring keyring = Keys(kOld);
  const Barrier barrier(keyring);
  const Envelope good = barrier.Seal(kSecret, kOwner);
  std::string Envelope::*const parts[] = {&Envelope::wrapped_data_key, &Envelope::ciphertext};
  for (const auto part : parts) {
    for (std::size_t i = 0; i < (good.*part).size(); ++i) {
      Envelope changed = good;
      (changed.*part)[i] = static_cast<char>((changed.*part)[i] ^ 0x80);
      CHECK_FALSE(barrier.Open(changed, kOwner).ok());
    }
    for (std::size_t size = 0; size < (good.*part).size(); ++size) {
      Envelope shorter = good;
      (shorter.*part).resize(size);
      CHECK_FALSE(barrier.Open(shorter, kOwner).ok());
    }
  }
}

TEST_CASE("an envelope does not open in another row", "[unit][barrier]") {
  const crypto::Keyring keyring = Keys(kOld);
  const Barrier barrier(keyring);
  const Envelope envelope = barrier.Seal(kSecret, kOwner);
  for (const char* owner : {"provider_key/8/openai", "provider_key/7/runway", "webhook/7/openai",
                            "", "\x01provider_key/7/openai"}) {
    CHECK_FAILS(barrier.Open(envelope, owner), absl::StatusCode::kDataLoss, "cannot_decrypt");
  }
}

TEST_CASE("halves of two envelopes do not fit together", "[unit][barrier]") {
  const crypto::Keyring keyring = Keys(kOld);
  const Barrier barrier(keyring);
  Envelope mixed = barrier.Seal(kSecret, kOwner);
  mixed.ciphertext = barrier.Seal(kSecret, kOwner).ciphertext;
  CHECK_FAILS(barrier.Open(mixed, kOwner), absl::StatusCode::kDataLoss, "cannot_decrypt");
}

TEST_CASE("the key version of the row must be the envelope's", "[unit][barrier]") {
  const crypto::Keyring keyring = Keys("2:" + kNew + ",1:" + kOld);
  const Barrier barrier(keyring);
  Envelope envelope = barrier.Seal(kSecret, kOwner);
  envelope.key_version = 1;
  CHECK_FAILS(barrier.Open(envelope, kOwner), absl::StatusCode::kDataLoss, "cannot_decrypt");
}

TEST_CASE("after a rotation old envelopes open and new ones use the new key", "[unit][barrier]") {
  const crypto::Keyring before = Keys(kOld);
  const Envelope old = Barrier(before).Seal(kSecret, kOwner);

  const crypto::Keyring rotated = Keys("2:" + kNew + ",1:" + kOld);
  const Barrier barrier(rotated);
  const auto opened = barrier.Open(old, kOwner);
  REQUIRE_OK(opened);
  CHECK(opened->Reveal() == kSecret);
  const Envelope fresh = barrier.Seal(kSecret, kOwner);
  CHECK(fresh.key_version == 2);
  CHECK_OK(barrier.Open(fresh, kOwner));

  const crypto::Keyring after = Keys("2:" + kNew);
  CHECK_OK(Barrier(after).Open(fresh, kOwner));
  CHECK_FAILS(Barrier(after).Open(old, kOwner), absl::StatusCode::kInternal, "unknown_key_version");
}

TEST_CASE("another master key of the same version does not open it", "[unit][barrier]") {
  const crypto::Keyring ours = Keys(kOld);
  const crypto::Keyring theirs = Keys(kNew);
  CHECK_FAILS(Barrier(theirs).Open(Barrier(ours).Seal(kSecret, kOwner), kOwner),
              absl::StatusCode::kDataLoss, "cannot_decrypt");
}

}  // namespace
}  // namespace mediarouter::vault
