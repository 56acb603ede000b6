#include "gateway/signed_link.h"

#include <fmt/format.h>

#include "base/status.h"
#include "base/strings.h"
#include "crypto/hmac.h"

namespace mediarouter::gateway {
namespace {

constexpr char kLabel[] = "mediarouter signed link v1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::int64_t kHour = 3600;

std::int64_t Seconds(base::Clock::SystemTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

SignedLinks::SignedLinks(const base::SecretString& secret, std::string public_url,
                         const base::Clock& clock)
    : key_(crypto::HkdfSha256(secret.Reveal(), kLabel, kKeyBytes)),
      public_url_(std::move(public_url)),
      clock_(clock) {}

std::int64_t SignedLinks::Expiry() const {
  return Seconds(clock_.Now()) / kHour * kHour + 2 * kHour;
}

std::string SignedLinks::UrlOf(std::string_view generation_id) const {
  const std::string expires = std::to_string(Expiry());
  return fmt::format("{}/videos/{}.mp4?expires={}&signature={}", public_url_, generation_id,
                     expires, Sign(generation_id, expires));
}

absl::Status SignedLinks::Check(std::string_view generation_id, std::string_view expires,
                                std::string_view signature) const {
  if (!base::ConstantTimeEqual(signature, Sign(generation_id, expires))) {
    return base::PermissionDenied("invalid_signature",
                                  "this link was not signed by this gateway; ask for the "
                                  "generation again to get a fresh one");
  }
  const auto end = base::ParseInt(expires);
  if (!end || *end <= Seconds(clock_.Now())) {
    return base::PermissionDenied(
        "expired_link", "this link has expired; ask for the generation again to get a fresh one");
  }
  return absl::OkStatus();
}

std::string SignedLinks::Sign(std::string_view generation_id, std::string_view expires) const {
  return base::Base64UrlEncode(
      crypto::HmacSha256(key_.Reveal(), fmt::format("{}\n{}", generation_id, expires)));
}

}  // namespace mediarouter::gateway
