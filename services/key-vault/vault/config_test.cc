#include "vault/config.h"

#include <catch2/catch.hpp>
#include <string>

#include "support/status_matchers.h"

namespace mediarouter::vault {
namespace {

const std::string kKey(32, 'k');

base::Environment Good() { return {{"DATABASE_URL", "postgresql://db"}, {"ENCRYPTION_KEY", kKey}}; }

TEST_CASE("the least that key-vault needs", "[unit][config]") {
  const auto config = Config::FromEnv(Good());
  REQUIRE_OK(config);
  CHECK(config->admin_key.empty());
  CHECK(config->listen_address.empty());
  CHECK(config->database_pool_size == 8);
}

TEST_CASE("all faults of a configuration come at once", "[unit][config]") {
  const auto config = Config::FromEnv({{"MEDIAROUTER_ADMIN_KEY", "too short"}});
  CHECK_FAILS(config, absl::StatusCode::kInvalidArgument, "invalid_configuration");
  const std::string text(base::Message(config.status()));
  for (const char* name : {"DATABASE_URL", "ENCRYPTION_KEY", "MEDIAROUTER_ADMIN_KEY"}) {
    CHECK(text.find(name) != std::string::npos);
  }
  CHECK(text.find("too short") == std::string::npos);
}

TEST_CASE("admin keys are 32 to 512 printable characters without spaces", "[unit][config]") {
  const auto [key, good] = GENERATE(table<std::string, bool>({{std::string(32, '!'), true},
                                                              {std::string(512, '~'), true},
                                                              {std::string(31, 'a'), false},
                                                              {std::string(513, 'a'), false},
                                                              {std::string(32, 'a') + " b", false},
                                                              {std::string(32, 'a') + "\n", false},
                                                              {std::string(32, '\xe9'), false}}));
  base::Environment env = Good();
  env["MEDIAROUTER_ADMIN_KEY"] = key;
  CHECK(Config::FromEnv(env).ok() == good);
}

TEST_CASE("a rotated encryption key is taken, a short one is not", "[unit][config]") {
  base::Environment env = Good();
  env["ENCRYPTION_KEY"] = "2:" + kKey + ",1:" + kKey;
  CHECK_OK(Config::FromEnv(env));
  env["ENCRYPTION_KEY"] = "short";
  CHECK_FAILS(Config::FromEnv(env), absl::StatusCode::kInvalidArgument, "invalid_configuration");
}

}  // namespace
}  // namespace mediarouter::vault
