#include "httpc/address_guard.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace mediarouter::httpc {
namespace {

using Ipv6 = std::array<std::uint8_t, 16>;

struct Range4 {
  std::uint32_t first;
  int bits;
};

constexpr std::uint32_t Dotted(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// IANA's special-purpose registry (RFC 6890 and later), multicast, and class E.
constexpr Range4 kForbidden4[] = {
    {Dotted(0, 0, 0, 0), 8},        // this network
    {Dotted(10, 0, 0, 0), 8},       // private
    {Dotted(100, 64, 0, 0), 10},    // shared by carriers
    {Dotted(127, 0, 0, 0), 8},      // loopback
    {Dotted(169, 254, 0, 0), 16},   // link-local, cloud metadata
    {Dotted(172, 16, 0, 0), 12},    // private
    {Dotted(192, 0, 0, 0), 24},     // protocol assignments
    {Dotted(192, 0, 2, 0), 24},     // documentation
    {Dotted(192, 31, 196, 0), 24},  // AS112
    {Dotted(192, 52, 193, 0), 24},  // AMT
    {Dotted(192, 88, 99, 0), 24},   // 6to4 relays
    {Dotted(192, 168, 0, 0), 16},   // private
    {Dotted(192, 175, 48, 0), 24},  // AS112
    {Dotted(198, 18, 0, 0), 15},    // benchmarks
    {Dotted(198, 51, 100, 0), 24},  // documentation
    {Dotted(203, 0, 113, 0), 24},   // documentation
    {Dotted(224, 0, 0, 0), 4},      // multicast
    {Dotted(240, 0, 0, 0), 4},      // reserved, broadcast
};

struct Range6 {
  Ipv6 first;
  int bits;
};

// Outside 2000::/3 nothing is global unicast: that covers ::, ::1, mapped and compatible IPv4,
// NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard, ULA, link-local, site-local and multicast.
// These are the exceptions inside.
constexpr Range6 kForbidden6[] = {
    {{0x20, 0x01, 0x00}, 23},              // protocol assignments: Teredo, ORCHID, benchmarks
    {{0x20, 0x01, 0x0d, 0xb8}, 32},        // documentation
    {{0x20, 0x02}, 16},                    // 6to4
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48},  // AS112
    {{0x3f, 0xfe}, 16},                    // the former 6bone
    {{0x3f, 0xff}, 20},                    // documentation
};

bool Contains(const Range4& range, std::uint32_t address) {
  return (address ^ range.first) >> (32 - range.bits) == 0;
}

bool Contains(const Range6& range, const Ipv6& address) {
  const int whole = range.bits / 8;
  if (std::memcmp(range.first.data(), address.data(), whole) != 0) return false;
  const int rest = range.bits % 8;
  return rest == 0 || (range.first[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool IsPublic4(std::uint32_t address) {
  for (const Range4& range : kForbidden4) {
    if (Contains(range, address)) return false;
  }
  return true;
}

bool IsPublic6(const Ipv6& address) {
  if (address[0] >> 5 != 1) return false;
  for (const Range6& range : kForbidden6) {
    if (Contains(range, address)) return false;
  }
  return true;
}

}  // namespace

bool IsPublicAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in ip;
    std::memcpy(&ip, &address, sizeof ip);
    return IsPublic4(ntohl(ip.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 ip;
    std::memcpy(&ip, &address, sizeof ip);
    Ipv6 bytes;
    std::memcpy(bytes.data(), &ip.sin6_addr, bytes.size());
    return IsPublic6(bytes);
  }
  return false;
}

}  // namespace mediarouter::httpc
