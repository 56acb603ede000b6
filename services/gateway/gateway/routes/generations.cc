#include "gateway/routes/generations.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "gateway/json_codec.h"
#include "gateway/list_query.h"
#include "gateway/request_body.h"

namespace mediarouter::gateway {
namespace {

using generation::v1::Generation;

constexpr int kCreateTries = 3;
constexpr std::chrono::milliseconds kFirstPause{100};
// A create whose outcome is unknown may be asked about past the request's own deadline.
constexpr std::chrono::seconds kInquiryTime{3};

// Whether the call may have committed although it failed. A peer that tells when to come back has
// refused it.
bool IsInDoubt(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnknown:
      return !base::RetryAfter(status);
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    case absl::StatusCode::kAborted:
      return base::Reason(status) == "commit_in_doubt";
    default:
      return false;
  }
}

// An id of another shape is nobody's: no call is needed to know.
absl::StatusOr<std::string> GenerationId(const http::Request& request) {
  const std::string& id = request.params.at("id");
  if (base::IsId("gen_", id)) return id;
  return base::NotFound("generation_not_found", "there is no generation with this id");
}

http::Response Message(const char* text) {
  JsonWriter out;
  out.Object().Key("message").String(text).EndObject();
  return http::Response::Json(200, out.Take());
}

}  // namespace

GenerationRoutes::GenerationRoutes(Backends& backends, const SignedLinks& links)
    : backends_(backends), links_(links) {}

void GenerationRoutes::AddTo(Front& front) {
  const std::string all = "/v1/video/generations";
  const std::string one = all + "/{id}";
  front.Add("POST", all, Access::kKey, [this](http::Request& r) { return Create(r); });
  front.Add("GET", all, Access::kKey, [this](http::Request& r) { return List(r); });
  front.Add("GET", one, Access::kKey, [this](http::Request& r) { return Get(r); });
  front.Add("DELETE", one, Access::kKey, [this](http::Request& r) { return Delete(r); });
  front.Add("POST", one + "/cancel", Access::kKey, [this](http::Request& r) { return Cancel(r); });
}

http::Response GenerationRoutes::Answer(const Generation& generation) const {
  JsonWriter out;
  WriteGeneration(out, generation, links_);
  http::Response response = http::Response::Json(200, out.Take());
  response.headers.Set("cache-control", "private, no-cache");
  return response;
}

GenerationRoutes::Result GenerationRoutes::Create(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const boost::json::value body, ReadJsonBody(request));
  MR_CO_ASSIGN_OR_RETURN(Generation wish, ReadGeneration(body, true));
  wish.set_id(base::NewId("gen_"));
  generation::v1::CreateGenerationRequest create;
  *create.mutable_generation() = std::move(wish);

  // Creating is idempotent on the id: the same create again tells what became of the first.
  base::CallContext context = request.context;
  for (int tries = 1;; ++tries) {
    const auto created = co_await backends_.CreateGeneration(context, create);
    if (created.ok()) co_return Answer(*created);
    if (!IsInDoubt(created.status())) co_return created.status();
    if (tries == kCreateTries) {
      co_return base::Unavailable("create_in_doubt", "cannot tell whether {} was created: {}",
                                  create.generation().id(), base::Describe(created.status()));
    }
    boost::asio::steady_timer pause(co_await boost::asio::this_coro::executor, kFirstPause * tries);
    co_await pause.async_wait(boost::asio::use_awaitable);
    context.deadline = std::max(context.deadline, base::CallContext::Clock::now() + kInquiryTime);
  }
}

GenerationRoutes::Result GenerationRoutes::Get(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const std::string id, GenerationId(request));
  const auto found = co_await backends_.GetGeneration(request.context, id);
  if (!found.ok()) co_return found.status();
  http::Response response = Answer(*found);
  // The link in the body changes by the hour, whatever the generation does.
  const std::string etag = fmt::format("\"{}-{}\"", found->version(), links_.Expiry());
  response.headers.Set("etag", etag);
  if (request.headers.Get("if-none-match") == etag) {
    response.status = 304;
    response.body = "";
  }
  co_return response;
}

GenerationRoutes::Result GenerationRoutes::List(http::Request& request) {
  MR_CO_ASSIGN_OR_RETURN(const generation::v1::ListGenerationsRequest list, ReadListQuery(request));
  const auto page = co_await backends_.ListGenerations(request.context, list);
  if (!page.ok()) co_return page.status();
  JsonWriter out;
  out.Array();
  for (const Generation& generation : page->generations()) {
    WriteGeneration(out, generation, links_);
  }
  out.EndArray();
  http::Response response = http::Response::Json(200, out.Take());
  response.headers.Set("cache-control", "private, no-cache");
  if (!page->next_page_token().empty()) {
    response.headers.Set("x-next-cursor", page->next_page_token());
    response.headers.Set("link", fmt::format("<{}{}>; rel=\"next\"", links_.public_url(),
                                             NextPage(request, page->next_page_token())));
  }
  co_return response;
}

GenerationRoutes::Result GenerationRoutes::Cancel(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const std::string id, GenerationId(request));
  const auto cancelled = co_await backends_.CancelGeneration(request.context, id);
  if (!cancelled.ok()) co_return cancelled.status();
  co_return Answer(*cancelled);
}

GenerationRoutes::Result GenerationRoutes::Delete(http::Request& request) {
  MR_CO_RETURN_IF_ERROR(CheckQuery(request, {}));
  MR_CO_ASSIGN_OR_RETURN(const std::string id, GenerationId(request));
  const auto deleted = co_await backends_.DeleteGeneration(request.context, id);
  if (!deleted.ok()) co_return deleted.status();
  co_return Message("Generation deleted successfully");
}

}  // namespace mediarouter::gateway
