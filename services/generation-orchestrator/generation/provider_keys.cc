#include "generation/provider_keys.h"

#include "base/status.h"
#include "base/status_macros.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "obs/log.h"
#include "rpc/sync_call.h"

namespace mediarouter::generation {
namespace {

namespace pb = mediarouter::vault::v1;
using Stub = pb::ProviderKeyService::Stub;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kFresh{1};

class VaultProviderKeys final : public ProviderKeys {
 public:
  explicit VaultProviderKeys(std::shared_ptr<grpc::Channel> vault)
      : stub_(pb::ProviderKeyService::NewStub(std::move(vault))) {}

  absl::StatusOr<std::optional<std::int64_t>> Choose(const base::CallContext& context,
                                                     const std::string& provider) override {
    if (const auto key = Kept(provider)) return key;
    // Also when the kept list has none: a key that was added a moment ago must count.
    pb::ListProviderKeysRequest request;
    request.set_provider(provider);
    MR_ASSIGN_OR_RETURN(const auto response,
                        rpc::SyncCall<pb::ListProviderKeysResponse>(*stub_, &Stub::ListProviderKeys,
                                                                    context, request));
    std::vector<std::int64_t> active;
    for (const pb::ProviderKey& key : response.provider_keys()) {
      if (key.status() == pb::PROVIDER_KEY_STATUS_ACTIVE) active.push_back(key.id());
    }
    {
      const std::lock_guard lock(mutex_);
      Known& known = known_[provider];
      known.active = std::move(active);
      known.until = steady_clock::now() + kFresh;
    }
    return Kept(provider);
  }

  void Report(const base::CallContext& context, std::int64_t key, Verdict verdict) override {
    pb::SetProviderKeyStatusRequest request;
    request.set_id(key);
    request.set_status(verdict == Verdict::kInvalid ? pb::PROVIDER_KEY_STATUS_INVALID
                                                    : pb::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED);
    const auto response =
        rpc::SyncCall<pb::ProviderKey>(*stub_, &Stub::SetProviderKeyStatus, context, request);
    obs::Log(obs::Level::kWarn, context, "a provider refused a key",
             {{"provider_key_id", key},
              {"verdict", verdict == Verdict::kInvalid ? "invalid" : "quota_exceeded"},
              {"recorded", response.ok()}});
    const std::lock_guard lock(mutex_);
    known_.clear();
  }

  absl::StatusOr<std::vector<std::int64_t>> Revoked(const base::CallContext& context) override {
    pb::ListProviderKeysRequest request;
    request.set_show_revoked(true);
    MR_ASSIGN_OR_RETURN(const auto response,
                        rpc::SyncCall<pb::ListProviderKeysResponse>(*stub_, &Stub::ListProviderKeys,
                                                                    context, request));
    std::vector<std::int64_t> revoked;
    for (const pb::ProviderKey& key : response.provider_keys()) {
      if (key.status() == pb::PROVIDER_KEY_STATUS_REVOKED) revoked.push_back(key.id());
    }
    return revoked;
  }

  absl::Status Destroy(const base::CallContext& context, std::int64_t key) override {
    pb::DestroyProviderKeySecretRequest request;
    request.set_id(key);
    return rpc::SyncCall<google::protobuf::Empty>(*stub_, &Stub::DestroyProviderKeySecret, context,
                                                  request)
        .status();
  }

 private:
  struct Known {
    std::vector<std::int64_t> active;
    std::size_t turn = 0;
    steady_clock::time_point until;
  };

  std::optional<std::int64_t> Kept(const std::string& provider) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(provider);
    if (found == known_.end()) return std::nullopt;
    Known& known = found->second;
    if (known.active.empty() || steady_clock::now() >= known.until) return std::nullopt;
    return known.active[known.turn++ % known.active.size()];
  }

  std::unique_ptr<Stub> stub_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace

std::unique_ptr<ProviderKeys> MakeVaultProviderKeys(std::shared_ptr<grpc::Channel> vault) {
  return std::make_unique<VaultProviderKeys>(std::move(vault));
}

}  // namespace mediarouter::generation
