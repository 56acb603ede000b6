#include "vault/provider_key_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"

namespace mediarouter::vault {
namespace {

constexpr std::size_t kMaxSecretBytes = 4096;
constexpr std::size_t kMaxProviderBytes = 64;
constexpr std::size_t kMaxLabelCharacters = 200;
constexpr int kMaxPageSize = 1000;

// What the barrier binds a secret to.
std::string Owner(std::int64_t id, std::string_view provider) {
  return fmt::format("provider_key/{}/{}", id, provider);
}

// For the audit: the access key on whose behalf this is, or else just a service.
std::string Actor(const base::CallContext& context) {
  return context.principal.access_key_id.empty() ? "service" : context.principal.access_key_id;
}

// The printable ASCII characters without the space.
bool IsToken(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

absl::Status CheckProvider(std::string_view provider) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  if (provider.empty() || provider.size() > kMaxProviderBytes ||
      provider.find_first_not_of(kAllowed) != std::string_view::npos) {
    return base::WithParam(
        base::InvalidArgument("invalid_provider", "provider must be 1 to {} of a-z, 0-9, _ and -",
                              kMaxProviderBytes),
        "provider");
  }
  return absl::OkStatus();
}

absl::Status CheckSecret(std::string_view secret) {
  if (secret.empty() || secret.size() > kMaxSecretBytes || !IsToken(secret)) {
    return base::WithParam(
        base::InvalidArgument("invalid_api_key_format",
                              "api_key must be 1 to {} printable ASCII characters without spaces "
                              "or line breaks",
                              kMaxSecretBytes),
        "api_key");
  }
  return absl::OkStatus();
}

// A text for people.
absl::Status CheckLabel(std::string_view text, std::string_view param) {
  const bool printable = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (!printable || !base::IsCleanUtf8(text) || base::CodePoints(text) > kMaxLabelCharacters) {
    return base::WithParam(base::InvalidArgument(fmt::format("invalid_{}", param),
                                                 "{} must be at most {} printable characters",
                                                 param, kMaxLabelCharacters),
                           param);
  }
  return absl::OkStatus();
}

absl::Status CheckRequired(std::string_view text, std::string_view param) {
  if (text.empty()) {
    return base::WithParam(base::InvalidArgument("missing_parameter", "{} is required", param),
                           param);
  }
  return CheckLabel(text, param);
}

}  // namespace

std::string Preview(std::string_view secret) {
  constexpr std::size_t kEnoughForBothEnds = 12;
  constexpr std::size_t kEnoughForTheTail = 8;
  if (secret.size() >= kEnoughForBothEnds) {
    return fmt::format("{}...{}", secret.substr(0, 3), secret.substr(secret.size() - 4));
  }
  if (secret.size() >= kEnoughForTheTail) {
    return fmt::format("...{}", secret.substr(secret.size() - 2));
  }
  return "...";
}

absl::StatusOr<ProviderKey> ProviderKeyService::Create(const base::CallContext& context,
                                                       const std::string& provider,
                                                       std::string_view secret,
                                                       const std::string& name,
                                                       const std::string& request_id) {
  MR_RETURN_IF_ERROR(CheckProvider(provider));
  MR_RETURN_IF_ERROR(CheckSecret(secret));
  MR_RETURN_IF_ERROR(CheckLabel(name, "name"));
  MR_RETURN_IF_ERROR(CheckRequired(request_id, "request_id"));
  MR_ASSIGN_OR_RETURN(const std::int64_t id, repository_.NextId(context));
  const NewProviderKey key{.id = id,
                           .provider = provider,
                           .name = name,
                           .preview = Preview(secret),
                           .request_id = request_id,
                           .envelope = barrier_.Seal(secret, Owner(id, provider))};
  const AuditNote note{Actor(context), "store"};
  absl::StatusOr<ProviderKey> inserted = repository_.Insert(context, key, note);
  // The connection was lost while the row was on its way: the same request id finds out.
  if (base::Reason(inserted.status()) == "commit_in_doubt") {
    inserted = repository_.Insert(context, key, note);
  }
  MR_ASSIGN_OR_RETURN(ProviderKey stored, std::move(inserted));
  if (stored.provider != provider || stored.name != name || stored.preview != key.preview) {
    return base::AlreadyExists("request_id_reused", "this request id made another provider key");
  }
  return stored;
}

absl::StatusOr<ProviderKey> ProviderKeyService::Get(const base::CallContext& context,
                                                    std::int64_t id) {
  return repository_.Get(context, id);
}

absl::StatusOr<ProviderKeyPage> ProviderKeyService::List(const base::CallContext& context,
                                                         const std::string& provider,
                                                         bool show_revoked, int page_size,
                                                         const std::string& page_token) {
  if (!provider.empty()) MR_RETURN_IF_ERROR(CheckProvider(provider));
  if (page_size < 0 || page_size > kMaxPageSize) {
    return base::WithParam(
        base::InvalidArgument("invalid_page_size", "page_size must be from 0 to {}", kMaxPageSize),
        "page_size");
  }
  std::int64_t after = 0;
  if (!page_token.empty()) {
    const auto id = base::ParseInt(page_token);
    if (!id || *id < 0) {
      return base::WithParam(
          base::InvalidArgument("invalid_page_token", "page_token is not of an earlier answer"),
          "page_token");
    }
    after = *id;
  }
  const int limit = page_size == 0 ? kMaxPageSize : page_size;
  ProviderKeyPage page;
  // One more than asked for tells whether there is a next page.
  MR_ASSIGN_OR_RETURN(page.keys,
                      repository_.List(context, provider, show_revoked, after, limit + 1));
  if (page.keys.size() > static_cast<std::size_t>(limit)) {
    page.keys.pop_back();
    page.next_token = std::to_string(page.keys.back().id);
  }
  return page;
}

absl::StatusOr<ProviderKey> ProviderKeyService::SetStatus(const base::CallContext& context,
                                                          std::int64_t id,
                                                          ProviderKeyStatus status) {
  if (status == ProviderKeyStatus::kRevoked) {
    return base::WithParam(
        base::InvalidArgument("invalid_status", "a key is revoked by deleting it"), "status");
  }
  return repository_.SetStatus(context, id, status);
}

absl::Status ProviderKeyService::Delete(const base::CallContext& context, std::int64_t id) {
  return repository_.Revoke(context, id, {Actor(context), "delete"});
}

absl::Status ProviderKeyService::DestroySecret(const base::CallContext& context, std::int64_t id) {
  const absl::Status destroyed =
      repository_.Destroy(context, id, {Actor(context), "last open generation closed"});
  if (!absl::IsNotFound(destroyed)) return destroyed;
  MR_ASSIGN_OR_RETURN(const ProviderKey key, repository_.Get(context, id));
  if (key.destroyed) return absl::OkStatus();
  return base::FailedPrecondition("key_not_revoked", "provider key {} is not revoked", id);
}

absl::StatusOr<ReleasedSecret> ProviderKeyService::Access(const base::CallContext& context,
                                                          std::int64_t id,
                                                          const std::string& purpose,
                                                          const std::string& holder) {
  MR_RETURN_IF_ERROR(CheckRequired(purpose, "purpose"));
  MR_RETURN_IF_ERROR(CheckRequired(holder, "holder"));
  MR_ASSIGN_OR_RETURN(SealedProviderKey sealed, repository_.Access(context, id, {holder, purpose}));
  absl::StatusOr<base::SecretString> secret =
      barrier_.Open(sealed.envelope, Owner(id, sealed.provider));
  if (!secret.ok()) {
    return base::MakeStatus(secret.status().code(), base::Reason(secret.status()),
                            fmt::format("provider key {}: {}", id, base::Message(secret.status())));
  }
  return ReleasedSecret{std::move(sealed.provider), *std::move(secret)};
}

}  // namespace mediarouter::vault
