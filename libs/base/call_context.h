#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>

namespace mediarouter::base {

// Who asks. Only the gateway asserts one for a client; inside, services trust it.
enum class Role {
  kNone,     // nobody authenticated: a service's own call
  kMember,   // an access key of a project
  kAdmin,    // an access key that may also manage keys
  kGateway,  // the gateway vouches itself, by a link that it signed
};

struct Principal {
  std::string project_id;
  std::string access_key_id;
  Role role = Role::kNone;
};

// What travels with each call through all services: first argument of each domain method.
// A value; copying is cheap enough for a call. Deadlines are steady time points inside a process
// and durations on the wire.
struct CallContext {
  using Clock = std::chrono::steady_clock;

  Clock::time_point deadline = Clock::time_point::max();
  std::string request_id;
  std::string traceparent;  // W3C trace context, "" when there is none
  Principal principal;
  std::function<bool()> cancelled;  // unset: cannot be cancelled

  bool Cancelled() const { return cancelled && cancelled(); }
  bool Expired() const { return Clock::now() >= deadline; }

  // Time left, never negative; at most `cap`.
  std::chrono::milliseconds Remaining(std::chrono::milliseconds cap) const {
    if (deadline == Clock::time_point::max()) return cap;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    return std::clamp(left, std::chrono::milliseconds(0), cap);
  }

  // A service's own work, not on behalf of a client.
  static CallContext Background(std::string request_id, std::chrono::milliseconds budget) {
    CallContext context;
    context.deadline = Clock::now() + budget;
    context.request_id = std::move(request_id);
    return context;
  }
};

}  // namespace mediarouter::base
