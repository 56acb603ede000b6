#include "service/run_service.h"

#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "base/status_macros.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "rpc/context.h"
#include "service/settings.h"

namespace mediarouter::service {
namespace {

constexpr std::size_t kMinTokenLength = 32;

// Lives until the process ends.
std::unique_ptr<obs::MetricsServer>& Metrics() {
  static std::unique_ptr<obs::MetricsServer> server;
  return server;
}

}  // namespace

std::span<const base::Setting* const> CommonSettings() {
  static constexpr const base::Setting* kAll[] = {
      &kDatabaseUrl,       &kDatabasePoolSize,     &kStoragePath,         &kLogLevel,
      &kLogFormat,         &kMetricsAddress,       &kDrainSeconds,        &kInternalToken,
      &kGrpcListen,        &kKeyVaultAddress,      &kOrchestratorAddress, &kWorkerAddress,
      &kMediaStoreAddress, &kSubmitTimeoutSeconds, &kCatalogPath,         &kOpenAiBaseUrl,
      &kDemoBaseUrl};
  return kAll;
}

std::map<std::string, std::string> ProviderBaseUrls(base::ConfigReader& read) {
  return {{"openai", read.Text(kOpenAiBaseUrl)}, {"demo", read.Text(kDemoBaseUrl)}};
}

std::string ListenAddress(const std::string& name, base::ConfigReader& read) {
  std::string address = read.Text(kGrpcListen);
  if (address.empty()) address = "unix:/run/mediarouter/" + name + ".sock";
  return address;
}

absl::Status InitProcess(const std::string& name, const base::Environment& env) {
  base::ConfigReader read(env);
  obs::LogConfig log{.service = name, .level = obs::ParseLevel(read.Text(kLogLevel))};
  const std::string format = read.Text(kLogFormat);
  log.json = format == "json" || (format == "auto" && isatty(STDERR_FILENO) == 0);
  const base::SecretString token = read.Secret(kInternalToken);
  if (!token.empty() && token.Reveal().size() < kMinTokenLength) {
    read.Fault(kInternalToken, fmt::format("needs at least {} characters", kMinTokenLength));
  }
  const std::string metrics = read.Text(kMetricsAddress);
  MR_RETURN_IF_ERROR(read.Finish());
  obs::InitLog(log);
  // Debian builds Abseil with its debug checks: each lock that gRPC takes would be entered into one
  // graph of all locks, under a lock of its own.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  rpc::SetInternalToken(std::string(token.Reveal()));
  if (metrics != "off") {
    Metrics() = obs::MetricsServer::Start(metrics);
    if (Metrics()) {
      obs::Log(obs::Level::kInfo, "metrics are served", {{"port", Metrics()->port()}});
    }
  }
  return absl::OkStatus();
}

int RunService(const std::string& name, int argc, char** argv,
               const std::function<absl::Status(const base::Environment&, base::Shutdown&)>& run) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument(argv[i]);
    if (argument == "--version") {
      fmt::print("mediarouter-{} {}\n", name, MEDIAROUTER_VERSION);
      return 0;
    }
    const bool help = argument == "--help" || argument == "-h";
    fmt::print(help ? stdout : stderr,
               "usage: mediarouter-{} [--version]\nConfigured by environment variables; "
               "`mediarouter settings` lists them.\n",
               name);
    return help ? 0 : 2;
  }
  base::Shutdown shutdown;
  shutdown.HandleSignals();
  const base::Environment env = base::ProcessEnvironment();
  absl::Status status = InitProcess(name, env);
  if (status.ok()) status = run(env, shutdown);
  if (!status.ok()) {
    obs::Log(obs::Level::kError, "the service ended", {{"error", base::Describe(status)}});
    return 1;
  }
  return 0;
}

}  // namespace mediarouter::service
