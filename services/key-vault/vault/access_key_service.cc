#include "vault/access_key_service.h"

#include <string>
#include <utility>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"

namespace mediarouter::vault {
namespace {

constexpr std::size_t kMaxKeyBytes = 512;
constexpr std::size_t kRandomKeyBytes = 32;
constexpr char kConfiguredName[] = "MEDIAROUTER_ADMIN_KEY";
constexpr char kFirstName[] = "First admin key";

}  // namespace

absl::StatusOr<base::Principal> AccessKeyService::Authenticate(const base::CallContext& context,
                                                               std::string_view access_key) {
  std::optional<base::Principal> principal;
  if (!access_key.empty() && access_key.size() <= kMaxKeyBytes) {
    MR_ASSIGN_OR_RETURN(principal, repository_.Find(context, hasher_.AllHashes(access_key)));
  }
  if (!principal) {
    return base::Unauthenticated("invalid_api_key",
                                 "the access key is unknown, revoked or expired");
  }
  return *std::move(principal);
}

absl::Status AccessKeyService::EnsureDefaults(const base::CallContext& context,
                                              const base::SecretString& admin_key) {
  MR_RETURN_IF_ERROR(repository_.EnsureProject(context, kDefaultProject, "Default"));
  if (admin_key.empty()) return absl::OkStatus();
  return repository_.Replace(context,
                             {.id = base::NewId("key_"),
                              .project_id = kDefaultProject,
                              .name = kConfiguredName,
                              .role = base::Role::kAdmin,
                              .hash = hasher_.Hash(admin_key.Reveal()),
                              .key_version = hasher_.newest()},
                             hasher_.AllHashes(admin_key.Reveal()));
}

absl::StatusOr<std::optional<base::SecretString>> AccessKeyService::MakeFirstAdminKey(
    const base::CallContext& context) {
  const base::SecretString random(base::RandomBytes(kRandomKeyBytes));
  base::SecretString plaintext("mr_" + base::Base64UrlEncode(random.Reveal()));
  MR_ASSIGN_OR_RETURN(const bool made, repository_.InsertIfNoAdmin(
                                           context, {.id = base::NewId("key_"),
                                                     .project_id = kDefaultProject,
                                                     .name = kFirstName,
                                                     .role = base::Role::kAdmin,
                                                     .hash = hasher_.Hash(plaintext.Reveal()),
                                                     .key_version = hasher_.newest()}));
  if (!made) return std::nullopt;
  return std::optional<base::SecretString>(std::move(plaintext));
}

}  // namespace mediarouter::vault
