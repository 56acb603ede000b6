#include "standalone/settings_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "gateway/app.h"
#include "generation/app.h"
#include "media/app.h"
#include "service/settings.h"
#include "standalone/data_dir.h"
#include "vault/app.h"
#include "worker/app.h"

namespace mediarouter::standalone {

std::vector<const base::Setting*> AllSettings() {
  std::vector<const base::Setting*> all;
  const auto add = [&](std::span<const base::Setting* const> table) {
    for (const base::Setting* setting : table) {
      const auto same = [&](const base::Setting* other) {
        return std::string_view(other->name) == setting->name;
      };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(setting);
    }
  };
  add(gateway::Settings());
  const base::Setting* const own[] = {&kDataDir};
  add(own);
  add(service::CommonSettings());
  add(vault::Settings());
  add(generation::Settings());
  add(worker::Settings());
  add(media::Settings());
  return all;
}

std::string SettingsAsEnv() {
  std::string text =
      "# Settings of MediaRouter, all optional in the standalone form. Printed by\n"
      "# `mediarouter settings --format env`. A secret X is also read from the file that X_FILE "
      "names.\n";
  for (const base::Setting* setting : AllSettings()) {
    text += fmt::format("\n# {}\n#{}={}\n", setting->help, setting->name, setting->fallback);
  }
  return text;
}

std::string SettingsAsMarkdown() {
  std::string text = "| variable | default | meaning |\n|---|---|---|\n";
  for (const base::Setting* setting : AllSettings()) {
    const std::string_view fallback = setting->fallback;
    text += fmt::format("| `{}` | {} | {}{} |\n", setting->name,
                        fallback.empty() ? "" : fmt::format("`{}`", fallback), setting->help,
                        setting->secret ? fmt::format(" (or `{}_FILE`)", setting->name) : "");
  }
  return text;
}

}  // namespace mediarouter::standalone
