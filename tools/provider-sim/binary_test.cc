#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/sim_client.h"

extern char** environ;

namespace mediarouter::sim {
namespace {

// The real binary as a child of this test.
class Binary {
 public:
  explicit Binary(std::vector<std::string> arguments, const std::string& program = PROVIDER_SIM) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
  }
  ~Binary() {
    if (pid_ > 0) End(SIGKILL);
    fclose(output_);
  }
  Binary(const Binary&) = delete;
  Binary& operator=(const Binary&) = delete;

  // "" once the output is at its end, which is when all who hold it have ended.
  std::string ReadLine() {
    std::string line;
    for (int c = fgetc(output_); c != EOF && c != '\n'; c = fgetc(output_)) {
      line += static_cast<char>(c);
    }
    return line;
  }

  int ReadPort() {
    const std::string line = ReadLine();
    INFO(line);
    REQUIRE(line.starts_with("provider-sim listening on http://127.0.0.1:"));
    return std::stoi(line.substr(line.rfind(':') + 1));
  }

  // The wait status.
  int End(int signal) {
    kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

TEST_CASE("the binary says where it listens, serves, and ends at SIGTERM", "[binary]") {
  Binary binary({"--port", "0", "--render-seconds", "0"});
  const SimClient client(binary.ReadPort());
  const std::string id = client.Create("a cat");
  const testing::HttpAnswer video = client.Call("GET", "/v1/videos/" + id + "/content");
  CHECK(video.status == 200);
  CHECK(video.body.find("moov") < video.body.find("mdat"));
  const int status = binary.End(SIGTERM);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(binary.ReadLine().empty());
}

TEST_CASE("jobs survive a kill and go on by the clock on the wall", "[binary]") {
  std::string dir = "/tmp/provider-sim-XXXXXX";
  REQUIRE(mkdtemp(dir.data()) != nullptr);
  const std::vector<std::string> arguments = {"--port", "0",           "--render-seconds",
                                              "3600",   "--state-dir", dir};
  std::string id;
  std::int64_t created_at = 0;
  {
    Binary binary(arguments);
    const SimClient client(binary.ReadPort());
    id = client.Create("a cat");
    created_at = client.Json("GET", "/v1/videos/" + id).at("created_at").as_int64();
    binary.End(SIGKILL);
  }
  {
    Binary binary(arguments);
    const SimClient client(binary.ReadPort());
    const auto video = client.Json("GET", "/v1/videos/" + id);
    CHECK(video.at("created_at").as_int64() == created_at);
    CHECK(video.at("prompt") == "a cat");
    CHECK(client.Stat("paid") == 1);
  }
  std::filesystem::remove_all(dir);
}

TEST_CASE("the binary ends with its parent when told to", "[binary]") {
  // Whatever started it is killed; its output ends when the simulator has followed.
  Binary shell({"-c", std::string(PROVIDER_SIM) + " --exit-with-parent & exec sleep 600"},
               "/bin/sh");
  shell.ReadPort();
  shell.End(SIGKILL);
  CHECK(shell.ReadLine().empty());
}

TEST_CASE("a port that is taken, or no port, is an error", "[binary]") {
  Binary first({"--port", "0"});
  Binary second({"--port", std::to_string(first.ReadPort())});
  CHECK(second.ReadLine().empty());
  Binary third({"--port", "65536"});
  CHECK(third.ReadLine().find("listening") == std::string::npos);
}

}  // namespace
}  // namespace mediarouter::sim
