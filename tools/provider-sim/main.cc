#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "base/shutdown.h"
#include "base/status.h"
#include "obs/log.h"
#include "sim/app.h"

namespace {

// Ten thousand clients need as many descriptors; the usual soft limit is 1024.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mediarouter;
  CLI::App cli("Simulates providers of generated video, for tests and for the demo.");
  sim::Config config;
  double render_seconds = 2;
  std::vector<std::string> keys;
  bool exit_with_parent = false;
  cli.add_option("--port", config.port, "0 takes any free port")->check(CLI::Range(0, 65535));
  cli.add_option("--host", config.host, "address to listen on");
  cli.add_option("--state-dir", config.state_dir, "keep jobs in this folder across restarts");
  cli.add_option("--render-seconds", render_seconds, "from accepted to completed")
      ->check(CLI::Range(0.0, 604800.0));
  cli.add_option("--api-key", keys, "the only keys to accept; may be repeated");
  cli.add_flag("--exit-with-parent", exit_with_parent, "end when the thread that started it ends");
  CLI11_PARSE(cli, argc, argv);
  config.render = std::chrono::milliseconds(std::llround(render_seconds * 1000));
  config.api_keys = {keys.begin(), keys.end()};

  base::Shutdown shutdown;
  shutdown.HandleSignals();
  if (exit_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
  RaiseDescriptorLimit();
  obs::InitLog({.service = "provider-sim"});

  auto app = sim::App::Start(config);
  if (!app.ok()) {
    obs::Log(obs::Level::kError, "cannot start", {{"error", base::Describe(app.status())}});
    return 1;
  }
  fmt::print("provider-sim listening on http://{}:{}\n", config.host, (*app)->port());
  std::fflush(stdout);
  shutdown.Wait();
  (*app)->Stop();
  return 0;
}
