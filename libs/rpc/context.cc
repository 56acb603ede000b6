#include "rpc/context.h"

#include <algorithm>

#include "base/id.h"
#include "base/strings.h"
#include "mediarouter/common/v1/principal.pb.h"
#include "obs/trace_context.h"
#include "rpc/callback_queue.h"

namespace mediarouter::rpc {
namespace {

std::string& Token() {
  static std::string token;
  return token;
}

std::string Metadata(const grpc::ServerContextBase& server, const char* key) {
  const auto found = server.client_metadata().find(key);
  if (found == server.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

// gRPC aborts the process when it is given other bytes as the value of a text key.
bool IsTextMetadata(std::string_view value) {
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

}  // namespace

void SetInternalToken(std::string token) { Token() = std::move(token); }

const std::string& InternalToken() { return Token(); }

std::unique_ptr<grpc::ClientContext> MakeClientContext(const base::CallContext& context) {
  KeepCallbackQueue();
  auto client = std::make_unique<grpc::ClientContext>();
  if (context.deadline != base::CallContext::Clock::time_point::max()) {
    client->set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::system_clock::duration>(
                             context.deadline - base::CallContext::Clock::now()));
  }
  if (IsTextMetadata(context.request_id)) client->AddMetadata(kRequestIdKey, context.request_id);
  if (!context.traceparent.empty()) {
    client->AddMetadata(kTraceparentKey, obs::ChildTraceparent(context.traceparent));
  }
  if (context.principal.role != base::Role::kNone) {
    common::v1::Principal principal;
    principal.set_project_id(context.principal.project_id);
    principal.set_access_key_id(context.principal.access_key_id);
    principal.set_role(static_cast<common::v1::Role>(context.principal.role));
    client->AddMetadata(kPrincipalKey, principal.SerializeAsString());
  }
  if (IsTextMetadata(InternalToken())) client->AddMetadata(kTokenKey, InternalToken());
  return client;
}

base::CallContext FromServerContext(const grpc::ServerContextBase& server) {
  base::CallContext context;
  const auto deadline = server.deadline();
  if (deadline < std::chrono::system_clock::now() + std::chrono::hours(24 * 365)) {
    context.deadline = base::CallContext::Clock::now() +
                       std::chrono::duration_cast<base::CallContext::Clock::duration>(
                           deadline - std::chrono::system_clock::now());
  }
  context.request_id = Metadata(server, kRequestIdKey);
  if (context.request_id.empty()) context.request_id = base::NewId("req_");
  context.traceparent = Metadata(server, kTraceparentKey);
  common::v1::Principal principal;
  if (principal.ParseFromString(Metadata(server, kPrincipalKey))) {
    context.principal.project_id = principal.project_id();
    context.principal.access_key_id = principal.access_key_id();
    context.principal.role = static_cast<base::Role>(principal.role());
  }
  context.cancelled = [&server] { return server.IsCancelled(); };
  return context;
}

bool HasInternalToken(const grpc::ServerContextBase& server) {
  return InternalToken().empty() ||
         base::ConstantTimeEqual(Metadata(server, kTokenKey), InternalToken());
}

}  // namespace mediarouter::rpc
