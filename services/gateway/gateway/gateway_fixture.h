#pragma once

#include <fmt/format.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/strings.h"
#include "gateway/app.h"
#include "mediarouter/generation/v1/catalog_service.grpc.pb.h"
#include "mediarouter/generation/v1/generation_service.grpc.pb.h"
#include "mediarouter/media/v1/media_service.grpc.pb.h"
#include "mediarouter/vault/v1/access_key_service.grpc.pb.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "mediarouter/worker/v1/provider_service.grpc.pb.h"
#include "rpc/context.h"
#include "rpc/status.h"
#include "support/raw_http.h"
#include "support/status_matchers.h"

// The gateway over HTTP, before services that play back what a test puts into them.
namespace mediarouter::gateway {

inline constexpr char kAdminKey[] = "admin-key-0123456789abcdef0123456789";
inline constexpr char kMemberKey[] = "member-key-0123456789abcdef012345678";
inline constexpr char kSecretKey[] = "secret-key-0123456789abcdef012345678";

// Per call, whether a test wants it to fail: takes the name of the method.
class Script {
 public:
  void FailNext(const std::string& method, absl::Status status, int times = 1) {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < times; ++i) failures_[method].push_back(status);
  }
  // Notes the call and its principal; the failure if one is due.
  absl::Status Begin(const std::string& method, const grpc::ServerContext& context) {
    const std::lock_guard lock(mutex_);
    ++calls_[method];
    last_context_ = rpc::FromServerContext(context);
    last_context_.cancelled = nullptr;
    auto& due = failures_[method];
    if (due.empty()) return absl::OkStatus();
    const absl::Status status = due.front();
    due.erase(due.begin());
    return status;
  }
  int Calls(const std::string& method) {
    const std::lock_guard lock(mutex_);
    return calls_[method];
  }
  base::CallContext LastContext() {
    const std::lock_guard lock(mutex_);
    return last_context_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<absl::Status>> failures_;
  std::map<std::string, int> calls_;
  base::CallContext last_context_;
};

#define MR_BEGIN(method)                                     \
  do {                                                       \
    const absl::Status due = script.Begin(method, *context); \
    if (!due.ok()) return rpc::ToGrpc(due);                  \
  } while (false)

struct FakeGenerations final : generation::v1::GenerationService::Service {
  using Context = grpc::ServerContext*;
  Script script;
  std::map<std::string, generation::v1::Generation> all;
  generation::v1::ListGenerationsRequest last_list;
  std::string next_page_token;

  grpc::Status CreateGeneration(Context context, const generation::v1::CreateGenerationRequest* r,
                                generation::v1::Generation* out) override {
    auto [entry, added] = all.emplace(r->generation().id(), r->generation());
    if (added) {
      entry->second.set_state(generation::v1::GENERATION_STATE_QUEUED);
      entry->second.set_provider("demo");
      entry->second.mutable_create_time()->set_seconds(1'800'000'000);
    }
    MR_BEGIN("CreateGeneration");  // after the insert: a failure here is a lost answer
    *out = entry->second;
    return grpc::Status::OK;
  }
  grpc::Status GetGeneration(Context context, const generation::v1::GetGenerationRequest* r,
                             generation::v1::Generation* out) override {
    MR_BEGIN("GetGeneration");
    const auto found = all.find(r->id());
    if (found == all.end()) {
      return rpc::ToGrpc(base::NotFound("generation_not_found", "no generation {}", r->id()));
    }
    *out = found->second;
    return grpc::Status::OK;
  }
  grpc::Status ListGenerations(Context context, const generation::v1::ListGenerationsRequest* r,
                               generation::v1::ListGenerationsResponse* out) override {
    MR_BEGIN("ListGenerations");
    last_list = *r;
    for (const auto& [id, generation] : all) *out->add_generations() = generation;
    out->set_next_page_token(next_page_token);
    return grpc::Status::OK;
  }
  grpc::Status CancelGeneration(Context context, const generation::v1::CancelGenerationRequest* r,
                                generation::v1::Generation* out) override {
    MR_BEGIN("CancelGeneration");
    all[r->id()].set_state(generation::v1::GENERATION_STATE_CANCELLED);
    *out = all[r->id()];
    return grpc::Status::OK;
  }
  grpc::Status DeleteGeneration(Context context, const generation::v1::DeleteGenerationRequest* r,
                                google::protobuf::Empty*) override {
    MR_BEGIN("DeleteGeneration");
    if (all.erase(r->id()) > 0) return grpc::Status::OK;
    return rpc::ToGrpc(base::NotFound("generation_not_found", "no generation {}", r->id()));
  }
};

struct FakeCatalog final : generation::v1::CatalogService::Service {
  Script script;
  generation::v1::ListProvidersResponse providers;
  generation::v1::EstimateCostResponse estimate;

  grpc::Status ListProviders(grpc::ServerContext* context,
                             const generation::v1::ListProvidersRequest*,
                             generation::v1::ListProvidersResponse* out) override {
    MR_BEGIN("ListProviders");
    *out = providers;
    return grpc::Status::OK;
  }
  grpc::Status EstimateCost(grpc::ServerContext* context,
                            const generation::v1::EstimateCostRequest*,
                            generation::v1::EstimateCostResponse* out) override {
    MR_BEGIN("EstimateCost");
    *out = estimate;
    return grpc::Status::OK;
  }
};

struct FakeAccessKeys final : vault::v1::AccessKeyService::Service {
  Script script;

  grpc::Status AuthenticateAccessKey(grpc::ServerContext* context,
                                     const vault::v1::AuthenticateAccessKeyRequest* r,
                                     vault::v1::AuthenticateAccessKeyResponse* out) override {
    MR_BEGIN("AuthenticateAccessKey");
    const bool admin = r->access_key() == kAdminKey;
    if (!admin && r->access_key() != kMemberKey) {
      return rpc::ToGrpc(base::Unauthenticated("invalid_api_key", "unknown key"));
    }
    out->mutable_principal()->set_project_id(admin ? "prj_default" : "prj_member");
    out->mutable_principal()->set_access_key_id("key_1");
    out->mutable_principal()->set_role(admin ? common::v1::ROLE_ADMIN : common::v1::ROLE_MEMBER);
    return grpc::Status::OK;
  }
};

struct FakeProviderKeys final : vault::v1::ProviderKeyService::Service {
  using Context = grpc::ServerContext*;
  Script script;
  std::map<std::int64_t, vault::v1::ProviderKey> all;
  std::string last_secret;

  grpc::Status CreateProviderKey(Context context, const vault::v1::CreateProviderKeyRequest* r,
                                 vault::v1::ProviderKey* out) override {
    MR_BEGIN("CreateProviderKey");
    vault::v1::ProviderKey& key = all[static_cast<std::int64_t>(all.size()) + 1];
    key.set_id(static_cast<std::int64_t>(all.size()));
    key.set_provider(r->provider());
    key.set_name(r->name());
    key.set_status(vault::v1::PROVIDER_KEY_STATUS_ACTIVE);
    key.set_preview("sk-..." + r->secret().substr(r->secret().size() - 4));
    key.mutable_create_time()->set_seconds(1'800'000'000);
    last_secret = r->secret();
    *out = key;
    return grpc::Status::OK;
  }
  grpc::Status GetProviderKey(Context context, const vault::v1::GetProviderKeyRequest* r,
                              vault::v1::ProviderKey* out) override {
    MR_BEGIN("GetProviderKey");
    if (!all.contains(r->id())) return NoKey();
    *out = all[r->id()];
    return grpc::Status::OK;
  }
  grpc::Status ListProviderKeys(Context context, const vault::v1::ListProviderKeysRequest* r,
                                vault::v1::ListProviderKeysResponse* out) override {
    MR_BEGIN("ListProviderKeys");
    // Two pages, whatever was asked for.
    for (const auto& [id, key] : all) {
      if ((id == 1) == r->page_token().empty()) *out->add_provider_keys() = key;
    }
    if (r->page_token().empty() && all.size() > 1) out->set_next_page_token("2");
    return grpc::Status::OK;
  }
  grpc::Status SetProviderKeyStatus(Context context,
                                    const vault::v1::SetProviderKeyStatusRequest* r,
                                    vault::v1::ProviderKey* out) override {
    MR_BEGIN("SetProviderKeyStatus");
    all[r->id()].set_status(r->status());
    *out = all[r->id()];
    return grpc::Status::OK;
  }
  grpc::Status DeleteProviderKey(Context context, const vault::v1::DeleteProviderKeyRequest* r,
                                 google::protobuf::Empty*) override {
    MR_BEGIN("DeleteProviderKey");
    return all.erase(r->id()) > 0 ? grpc::Status::OK : NoKey();
  }

 private:
  static grpc::Status NoKey() {
    return rpc::ToGrpc(base::NotFound("key_not_found", "no such key"));
  }
};

struct FakeProviders final : worker::v1::ProviderService::Service {
  Script script;
  worker::v1::ValidateProviderKeyResponse verdict;

  grpc::Status ValidateProviderKey(grpc::ServerContext* context,
                                   const worker::v1::ValidateProviderKeyRequest*,
                                   worker::v1::ValidateProviderKeyResponse* out) override {
    MR_BEGIN("ValidateProviderKey");
    *out = verdict;
    return grpc::Status::OK;
  }
};

struct FakeMedia final : media::v1::MediaService::Service {
  Script script;
  std::map<std::string, media::v1::Asset> all;
  std::string bytes;

  grpc::Status GetAsset(grpc::ServerContext* context, const media::v1::GetAssetRequest* r,
                        media::v1::Asset* out) override {
    MR_BEGIN("GetAsset");
    if (!all.contains(r->id())) return rpc::ToGrpc(base::NotFound("asset_not_found", "no asset"));
    *out = all[r->id()];
    return grpc::Status::OK;
  }
  grpc::Status ReadAsset(grpc::ServerContext* context, const media::v1::ReadAssetRequest* r,
                         grpc::ServerWriter<media::v1::ReadAssetResponse>* writer) override {
    MR_BEGIN("ReadAsset");
    const auto end = static_cast<std::size_t>(r->offset() + r->length());
    for (auto at = static_cast<std::size_t>(r->offset()); at < end;) {
      const std::size_t size = std::min<std::size_t>(end - at, 100'000);
      media::v1::ReadAssetResponse piece;
      piece.set_chunk(bytes.substr(at, size));
      if (!writer->Write(piece)) break;
      at += size;
    }
    return grpc::Status::OK;
  }
};

#undef MR_BEGIN

struct Sent {
  std::string key = kAdminKey;  // "": none
  std::string body;
  std::string headers = "content-type: application/json\r\n";
};

class GatewayFixture {
 public:
  explicit GatewayFixture(std::function<void(Config&)> change = nullptr) {
    grpc::ServerBuilder builder;
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{
             &generations, &catalog, &access_keys, &provider_keys, &providers, &media}) {
      builder.RegisterService(service);
    }
    grpc_ = builder.BuildAndStart();
    const std::shared_ptr<grpc::Channel> channel = grpc_->InProcessChannel({});
    Config config;
    config.secret_key = base::SecretString(kSecretKey);
    config.cors_origins = {"http://localhost:3000"};
    if (change) change(config);
    auto started = App::Start(config, {channel, channel, channel, channel});
    REQUIRE_OK(started);
    app = *std::move(started);

    auto* provider = catalog.providers.add_providers();
    provider->set_name("demo");
    provider->set_display_name("Demo (simulated)");
    provider->set_simulated(true);
  }
  ~GatewayFixture() {
    app->Stop(std::chrono::milliseconds(0));
    grpc_->Shutdown(std::chrono::system_clock::now());
  }

  testing::HttpAnswer Call(const std::string& method, const std::string& target,
                           const Sent& sent = {}) {
    testing::RawHttp client(app->port());
    const std::string authorization =
        sent.key.empty() ? "" : fmt::format("authorization: Bearer {}\r\n", sent.key);
    return client.Exchange(
        fmt::format("{} {} HTTP/1.1\r\nhost: x\r\n{}{}content-length: {}\r\n\r\n{}", method, target,
                    authorization, sent.headers, sent.body.size(), sent.body),
        method == "HEAD");
  }

  // A completed generation whose asset has `bytes`.
  generation::v1::Generation& AddCompleted(const std::string& id, std::string bytes) {
    media.bytes = std::move(bytes);
    media::v1::Asset& asset = media.all["ast_1"];
    asset.set_id("ast_1");
    asset.set_size_bytes(static_cast<std::int64_t>(media.bytes.size()));
    asset.set_sha256("abc123");
    asset.set_content_type("video/mp4");
    asset.set_volume_path("ast_1.mp4");
    generation::v1::Generation& generation = generations.all[id];
    generation.set_id(id);
    generation.set_model("demo-video");
    generation.set_provider("demo");
    generation.set_prompt("a cat");
    generation.set_state(generation::v1::GENERATION_STATE_COMPLETED);
    generation.set_progress(100);
    generation.set_version(7);
    generation.mutable_parameters()->set_duration(4);
    generation.mutable_create_time()->set_seconds(1'800'000'000);
    generation.mutable_complete_time()->set_seconds(1'800'000'012);
    generation.mutable_complete_time()->set_nanos(345'000'000);
    generation.set_cost_micros(400'000);
    generation.mutable_video()->set_asset_id("ast_1");
    generation.mutable_video()->set_duration_ms(4042);
    generation.mutable_video()->set_width(1280);
    generation.mutable_video()->set_height(720);
    return generation;
  }

  FakeGenerations generations;
  FakeCatalog catalog;
  FakeAccessKeys access_keys;
  FakeProviderKeys provider_keys;
  FakeProviders providers;
  FakeMedia media;
  std::unique_ptr<App> app;

 private:
  std::unique_ptr<grpc::Server> grpc_;
};

inline boost::json::value Json(const testing::HttpAnswer& answer) {
  INFO(answer.body);
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(answer.body, error);
  REQUIRE_FALSE(error);
  return value;
}

// "code/param" of an error body; checks that the shape is whole.
inline std::string ErrorOf(const testing::HttpAnswer& answer) {
  const boost::json::value json = Json(answer);
  const auto& error = json.at("error").as_object();
  CHECK(error.size() == 4);
  CHECK_FALSE(error.at("message").as_string().empty());
  CHECK_FALSE(error.at("type").as_string().empty());
  CHECK_FALSE(answer.Header("x-request-id").empty());
  const auto* param = error.at("param").if_string();
  return std::string(error.at("code").as_string()) + "/" +
         (param == nullptr ? "" : std::string(*param));
}

}  // namespace mediarouter::gateway
