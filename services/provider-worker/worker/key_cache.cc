#include "worker/key_cache.h"

#include "base/status.h"
#include "rpc/awaitable_call.h"

namespace mediarouter::worker {
namespace {

using VaultCalls = class vault::v1::ProviderKeyService::Stub::async;

constexpr auto kLongestHold = std::chrono::minutes(5);
// Time enough for a request that begins with the key to have been built.
constexpr auto kFreshFor = kLongestHold - std::chrono::seconds(20);
constexpr milliseconds kEvictEvery{10'000};
constexpr milliseconds kCallBudget{10'000};

}  // namespace

KeyCache::KeyCache(const boost::asio::any_io_executor& executor,
                   const std::shared_ptr<grpc::Channel>& vault, std::string holder)
    : executor_(executor),
      vault_(vault::v1::ProviderKeyService::NewStub(vault)),
      holder_(std::move(holder)),
      timer_(executor) {}

awaitable<absl::StatusOr<KeyCache::Secret>> KeyCache::Get(std::int64_t id) {
  std::shared_ptr<Entry>& slot = entries_[id];
  if (!slot) slot = std::make_shared<Entry>(executor_);
  const std::shared_ptr<Entry> entry = slot;
  if (entry->secret && Clock::now() - entry->fetched_at < kFreshFor) co_return entry->secret;
  if (entry->fetching) {
    co_await entry->fetched.Wait();
  } else {
    co_await Fetch(id, entry);
  }
  if (!entry->error.ok()) co_return entry->error;
  // Null when the wait was broken off.
  if (!entry->secret) co_return base::Unavailable("vault_unavailable", "no answer from the vault");
  co_return entry->secret;
}

awaitable<void> KeyCache::Fetch(std::int64_t id, std::shared_ptr<Entry> entry) {
  vault::v1::AccessProviderKeyRequest request;
  request.set_id(id);
  request.set_purpose("generate");
  request.set_holder(holder_);
  entry->fetching = true;
  const auto asked_at = Clock::now();
  auto response = co_await rpc::Call<vault::v1::AccessProviderKeyResponse>(
      vault_->async(), &VaultCalls::AccessProviderKey,
      base::CallContext::Background(holder_, kCallBudget), std::move(request));
  entry->fetching = false;
  entry->error = response.status();
  entry->secret = nullptr;
  if (response.ok()) {
    entry->secret = std::make_shared<const base::SecretString>(
        base::SecretString(std::move(*response->mutable_secret())));
    entry->fetched_at = asked_at;
  }
  entry->fetched.Notify();
}

awaitable<void> KeyCache::Run() {
  while (!stopping_) {
    timer_.expires_after(kEvictEvery);
    co_await timer_.async_wait(kTuple);
    std::erase_if(entries_, [](const auto& entry) {
      return !entry.second->fetching && Clock::now() - entry.second->fetched_at >= kFreshFor;
    });
  }
}

void KeyCache::Stop() {
  stopping_ = true;
  timer_.cancel();
}

}  // namespace mediarouter::worker
