#include "base/environment.h"

#include <unistd.h>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "support/status_matchers.h"

namespace mediarouter::base {
namespace {

constexpr Setting kText{"TEXT", "fallback", "a text"};
constexpr Setting kNumber{"NUMBER", "8", "a number"};
constexpr Setting kSwitch{"SWITCH", "false", "a switch"};
constexpr Setting kTime{"TIME", "2.5", "seconds"};
constexpr Setting kNames{"NAMES", "", "a list"};
constexpr Setting kSecret{"SECRET", "", "a secret", true};

// A file with `text` for as long as it lives.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    const int file = mkstemp(path_);
    REQUIRE(file >= 0);
    close(file);
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/environment_test_XXXXXX";
};

TEST_CASE("an unset or empty variable means the fallback", "[unit][environment]") {
  for (const Environment& env : {Environment{}, Environment{{"TEXT", ""}, {"NUMBER", ""}}}) {
    ConfigReader read(env);
    CHECK(read.Text(kText) == "fallback");
    CHECK(read.Int(kNumber, 1, 9) == 8);
    CHECK_FALSE(read.IsSet(kText));
    CHECK_OK(read.Finish());
  }
}

TEST_CASE("whole numbers within their limits", "[unit][environment]") {
  const auto [text, good] = GENERATE(table<std::string, bool>({{"1", true},
                                                               {"65535", true},
                                                               {"0", false},
                                                               {"65536", false},
                                                               {"7x", false},
                                                               {" 7", false},
                                                               {"1e3", false},
                                                               {"99999999999999999999", false}}));
  const Environment env{{"NUMBER", text}};
  ConfigReader read(env);
  const auto value = read.Int(kNumber, 1, 65535);
  CHECK(read.Finish().ok() == good);
  if (good) CHECK(std::to_string(value) == text);
}

TEST_CASE("switches in the usual words", "[unit][environment]") {
  const auto [text, on, good] = GENERATE(table<std::string, bool, bool>({{"true", true, true},
                                                                         {"ON", true, true},
                                                                         {"1", true, true},
                                                                         {"no", false, true},
                                                                         {"False", false, true},
                                                                         {"maybe", false, false}}));
  const Environment env{{"SWITCH", text}};
  ConfigReader read(env);
  CHECK(read.Bool(kSwitch) == on);
  CHECK(read.Finish().ok() == good);
}

TEST_CASE("seconds may have a fraction but not be nothing", "[unit][environment]") {
  const auto [text, ms] = GENERATE(table<std::string, int>(
      {{"", 2500}, {"1.5", 1500}, {"0.0001", 1}, {"0", -1}, {"-1", -1}, {"nan", -1}, {"2s", -1}}));
  const Environment env{{"TIME", text}};
  ConfigReader read(env);
  const auto value = read.Seconds(kTime);
  CHECK(read.Finish().ok() == (ms > 0));
  if (ms > 0) CHECK(value.count() == ms);
}

TEST_CASE("lists are split at commas, without blanks and gaps", "[unit][environment]") {
  const Environment env{{"NAMES", " a, b c ,,d,"}};
  CHECK(ConfigReader(env).List(kNames) == std::vector<std::string>{"a", "b c", "d"});
  CHECK(ConfigReader({}).List(kNames).empty());
}

TEST_CASE("secrets come from the variable or from a file", "[unit][environment]") {
  const TemporaryFile file(" from the file\n");
  SECTION("the variable wins") {
    const Environment env{{"SECRET", "direct"}, {"SECRET_FILE", file.path()}};
    CHECK(ConfigReader(env).Secret(kSecret).Reveal() == "direct");
  }
  SECTION("the file's text without blanks around it") {
    const Environment env{{"SECRET_FILE", file.path()}};
    ConfigReader read(env);
    CHECK(read.Secret(kSecret).Reveal() == "from the file");
    CHECK(read.IsSet(kSecret));
  }
  SECTION("a file that cannot be read is a fault") {
    for (const char* path : {"/nowhere/at/all", "/tmp"}) {
      const Environment env{{"SECRET_FILE", path}};
      ConfigReader read(env);
      CHECK(read.Secret(kSecret).empty());
      CHECK_FAILS(read.Finish(), absl::StatusCode::kInvalidArgument, "invalid_configuration");
    }
  }
  SECTION("only secrets do so") {
    const Environment env{{"TEXT_FILE", file.path()}};
    CHECK(ConfigReader(env).Text(kText) == "fallback");
  }
}

TEST_CASE("all faults are told at once", "[unit][environment]") {
  const Environment env{{"NUMBER", "many"}, {"SWITCH", "perhaps"}};
  ConfigReader read(env);
  read.Int(kNumber, 1, 9);
  read.Bool(kSwitch);
  read.Fault(kText, "is odd");
  const absl::Status faults = read.Finish();
  for (const char* name : {"NUMBER", "SWITCH", "TEXT: is odd"}) {
    CHECK(Message(faults).find(name) != std::string_view::npos);
  }
}

TEST_CASE("misspelt names of ours are found", "[unit][environment]") {
  constexpr Setting kKey{"MEDIAROUTER_KEY", "", "", true};
  constexpr Setting kPlain{"MEDIAROUTER_PLAIN", "", ""};
  const Setting* const known[] = {&kKey, &kPlain};
  const Environment env{{"MEDIAROUTER_KEY_FILE", "x"},
                        {"MEDIAROUTER_PLAIN", "x"},
                        {"MEDIAROUTER_PLAIN_FILE", "x"},
                        {"MEDIAROUTER_KYE", "x"},
                        {"PATH", "x"}};
  CHECK(UnknownSettings(env, known) ==
        std::vector<std::string>{"MEDIAROUTER_KYE", "MEDIAROUTER_PLAIN_FILE"});
}

}  // namespace
}  // namespace mediarouter::base
