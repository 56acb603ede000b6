#include "worker/grpc_provider_service.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "base/secret_string.h"
#include "base/status_macros.h"
#include "rpc/sync_call.h"
#include "worker/exchange.h"
#include "worker/proto_codec.h"

namespace mediarouter::worker {
namespace {

constexpr milliseconds kBudget{20'000};
constexpr char kHolder[] = "key-validation";

}  // namespace

GrpcProviderService::GrpcProviderService(boost::asio::any_io_executor executor,
                                         base::ThreadPool& pool,
                                         const providers::Registry& registry,
                                         httpc::HttpClient& client,
                                         const std::shared_ptr<grpc::Channel>& vault)
    : executor_(std::move(executor)),
      dispatcher_("provider-worker", pool),
      registry_(registry),
      client_(client),
      vault_(vault::v1::ProviderKeyService::NewStub(vault)) {}

grpc::ServerUnaryReactor* GrpcProviderService::ValidateProviderKey(
    grpc::CallbackServerContext* context, const v1::ValidateProviderKeyRequest* request,
    v1::ValidateProviderKeyResponse* response) {
  return dispatcher_.Unary(
      context, "ValidateProviderKey", request, response,
      [this](const base::CallContext& call, const v1::ValidateProviderKeyRequest& r) {
        return Validate(call, r);
      });
}

absl::StatusOr<base::SecretString> GrpcProviderService::StoredKey(const base::CallContext& call,
                                                                  const std::string& provider,
                                                                  std::int64_t id) {
  vault::v1::AccessProviderKeyRequest request;
  request.set_id(id);
  request.set_purpose("validate");
  request.set_holder(kHolder);
  MR_ASSIGN_OR_RETURN(
      auto response,
      rpc::SyncCall<vault::v1::AccessProviderKeyResponse>(
          *vault_, &vault::v1::ProviderKeyService::Stub::AccessProviderKey, call, request));
  base::SecretString secret(std::move(*response.mutable_secret()));
  if (response.provider() != provider) {
    return base::InvalidArgument("provider_mismatch", "the key belongs to provider '{}'",
                                 response.provider());
  }
  return secret;
}

absl::StatusOr<v1::ValidateProviderKeyResponse> GrpcProviderService::Validate(
    const base::CallContext& call, const v1::ValidateProviderKeyRequest& request) {
  const providers::Provider* provider = registry_.Find(request.provider());
  if (provider == nullptr) {
    return base::WithParam(
        base::InvalidArgument("provider_not_found", "no provider '{}' here", request.provider()),
        "provider");
  }
  base::SecretString secret;
  if (request.key_case() == v1::ValidateProviderKeyRequest::kProviderKeyId) {
    MR_ASSIGN_OR_RETURN(secret, StoredKey(call, request.provider(), request.provider_key_id()));
  } else {
    secret = base::SecretString(request.secret());
  }
  if (secret.empty()) {
    return base::WithParam(base::InvalidArgument("missing_required_parameter", "no key was given"),
                           "api_key");
  }
  ExchangeLabel label;
  label.provider = request.provider();
  label.operation = "validate";
  const absl::StatusOr<providers::KeyCheck> check =
      boost::asio::co_spawn(executor_,
                            RunExchange<providers::KeyCheck>(client_, std::move(label),
                                                             provider->ValidateKey(secret.Reveal()),
                                                             call.Remaining(kBudget)),
                            boost::asio::use_future)
          .get();
  v1::ValidateProviderKeyResponse response;
  if (check.ok()) {
    response.set_verdict(Encode(check->verdict));
    response.set_message(check->message);
  } else if (check.status().code() == absl::StatusCode::kInvalidArgument) {
    // A key that cannot be a header field's value.
    response.set_verdict(v1::KEY_VERDICT_INVALID);
    response.set_message("the key holds characters that no key has");
  } else {
    response.set_verdict(v1::KEY_VERDICT_UNREACHABLE);
    response.set_message("the provider could not be reached");
  }
  return response;
}

}  // namespace mediarouter::worker
