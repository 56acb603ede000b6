#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string_view>

#include "http/message.h"
#include "sim/faults.h"

// Carries out the faults that befall whole requests; the ones of jobs are the protocol's.
namespace mediarouter::sim {

// How a protocol words an error of this status.
using ErrorShape = http::Response (*)(int status, std::string_view message);

// What comes before the request is carried out: the latency, then an answer for a request that is
// not to be carried out at all.
boost::asio::awaitable<std::optional<http::Response>> Before(const Plan& plan, ErrorShape shape);

// What the client gets instead of `response`, the answer to a request that was carried out.
http::Response After(const Plan& plan, http::Response response, ErrorShape shape);

}  // namespace mediarouter::sim
