#include "gateway/routes/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "gateway/json_codec.h"
#include "gateway/request_body.h"
#include "http/json.h"

namespace mediarouter::gateway {
namespace {

using worker::v1::KeyVerdict;

constexpr std::size_t kMaxSecretBytes = 4096;
constexpr std::size_t kMaxNameLength = 100;

struct NewKey {
  std::string provider;
  std::string secret;
  std::string name;
};

// The texts never repeat the secret, whatever was sent in its place.
absl::StatusOr<NewKey> ReadNewKey(const boost::json::value& body) {
  http::JsonObject read(body);
  NewKey key{read.String("provider").value_or(""), read.String("api_key").value_or(""),
             read.String("name").value_or("")};
  for (const auto& [name, text] :
       {std::pair("provider", &key.provider), {"api_key", &key.secret}}) {
    if (text->empty()) {
      read.Fault(name, "missing_required_parameter",
                 fmt::format("'{}' is required and must not be empty", name));
    }
  }
  const bool sendable =
      std::all_of(key.secret.begin(), key.secret.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!sendable || key.secret.size() > kMaxSecretBytes) {
    read.Fault("api_key", "invalid_value",
               fmt::format("'api_key' must be at most {} printable ASCII characters without spaces",
                           kMaxSecretBytes));
  }
  if (base::CodePoints(key.name) > kMaxNameLength) {
    read.Fault("name", "invalid_value",
               fmt::format("'name' must be at most {} characters", kMaxNameLength));
  }
  MR_RETURN_IF_ERROR(read.Finish());
  return key;
}

absl::StatusOr<std::int64_t> KeyId(const http::Request& request) {
  const auto id = base::ParseInt(request.params.at("id"));
  if (id && *id > 0) return *id;
  return base::NotFound("key_not_found", "there is no key with this id");
}

absl::Status Unreachable(std::string_view why) {
  return base::WithRetryAfter(
      base::Unavailable("provider_unavailable", "the provider could not be asked about the key: {}",
                        why),
      std::chrono::seconds(5));
}

vault::v1::ProviderKeyStatus StatusFor(KeyVerdict verdict) {
  switch (verdict) {
    case worker::v1::KEY_VERDICT_VALID:
      return vault::v1::PROVIDER_KEY_STATUS_ACTIVE;
    case worker::v1::KEY_VERDICT_QUOTA_EXCEEDED:
      return vault::v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED;
    default:
      return vault::v1::PROVIDER_KEY_STATUS_INVALID;
  }
}

http::Response Answer(const vault::v1::ProviderKey& key) {
  JsonWriter out;
  WriteProviderKey(out, key);
  return http::Response::Json(200, out.Take());
}

}  // namespace

KeyRoutes::KeyRoutes(Backends& backends) : backends_(backends) {}

void KeyRoutes::AddTo(Front& front) {
  front.Add("POST", "/v1/keys", Access::kAdmin, [this](http::Request& r) { return Create(r); });
  front.Add("GET", "/v1/keys", Access::kAdmin, [this](http::Request& r) { return List(r); });
  front.Add("DELETE", "/v1/keys/{id}", Access::kAdmin,
            [this](http::Request& r) { return Delete(r); });
  front.Add("POST", "/v1/keys/{id}/validate", Access::kAdmin,
            [this](http::Request& r) { return Validate(r); });
}

boost::asio::awaitable<absl::Status> KeyRoutes::CheckProvider(const base::CallContext& call,
                                                              const std::string& provider) {
  const auto known = co_await backends_.ListProviders(call);
  if (!known.ok()) co_return known.status();
  std::string names;
  for (const auto& candidate : known->providers()) {
    if (candidate.name() == provider) co_return absl::OkStatus();
    names += (names.empty() ? "" : ", ") + candidate.name();
  }
  co_return base::WithParam(
      base::InvalidArgument("provider_not_found", "provider '{}' is not known; known: {}", provider,
                            names),
      "provider");
}

KeyRoutes::Result KeyRoutes::Create(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const boost::json::value body, ReadJsonBody(request));
  MR_CO_ASSIGN_OR_RETURN(const NewKey key, ReadNewKey(body));
  const absl::Status known = co_await CheckProvider(request.context, key.provider);
  if (!known.ok()) co_return known;

  worker::v1::ValidateProviderKeyRequest validate;
  validate.set_provider(key.provider);
  validate.set_secret(key.secret);
  const auto checked = co_await backends_.ValidateProviderKey(request.context, validate);
  if (!checked.ok()) co_return checked.status();
  if (checked->verdict() == worker::v1::KEY_VERDICT_INVALID) {
    co_return base::WithParam(
        base::InvalidArgument("invalid_provider_key", "the provider refused the key{}{}",
                              checked->message().empty() ? "" : ": ", checked->message()),
        "api_key");
  }
  if (checked->verdict() != worker::v1::KEY_VERDICT_VALID &&
      checked->verdict() != worker::v1::KEY_VERDICT_QUOTA_EXCEEDED) {
    co_return Unreachable(checked->message());
  }

  vault::v1::CreateProviderKeyRequest create;
  create.set_provider(key.provider);
  create.set_secret(key.secret);
  create.set_name(key.name);
  // Not the request's own id: a client that sends the same one twice must not get another key.
  create.set_request_id(base::NewId("req_"));
  const auto created = co_await backends_.CreateProviderKey(request.context, create);
  if (!created.ok()) co_return created.status();
  if (checked->verdict() == worker::v1::KEY_VERDICT_VALID) co_return Answer(*created);
  const auto marked = co_await backends_.SetProviderKeyStatus(
      request.context, created->id(), vault::v1::PROVIDER_KEY_STATUS_QUOTA_EXCEEDED);
  if (!marked.ok()) co_return marked.status();
  co_return Answer(*marked);
}

KeyRoutes::Result KeyRoutes::List(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  JsonWriter out;
  out.Array();
  vault::v1::ListProviderKeysRequest list;
  do {
    const auto page = co_await backends_.ListProviderKeys(request.context, list);
    if (!page.ok()) co_return page.status();
    for (const auto& key : page->provider_keys()) WriteProviderKey(out, key);
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  out.EndArray();
  co_return http::Response::Json(200, out.Take());
}

KeyRoutes::Result KeyRoutes::Delete(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const std::int64_t id, KeyId(request));
  const auto deleted = co_await backends_.DeleteProviderKey(request.context, id);
  if (!deleted.ok()) co_return deleted.status();
  JsonWriter out;
  out.Object().Key("message").String("Key deleted successfully").EndObject();
  co_return http::Response::Json(200, out.Take());
}

KeyRoutes::Result KeyRoutes::Validate(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const std::int64_t id, KeyId(request));
  const auto key = co_await backends_.GetProviderKey(request.context, id);
  if (!key.ok()) co_return key.status();
  if (key->status() == vault::v1::PROVIDER_KEY_STATUS_REVOKED) {
    co_return base::NotFound("key_not_found", "there is no key with this id");
  }
  worker::v1::ValidateProviderKeyRequest validate;
  validate.set_provider(key->provider());
  validate.set_provider_key_id(id);
  const auto checked = co_await backends_.ValidateProviderKey(request.context, validate);
  if (!checked.ok()) co_return checked.status();

  vault::v1::ProviderKeyStatus status = key->status();
  std::string error = checked->message();
  const bool told = checked->verdict() == worker::v1::KEY_VERDICT_VALID ||
                    checked->verdict() == worker::v1::KEY_VERDICT_INVALID ||
                    checked->verdict() == worker::v1::KEY_VERDICT_QUOTA_EXCEEDED;
  if (told) {
    status = StatusFor(checked->verdict());
    const auto marked = co_await backends_.SetProviderKeyStatus(request.context, id, status);
    if (!marked.ok()) co_return marked.status();
  } else {
    error = fmt::format("the provider could not be asked, the status is unchanged: {}", error);
  }
  JsonWriter out;
  out.Object();
  out.Key("valid").Bool(status == vault::v1::PROVIDER_KEY_STATUS_ACTIVE);
  out.Key("status").String(StatusName(status));
  if (!error.empty()) out.Key("error").String(error);
  out.EndObject();
  co_return http::Response::Json(200, out.Take());
}

}  // namespace mediarouter::gateway
