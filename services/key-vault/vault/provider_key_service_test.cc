#include "vault/provider_key_service.h"

#include <catch2/catch.hpp>
#include <string>

namespace mediarouter::vault {
namespace {

TEST_CASE("a preview shows enough to recognise a key, never most of it", "[unit][provider_key]") {
  const auto [secret, preview] = GENERATE(table<std::string, std::string>({
      {"sk-proj-abcdefghijklmnop-wxyz", "sk-...wxyz"},
      {"123456789012", "123...9012"},
      {"12345678901", "...01"},
      {"12345678", "...78"},
      {"1234567", "..."},
      {"1", "..."},
  }));
  CHECK(Preview(secret) == preview);
}

}  // namespace
}  // namespace mediarouter::vault
