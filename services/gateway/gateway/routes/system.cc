#include "gateway/routes/system.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/status.h"
#include "gateway/json_writer.h"

namespace mediarouter::gateway {
namespace {

using boost::asio::awaitable;

constexpr std::chrono::seconds kBudget{1};
constexpr std::chrono::seconds kKnownFor{1};
// Well-formed, and nobody's.
constexpr char kNoGeneration[] = "gen_00000000000000000000000000";
constexpr char kNoAsset[] = "ast_00000000000000000000000000";

awaitable<absl::StatusOr<http::Response>> Fixed(std::string json) {
  co_return http::Response::Json(200, std::move(json));
}

// Refusing what was asked is an answer too.
bool Answers(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
      return true;
    default:
      return false;
  }
}

awaitable<bool> VaultAnswers(Backends& backends, const base::CallContext& call) {
  vault::v1::ListProviderKeysRequest list;
  list.set_page_size(1);
  const auto answer = co_await backends.ListProviderKeys(call, list);
  co_return Answers(answer.status());
}

awaitable<bool> OrchestratorAnswers(Backends& backends, const base::CallContext& call) {
  const auto answer = co_await backends.GetGeneration(call, kNoGeneration);
  co_return Answers(answer.status());
}

awaitable<bool> MediaAnswers(Backends& backends, const base::CallContext& call) {
  const auto answer = co_await backends.GetAsset(call, kNoAsset);
  co_return Answers(answer.status());
}

}  // namespace

SystemRoutes::SystemRoutes(Backends& backends, const base::Clock& clock)
    : backends_(backends), clock_(clock) {}

void SystemRoutes::AddTo(Front& front) {
  const auto fixed = [&front](const char* path, std::string json) {
    front.Add("GET", path, Access::kOpen,
              [json = std::move(json)](http::Request&) { return Fixed(json); });
  };
  fixed("/", R"({"message":"MediaRouter API","version":")" MEDIAROUTER_VERSION R"("})");
  fixed("/health", R"({"status":"healthy"})");
  fixed("/livez", R"({"status":"alive"})");
  front.Add("GET", "/readyz", Access::kOpen, [this](http::Request& r) { return Ready(r); });
}

awaitable<std::vector<std::string>> SystemRoutes::FindUnready(const base::CallContext& call) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  const auto [vault, orchestrator, media] =
      co_await (VaultAnswers(backends_, call) && OrchestratorAnswers(backends_, call) &&
                MediaAnswers(backends_, call));
  std::vector<std::string> unready;
  if (!vault) unready.emplace_back("key-vault");
  if (!orchestrator) unready.emplace_back("generation-orchestrator");
  if (!media) unready.emplace_back("media-store");
  co_return unready;
}

awaitable<absl::StatusOr<http::Response>> SystemRoutes::Ready(http::Request& request) {
  std::vector<std::string> unready;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    known = clock_.Steady() < known_until_;
    unready = unready_;
  }
  if (!known) {
    base::CallContext call = request.context;
    call.deadline = std::min(call.deadline, base::CallContext::Clock::now() + kBudget);
    call.principal.role = base::Role::kGateway;
    unready = co_await FindUnready(call);
    const std::lock_guard lock(mutex_);
    unready_ = unready;
    known_until_ = clock_.Steady() + kKnownFor;
  }
  if (!unready.empty()) {
    co_return base::Unavailable("not_ready", "no answer from {}", fmt::join(unready, ", "));
  }
  co_return http::Response::Json(200, R"({"status":"ready"})");
}

}  // namespace mediarouter::gateway
