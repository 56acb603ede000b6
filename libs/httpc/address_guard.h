#pragma once

struct sockaddr;

namespace mediarouter::httpc {

// Whether an address belongs to the public internet: IPv4 and IPv6 unicast without every range
// that is private, loopback, link-local, shared (CGNAT), for documentation or benchmarks,
// multicast, reserved, or that embeds an IPv4 address (mapped, NAT64, 6to4, Teredo), which could
// lead to one of these. Families other than IP are not public. Pure.
bool IsPublicAddress(const sockaddr& address);

}  // namespace mediarouter::httpc
