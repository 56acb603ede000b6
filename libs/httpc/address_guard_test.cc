#include "httpc/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <string>

namespace mediarouter::httpc {
namespace {

bool IsPublic(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == std::string::npos) {
    auto* ip = reinterpret_cast<sockaddr_in*>(&storage);
    ip->sin_family = AF_INET;
    REQUIRE(inet_pton(AF_INET, text.c_str(), &ip->sin_addr) == 1);
  } else {
    auto* ip = reinterpret_cast<sockaddr_in6*>(&storage);
    ip->sin6_family = AF_INET6;
    REQUIRE(inet_pton(AF_INET6, text.c_str(), &ip->sin6_addr) == 1);
  }
  return IsPublicAddress(reinterpret_cast<const sockaddr&>(storage));
}

TEST_CASE("public addresses pass", "[httpc][guard]") {
  const auto* address =
      GENERATE("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
               "126.255.255.255", "128.0.0.1", "169.253.255.255", "172.15.255.255", "172.32.0.0",
               "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
               "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:800::200e", "2001:200::1",
               "3fff:1000::1");
  CAPTURE(address);
  CHECK(IsPublic(address));
}

TEST_CASE("special addresses do not", "[httpc][guard]") {
  const auto* address = GENERATE(
      "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
      "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
      "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
      "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
      // IPv6
      "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::808:808",
      "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff::1",
      "2001:db8::1", "2002:7f00:1::1", "3ffe::1", "3fff::1", "5f00::1", "fc00::1", "fdff::1",
      "fe80::1", "fec0::1", "ff02::1");
  CAPTURE(address);
  CHECK_FALSE(IsPublic(address));
}

TEST_CASE("other families are not public", "[httpc][guard]") {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  CHECK_FALSE(IsPublicAddress(reinterpret_cast<const sockaddr&>(local)));
}

}  // namespace
}  // namespace mediarouter::httpc
