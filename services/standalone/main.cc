#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/status.h"
#include "base/status_macros.h"
#include "obs/log.h"
#include "service/run_service.h"
#include "service/settings.h"
#include "standalone/migrate.h"
#include "standalone/serve.h"
#include "standalone/settings_command.h"

namespace {

using namespace mediarouter;

int Finish(const absl::Status& status) {
  if (status.ok()) return 0;
  fmt::print(stderr, "mediarouter: {}\n", base::Message(status));
  return 1;
}

absl::Status Serve(const standalone::ServeOptions& options) {
  // Before any other thread: they all inherit the blocked signals.
  base::Shutdown shutdown;
  shutdown.HandleSignals();
  const base::Environment env = base::ProcessEnvironment();
  MR_RETURN_IF_ERROR(service::InitProcess("mediarouter", env));
  const std::vector<const base::Setting*> known = standalone::AllSettings();
  for (const std::string& name : base::UnknownSettings(env, known)) {
    obs::Log(obs::Level::kWarn, "unknown setting", {{"name", name}});
  }
  return standalone::Serve(env, options, shutdown);
}

absl::Status Migrate() {
  const base::Environment env = base::ProcessEnvironment();
  base::ConfigReader read(env);
  const base::SecretString url = read.Secret(service::kDatabaseUrl);
  if (url.empty()) read.Fault(service::kDatabaseUrl, "is required");
  MR_RETURN_IF_ERROR(read.Finish());
  return standalone::MigrateAll(std::string(url.Reveal()));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("One REST API in front of every AI video provider.", "mediarouter");
  app.set_version_flag("--version", std::string("mediarouter ") + MEDIAROUTER_VERSION);
  app.require_subcommand(1);

  standalone::ServeOptions options;
  CLI::App* serve = app.add_subcommand("serve", "Run all services in one process.");
  serve->add_flag("--demo", options.demo, "Start the simulator as provider `demo`.");
  CLI::App* migrate =
      app.add_subcommand("migrate", "Bring the database at DATABASE_URL up to date.");
  std::string format = "env";
  CLI::App* settings = app.add_subcommand("settings", "Print all environment variables.");
  settings->add_option("--format", format, "env or markdown")
      ->check(CLI::IsMember({"env", "markdown"}));

  CLI11_PARSE(app, argc, argv);
  if (*serve) return Finish(Serve(options));
  if (*migrate) return Finish(Migrate());
  if (*settings) {
    fmt::print("{}",
               format == "env" ? standalone::SettingsAsEnv() : standalone::SettingsAsMarkdown());
  }
  return 0;
}
