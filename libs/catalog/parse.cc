#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "base/status.h"
#include "catalog/catalog.h"

// YAML to Catalog. yaml-cpp throws; nothing leaves this file but a Status.
namespace mediarouter::catalog {
namespace {

// A fault at a place of the file.
struct Fault {
  int line;
  std::string what;
};

[[noreturn]] void Fail(const YAML::Node& node, std::string what) {
  throw Fault{node.Mark().line + 1, std::move(what)};
}

template <typename T>
T Required(const YAML::Node& parent, const char* name) {
  const YAML::Node node = parent[name];
  if (!node) Fail(parent, fmt::format("'{}' is missing", name));
  try {
    return node.as<T>();
  } catch (const YAML::Exception&) {
    Fail(node, fmt::format("'{}' has the wrong type", name));
  }
}

template <typename T>
T Optional(const YAML::Node& parent, const char* name, T fallback) {
  return parent[name] ? Required<T>(parent, name) : fallback;
}

void RefuseUnknown(const YAML::Node& node, std::initializer_list<const char*> known) {
  if (!node.IsMap()) Fail(node, "a mapping is expected");
  for (const auto& member : node) {
    const auto name = member.first.as<std::string>();
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      Fail(member.first, fmt::format("'{}' is not known", name));
    }
  }
}

SizeOption ParseSize(const YAML::Node& node) {
  RefuseUnknown(node, {"size", "aspect_ratio", "price"});
  SizeOption size;
  size.size = Required<std::string>(node, "size");
  size.aspect_ratio = Required<std::string>(node, "aspect_ratio");
  const auto dollars = Required<double>(node, "price");
  if (!(dollars >= 0 && dollars < 1000)) Fail(node, "'price' is out of range");
  size.micros_per_second = std::llround(dollars * 1e6);
  return size;
}

Model ParseModel(const YAML::Node& node, const std::string& base_url) {
  RefuseUnknown(node, {"name", "display_name", "upstream", "aliases", "retired", "durations",
                       "default_duration", "sizes", "seed", "fps", "max_prompt_length", "source"});
  Model model;
  model.name = Required<std::string>(node, "name");
  model.display_name = Required<std::string>(node, "display_name");
  model.upstream = Optional<std::string>(node, "upstream", model.name);
  model.aliases = Optional<std::vector<std::string>>(node, "aliases", {});
  if (const YAML::Node retired = node["retired"]) {
    RefuseUnknown(retired, {"since", "at", "successor"});
    const auto at = Optional<std::string>(retired, "at", base_url);
    model.retired = at == base_url;
    model.retired_since = Required<std::string>(retired, "since");
    model.successor = Optional<std::string>(retired, "successor", "");
  }
  model.durations = Required<std::vector<int>>(node, "durations");
  if (model.durations.empty() || !std::is_sorted(model.durations.begin(), model.durations.end()) ||
      model.durations.front() < 1) {
    Fail(node["durations"], "'durations' must be positive and ascending");
  }
  const auto& all = model.durations;
  // Five seconds where the model has them: what clients of the first MediaRouter are used to.
  const bool five = std::find(all.begin(), all.end(), 5) != all.end();
  model.default_duration = Optional<int>(node, "default_duration", five ? 5 : all.front());
  if (std::find(all.begin(), all.end(), model.default_duration) == all.end()) {
    Fail(node, "'default_duration' is not one of the durations");
  }
  for (const YAML::Node& size : Required<YAML::Node>(node, "sizes")) {
    model.sizes.push_back(ParseSize(size));
  }
  if (model.sizes.empty()) Fail(node, "'sizes' is empty");
  model.seed = Optional<bool>(node, "seed", false);
  model.fps = Optional<bool>(node, "fps", false);
  model.max_prompt_length = Required<std::size_t>(node, "max_prompt_length");
  Required<std::string>(node, "source");
  return model;
}

Provider ParseProvider(const YAML::Node& node,
                       const std::map<std::string, std::string>& base_urls) {
  RefuseUnknown(node, {"name", "display_name", "adapter", "base_url", "simulated", "models"});
  Provider provider;
  provider.name = Required<std::string>(node, "name");
  provider.display_name = Required<std::string>(node, "display_name");
  provider.adapter = Required<std::string>(node, "adapter");
  provider.base_url = Required<std::string>(node, "base_url");
  provider.simulated = Optional<bool>(node, "simulated", false);
  if (const auto given = base_urls.find(provider.name);
      given != base_urls.end() && !given->second.empty()) {
    provider.base_url = given->second;
  }
  while (provider.base_url.ends_with('/')) provider.base_url.pop_back();
  for (const YAML::Node& model : Required<YAML::Node>(node, "models")) {
    provider.models.push_back(ParseModel(model, provider.base_url));
  }
  return provider;
}

}  // namespace

absl::StatusOr<Catalog> Catalog::Parse(const std::string& text, const std::string& file,
                                       const std::map<std::string, std::string>& base_urls) {
  try {
    const YAML::Node root = YAML::Load(text);
    RefuseUnknown(root, {"version", "providers"});
    Catalog catalog;
    catalog.version_ = Required<std::string>(root, "version");
    for (const YAML::Node& node : Required<YAML::Node>(root, "providers")) {
      Provider provider = ParseProvider(node, base_urls);
      if (catalog.Find(provider.name) != nullptr) Fail(node, "a second provider of this name");
      if (!provider.base_url.empty()) catalog.providers_.push_back(std::move(provider));
    }
    return catalog;
  } catch (const Fault& fault) {
    return base::InvalidArgument("invalid_catalog", "{}:{}: {}", file, fault.line, fault.what);
  } catch (const YAML::Exception& error) {
    return base::InvalidArgument("invalid_catalog", "{}:{}: {}", file, error.mark.line + 1,
                                 error.msg);
  }
}

absl::StatusOr<Catalog> Catalog::Load(const std::string& path,
                                      const std::map<std::string, std::string>& base_urls) {
  if (path.empty()) return Parse(kCatalogYaml, "catalog.yaml", base_urls);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return base::InvalidArgument("invalid_catalog", "cannot read {}", path);
  return Parse(text.str(), path, base_urls);
}

}  // namespace mediarouter::catalog
