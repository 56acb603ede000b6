#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/environment.h"

namespace mediarouter::standalone {

// All settings of all services, each once, in the order in which a reader meets them.
std::vector<const base::Setting*> AllSettings();

// As the text of an .env file with every line commented out, or as a Markdown table.
std::string SettingsAsEnv();
std::string SettingsAsMarkdown();

}  // namespace mediarouter::standalone
