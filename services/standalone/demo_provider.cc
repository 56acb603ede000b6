#include "standalone/demo_provider.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "base/id.h"
#include "base/status.h"
#include "base/status_macros.h"
#include "mediarouter/vault/v1/provider_key_service.grpc.pb.h"
#include "rpc/sync_call.h"

namespace mediarouter::standalone {
namespace {

namespace fs = std::filesystem;
namespace pb = mediarouter::vault::v1;

constexpr std::chrono::seconds kStartTimeout{20};
constexpr std::string_view kReady = "provider-sim listening on ";

fs::path Binary() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "provider-sim";
}

// The child's first line, without its end; "" when none came in time.
std::string ReadLine(int fd) {
  const auto until = std::chrono::steady_clock::now() + kStartTimeout;
  std::string line;
  while (line.find('\n') == std::string::npos && line.size() < 1024) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd wait{.fd = fd, .events = POLLIN};
    if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) <= 0) return {};
    char buffer[256];
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count <= 0) return {};
    line.append(buffer, static_cast<std::size_t>(count));
  }
  return line.substr(0, line.find('\n'));
}

void End(int pid) {
  kill(pid, SIGTERM);
  waitpid(pid, nullptr, 0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DemoProvider>> DemoProvider::Start(const fs::path& state) {
  const fs::path binary = Binary();
  if (access(binary.c_str(), X_OK) != 0) {
    return base::NotFound("provider_sim_missing", "--demo needs {}", binary.string());
  }
  std::error_code error;
  fs::create_directories(state, error);
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return base::Internal("spawn_failed", "no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  // A process group of its own: Ctrl-C reaches this process, which drains first. Signals are
  // blocked here for the thread that waits for them; the child starts with none blocked.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::string name = binary.string();
  std::string folder = state.string();
  std::vector<std::string> words = {name,          "--port", "0", "--exit-with-parent",
                                    "--state-dir", folder};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, name.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(pipe_ends[1]);
  const std::string line = failed == 0 ? ReadLine(pipe_ends[0]) : std::string();
  close(pipe_ends[0]);
  if (!line.starts_with(kReady)) {
    if (failed == 0) End(pid);
    return base::Internal("provider_sim_failed", "provider-sim did not start");
  }
  return std::unique_ptr<DemoProvider>(new DemoProvider(pid, line.substr(kReady.size()) + "/v1"));
}

DemoProvider::~DemoProvider() { End(pid_); }

absl::Status AddDemoKey(const std::shared_ptr<grpc::Channel>& vault) {
  const auto stub = pb::ProviderKeyService::NewStub(vault);
  const auto context = base::CallContext::Background("demo-key", std::chrono::seconds(20));
  pb::ListProviderKeysRequest list;
  list.set_provider("demo");
  MR_ASSIGN_OR_RETURN(const auto keys,
                      rpc::SyncCall<pb::ListProviderKeysResponse>(
                          *stub, &pb::ProviderKeyService::Stub::ListProviderKeys, context, list));
  for (const pb::ProviderKey& key : keys.provider_keys()) {
    if (key.status() == pb::PROVIDER_KEY_STATUS_ACTIVE) return absl::OkStatus();
  }
  pb::CreateProviderKeyRequest create;
  create.set_provider("demo");
  create.set_name("simulated");
  create.set_secret("demo-simulated-key");
  create.set_request_id(base::NewId("demo-"));
  return rpc::SyncCall<pb::ProviderKey>(*stub, &pb::ProviderKeyService::Stub::CreateProviderKey,
                                        context, create)
      .status();
}

}  // namespace mediarouter::standalone
