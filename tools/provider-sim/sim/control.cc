#include "sim/control.h"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "http/json.h"
#include "sim/fault_json.h"
#include "sim/fault_names.h"
#include "sim/files.h"

namespace mediarouter::sim {
namespace {

namespace json = boost::json;
using Answer = boost::asio::awaitable<http::Response>;

constexpr char kExpiredLink[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>\n";

http::Response Ok(const json::value& value) {
  return http::Response::Json(200, json::serialize(value));
}

http::Response Refused(int status, const absl::Status& fault) {
  return http::Response::Json(
      status, json::serialize(json::object{
                  {"error", {{"message", base::Message(fault)}, {"param", base::Param(fault)}}}}));
}

json::value Stats(Simulator& sim) {
  const Tally tally = sim.jobs->Count(sim.NowMs());
  json::object stats{{"paid", tally.paid},
                     {"creates", sim.counters.Get(Op::kCreate)},
                     {"polls", sim.counters.Get(Op::kPoll)},
                     {"lists", sim.counters.Get(Op::kList)},
                     {"downloads", sim.counters.Get(Op::kContent)},
                     {"deletes", sim.counters.Get(Op::kDelete)},
                     {"key_checks", sim.counters.Get(Op::kModels)}};
  stats["jobs"] = {{"queued", tally.queued},
                   {"in_progress", tally.in_progress},
                   {"completed", tally.completed},
                   {"failed", tally.failed},
                   {"deleted", tally.deleted}};
  json::object& by_prompt = stats["by_prompt"].emplace_object();
  for (const auto& [prompt, paid] : tally.by_prompt) by_prompt[prompt] = paid;
  return stats;
}

json::value Faults(const Simulator& sim) {
  json::array list;
  for (const Fault& fault : sim.faults.List()) list.push_back(FaultToJson(fault));
  return json::object{{"faults", std::move(list)}};
}

absl::StatusOr<json::value> AddFault(Simulator& sim, const http::Request& request) {
  MR_ASSIGN_OR_RETURN(const json::value body, http::ParseJson(request.body));
  MR_ASSIGN_OR_RETURN(Fault fault, FaultFromJson(body));
  return json::object{{"id", sim.faults.Add(std::move(fault))}};
}

absl::StatusOr<json::value> SetDefaults(Simulator& sim, const http::Request& request) {
  MR_ASSIGN_OR_RETURN(const json::value body, http::ParseJson(request.body));
  http::JsonObject read(body);
  const auto render = ReadSeconds(read, "render_seconds");
  const auto latency = ReadMilliseconds(read, "latency_ms");
  const auto share = read.Bool("shared_clip");
  MR_RETURN_IF_ERROR(read.Finish());
  if (render) sim.render_ms = render->count();
  if (latency) sim.faults.SetLatency(*latency);
  if (share) sim.clips.ShareOneForAllPrompts(*share);
  return json::object{};
}

absl::StatusOr<json::value> Reset(Simulator& sim) {
  MR_RETURN_IF_ERROR(sim.jobs->Reset());
  sim.faults.Clear();
  sim.faults.SetLatency(std::chrono::milliseconds(0));
  sim.counters.Reset();
  sim.clips.ShareOneForAllPrompts(false);
  sim.render_ms = sim.standard_render.count();
  return json::object{};
}

http::Response Reply(const absl::StatusOr<json::value>& result) {
  if (result.ok()) return Ok(*result);
  return Refused(absl::IsInvalidArgument(result.status()) ? 400 : 500, result.status());
}

bool IsFromThisMachine(const http::Request& request) {
  const std::string& address = request.remote_address;
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

Answer Hidden() { co_return Refused(404, base::NotFound("not_found", "not found")); }

Answer GetStats(Simulator& sim, http::Request&) { co_return Ok(Stats(sim)); }
Answer GetFaults(Simulator& sim, http::Request&) { co_return Ok(Faults(sim)); }
Answer PostFault(Simulator& sim, http::Request& request) {
  co_return Reply(AddFault(sim, request));
}
Answer PostDefaults(Simulator& sim, http::Request& request) {
  co_return Reply(SetDefaults(sim, request));
}
Answer PostReset(Simulator& sim, http::Request&) { co_return Reply(Reset(sim)); }

Answer DeleteFaults(Simulator& sim, http::Request&) {
  sim.faults.Clear();
  co_return Ok(json::object{});
}

Answer DeleteFault(Simulator& sim, http::Request& request) {
  const std::string& id = request.params.at("id");
  if (sim.faults.Remove(id)) co_return Ok(json::object{});
  co_return Refused(404, base::NotFound("fault_not_found", "there is no fault '{}'", id));
}

// Where the faults `redirect` and `expired_link` lead: storage that needs no key.
Answer GetFile(Simulator& sim, http::Request& request) {
  const auto job = sim.jobs->FindOfAnyone(request.params.at("id"));
  if (!job) co_return Refused(404, base::NotFound("file_not_found", "there is no such file"));
  if (request.Query("expired")) {
    http::Response response;
    response.status = 403;
    response.headers.Set("content-type", "application/xml");
    response.body = std::string(kExpiredLink);
    co_return response;
  }
  const absl::StatusOr<Clip> clip = co_await sim.clips.Get(SpecOf(*job));
  if (!clip.ok()) co_return Refused(500, clip.status());
  co_return ClipResponse(request, *clip);
}

}  // namespace

void AddControlRoutes(http::Router& router, Simulator& simulator) {
  using Operation = Answer (*)(Simulator&, http::Request&);
  const auto add = [&](std::string_view method, std::string_view pattern, Operation operation) {
    router.Add(method, pattern, [&simulator, operation](http::Request& request) {
      return IsFromThisMachine(request) ? operation(simulator, request) : Hidden();
    });
  };
  add("GET", "/__sim/stats", GetStats);
  add("GET", "/__sim/faults", GetFaults);
  add("POST", "/__sim/faults", PostFault);
  add("DELETE", "/__sim/faults", DeleteFaults);
  add("DELETE", "/__sim/faults/{id}", DeleteFault);
  add("POST", "/__sim/reset", PostReset);
  add("POST", "/__sim/defaults", PostDefaults);
  add("GET", "/__sim/files/{id}", GetFile);
}

}  // namespace mediarouter::sim
