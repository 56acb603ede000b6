#include "generation/generation_service.h"

#include <fmt/format.h>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "generation/page_token.h"
#include "obs/log.h"
#include "obs/metrics.h"

namespace mediarouter::generation {
namespace {

constexpr int kMaxPage = 100;
constexpr int kMaxSkip = 100'000;

absl::Status RequireProject(const base::CallContext& context) {
  if (context.principal.role == base::Role::kMember ||
      context.principal.role == base::Role::kAdmin) {
    return absl::OkStatus();
  }
  return base::PermissionDenied("permission_denied", "this needs an access key of a project");
}

absl::Status CheckText(std::string_view text, const char* param) {
  if (base::IsCleanUtf8(text)) return absl::OkStatus();
  return base::WithParam(
      base::InvalidArgument("invalid_text", "{} must be UTF-8 without U+0000", param), param);
}

}  // namespace

absl::StatusOr<Generation> GenerationService::Create(const base::CallContext& context,
                                                     const std::string& id,
                                                     const catalog::Wish& wish) {
  MR_RETURN_IF_ERROR(RequireProject(context));
  if (!base::IsId("gen_", id)) {
    return base::WithParam(base::InvalidArgument("invalid_id", "'{}' is no generation id", id),
                           "id");
  }
  if (!wish.prompt) {
    return base::WithParam(
        base::InvalidArgument("missing_required_parameter", "prompt is required"), "prompt");
  }
  MR_RETURN_IF_ERROR(CheckText(*wish.prompt, "prompt"));
  MR_RETURN_IF_ERROR(CheckText(wish.model, "model"));
  MR_ASSIGN_OR_RETURN(const catalog::Choice choice, catalog_.Resolve(wish));
  MR_ASSIGN_OR_RETURN(const auto key, keys_.Choose(context, choice.provider->name));
  if (!key) {
    return base::WithParam(
        base::InvalidArgument("no_provider_key", "No active API key found for provider: {}",
                              choice.provider->name),
        "provider");
  }
  Generation wanted;
  wanted.id = id;
  wanted.project_id = context.principal.project_id;
  wanted.access_key_id = context.principal.access_key_id;
  wanted.provider = choice.provider->name;
  wanted.model = choice.model->name;
  wanted.upstream_model = choice.model->upstream;
  wanted.prompt = *wish.prompt;
  wanted.duration = choice.duration;
  wanted.aspect_ratio = choice.size->aspect_ratio;
  wanted.size = choice.size->size;
  wanted.seed = wish.seed;
  wanted.fps = wish.fps;
  wanted.price_version = catalog_.version();
  wanted.estimated_cost_micros = choice.cost_micros;
  MR_ASSIGN_OR_RETURN(Generation created, repository_.Create(context, wanted));
  if (created.project_id != wanted.project_id) {
    return base::AlreadyExists("conflict", "the id '{}' is taken", id);
  }
  signal_.Notify();
  obs::Count("mediarouter_orchestrator_generations_created_total", "Generations accepted.",
             {{"provider", created.provider}, {"model", created.model}});
  obs::Log(obs::Level::kInfo, context, "generation accepted",
           {{"generation_id", created.id}, {"model", created.model}});
  return created;
}

absl::StatusOr<Generation> GenerationService::Get(const base::CallContext& context,
                                                  const std::string& id) {
  // The gateway checked a link that it had signed for exactly this generation.
  if (context.principal.role == base::Role::kGateway) return repository_.Get(context, "", id);
  MR_RETURN_IF_ERROR(RequireProject(context));
  return repository_.Get(context, context.principal.project_id, id);
}

absl::StatusOr<Page> GenerationService::List(const base::CallContext& context, ListQuery query,
                                             const std::string& page_token) {
  MR_RETURN_IF_ERROR(RequireProject(context));
  query.project_id = context.principal.project_id;
  if (query.limit < 1 || query.limit > kMaxPage) {
    return base::WithParam(
        base::InvalidArgument("invalid_value", "limit must be from 1 to {}", kMaxPage), "limit");
  }
  if (query.skip < 0 || query.skip > kMaxSkip) {
    return base::WithParam(
        base::InvalidArgument("invalid_value", "skip must be from 0 to {}", kMaxSkip), "skip");
  }
  if (!page_token.empty()) {
    MR_ASSIGN_OR_RETURN(const PagePlace place, ParsePageToken(page_token));
    query.after_created = place.created_at;
    query.after_id = place.id;
    query.skip = 0;
  }
  const int limit = query.limit++;  // one row more tells whether there is a next page
  MR_ASSIGN_OR_RETURN(std::vector<Generation> rows, repository_.List(context, query));
  Page page;
  if (static_cast<int>(rows.size()) > limit) {
    rows.resize(limit);
    page.next_page_token = MakePageToken({rows.back().created_at, rows.back().id});
  }
  page.generations = std::move(rows);
  return page;
}

absl::StatusOr<Generation> GenerationService::Cancel(const base::CallContext& context,
                                                     const std::string& id) {
  MR_RETURN_IF_ERROR(RequireProject(context));
  return repository_.Cancel(context, context.principal.project_id, id);
}

absl::Status GenerationService::Delete(const base::CallContext& context, const std::string& id) {
  MR_RETURN_IF_ERROR(RequireProject(context));
  return repository_.Delete(context, context.principal.project_id, id);
}

}  // namespace mediarouter::generation
