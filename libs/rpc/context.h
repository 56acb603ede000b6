#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/call_context.h"

namespace mediarouter::rpc {

// How a call context travels as gRPC metadata: request id, traceparent, principal, and the
// deadline as gRPC's own.
inline constexpr char kRequestIdKey[] = "x-request-id";
inline constexpr char kTraceparentKey[] = "traceparent";
inline constexpr char kPrincipalKey[] = "mediarouter-principal-bin";
inline constexpr char kTokenKey[] = "mediarouter-internal-token";

// The token that services show each other over TCP until they have certificates. Set once at start,
// before any call; empty: none is sent.
void SetInternalToken(std::string token);
const std::string& InternalToken();

// The only way to make a ClientContext.
std::unique_ptr<grpc::ClientContext> MakeClientContext(const base::CallContext& context);

// The context of a call that came in. `server` must outlive what it is used for: `cancelled` asks
// it.
base::CallContext FromServerContext(const grpc::ServerContextBase& server);

// Whether the call shows the internal token (or none is needed).
bool HasInternalToken(const grpc::ServerContextBase& server);

}  // namespace mediarouter::rpc
