#include "gateway/auth.h"

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "crypto/hmac.h"

namespace mediarouter::gateway {
namespace {

constexpr std::chrono::seconds kTrust{1};
constexpr std::size_t kMaxKnown = 10'000;
constexpr std::size_t kMaxKeyBytes = 512;
constexpr std::string_view kScheme = "bearer ";

}  // namespace

Authenticator::Authenticator(Backends& backends, const base::Clock& clock)
    : backends_(backends), clock_(clock) {}

bool Authenticator::HasCredentials(const http::Request& request) {
  return request.headers.Get("authorization").has_value();
}

boost::asio::awaitable<absl::Status> Authenticator::Authenticate(http::Request& request) {
  const std::string_view header = request.headers.GetOr("authorization", "");
  if (base::ToLower(header.substr(0, kScheme.size())) != kScheme) {
    co_return base::Unauthenticated("invalid_api_key",
                                    "an access key is needed: send it as 'Authorization: Bearer "
                                    "KEY'");
  }
  const std::string key(base::Trim(header.substr(kScheme.size())));
  const bool possible =
      !key.empty() && key.size() <= kMaxKeyBytes &&
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!possible) {
    co_return base::Unauthenticated("invalid_api_key",
                                    "the access key must be 1 to {} printable ASCII characters",
                                    kMaxKeyBytes);
  }
  const std::string digest = crypto::Sha256(key);
  if (Recall(digest, request.context.principal)) co_return absl::OkStatus();
  const base::Clock::SteadyTime asked = clock_.Steady();
  const auto answer = co_await backends_.AuthenticateAccessKey(request.context, key);
  if (!answer.ok()) co_return answer.status();
  request.context.principal = {answer->principal().project_id(),
                               answer->principal().access_key_id(),
                               static_cast<base::Role>(answer->principal().role())};
  Remember(digest, request.context.principal, asked);
  co_return absl::OkStatus();
}

bool Authenticator::Recall(const std::string& digest, base::Principal& principal) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(digest);
  if (found == known_.end() || found->second.expires <= clock_.Steady()) return false;
  principal = found->second.principal;
  return true;
}

void Authenticator::Remember(const std::string& digest, const base::Principal& principal,
                             base::Clock::SteadyTime asked) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKnown) {
    std::erase_if(
        known_, [now = clock_.Steady()](const auto& entry) { return entry.second.expires <= now; });
    if (known_.size() >= kMaxKnown) return;
  }
  known_[digest] = {principal, asked + kTrust};
}

}  // namespace mediarouter::gateway
