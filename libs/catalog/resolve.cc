#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"
#include "catalog/catalog.h"

namespace mediarouter::catalog {
namespace {

struct Found {
  const Provider* provider;
  const Model* model;
};

bool Names(const Model& model, std::string_view name) {
  return model.name == name ||
         std::find(model.aliases.begin(), model.aliases.end(), name) != model.aliases.end();
}

template <typename Range, typename Name>
std::string Join(const Range& range, Name name) {
  std::string text;
  for (const auto& item : range) text += fmt::format("{}{}", text.empty() ? "" : ", ", name(item));
  return text;
}

absl::StatusOr<Found> FindModel(const Catalog& catalog, const Wish& wish) {
  std::string provider_name = wish.provider;
  std::string model_name = wish.model;
  if (const auto slash = model_name.find('/'); slash != std::string::npos) {
    const std::string prefix = model_name.substr(0, slash);
    // A model's own name may hold a slash: only a known provider counts as a prefix.
    if (catalog.Find(prefix) != nullptr) {
      if (!provider_name.empty() && provider_name != prefix) {
        return base::WithParam(base::InvalidArgument("model_provider_mismatch",
                                                     "model names provider '{}', provider is '{}'",
                                                     prefix, provider_name),
                               "provider");
      }
      provider_name = prefix;
      model_name = model_name.substr(slash + 1);
    }
  }
  if (!provider_name.empty() && catalog.Find(provider_name) == nullptr) {
    return base::WithParam(
        base::InvalidArgument("provider_not_found", "provider '{}' is not known; known: {}",
                              provider_name,
                              Join(catalog.providers(), [](const Provider& p) { return p.name; })),
        "provider");
  }
  const Provider* elsewhere = nullptr;
  for (const Provider& provider : catalog.providers()) {
    for (const Model& model : provider.models) {
      if (!Names(model, model_name)) continue;
      if (provider_name.empty() || provider.name == provider_name) return Found{&provider, &model};
      elsewhere = &provider;
    }
  }
  if (elsewhere != nullptr) {
    return base::WithParam(base::InvalidArgument("model_provider_mismatch",
                                                 "model '{}' is one of provider '{}', not of '{}'",
                                                 model_name, elsewhere->name, provider_name),
                           "provider");
  }
  std::string known;
  for (const Provider& provider : catalog.providers()) {
    if (!provider_name.empty() && provider.name != provider_name) continue;
    for (const Model& model : provider.models) {
      if (!model.retired) known += (known.empty() ? "" : ", ") + model.name;
    }
  }
  return base::WithParam(
      base::InvalidArgument("model_not_found", "model '{}' is not known; available: {}", wish.model,
                            known.empty() ? "none" : known),
      "model");
}

absl::Status CheckPrompt(const Model& model, const Wish& wish) {
  if (!wish.prompt) return absl::OkStatus();
  if (base::Trim(*wish.prompt).empty()) {
    return base::WithParam(
        base::InvalidArgument("missing_required_parameter", "prompt must not be empty"), "prompt");
  }
  if (const std::size_t length = base::CodePoints(*wish.prompt); length > model.max_prompt_length) {
    return base::WithParam(
        base::InvalidArgument("prompt_too_long", "prompt has {} characters; {} takes at most {}",
                              length, model.name, model.max_prompt_length),
        "prompt");
  }
  return absl::OkStatus();
}

absl::StatusOr<const SizeOption*> ChooseSize(const Model& model, const Wish& wish) {
  if (wish.size) {
    for (const SizeOption& option : model.sizes) {
      if (option.size != *wish.size) continue;
      if (wish.aspect_ratio && *wish.aspect_ratio != option.aspect_ratio) {
        return base::WithParam(
            base::InvalidArgument("unsupported_value", "size {} is {}, not aspect_ratio '{}'",
                                  option.size, option.aspect_ratio, *wish.aspect_ratio),
            "aspect_ratio");
      }
      return &option;
    }
    return base::WithParam(
        base::InvalidArgument("unsupported_value", "{} has no size '{}'; allowed: {}", model.name,
                              *wish.size,
                              Join(model.sizes, [](const SizeOption& s) { return s.size; })),
        "size");
  }
  if (!wish.aspect_ratio) return &model.sizes.front();
  std::vector<std::string> ratios;
  for (const SizeOption& option : model.sizes) {
    if (option.aspect_ratio == *wish.aspect_ratio) return &option;
    if (std::find(ratios.begin(), ratios.end(), option.aspect_ratio) == ratios.end()) {
      ratios.push_back(option.aspect_ratio);
    }
  }
  return base::WithParam(
      base::InvalidArgument("unsupported_value", "{} has no aspect_ratio '{}'; allowed: {}",
                            model.name, *wish.aspect_ratio, fmt::join(ratios, ", ")),
      "aspect_ratio");
}

absl::Status CheckExtras(const Model& model, const Wish& wish) {
  const auto refuse = [&](const char* name) {
    return base::WithParam(
        base::InvalidArgument("unsupported_parameter", "{} does not take {}", model.name, name),
        name);
  };
  if (wish.seed && !model.seed) return refuse("seed");
  if (wish.fps && !model.fps) return refuse("fps");
  return absl::OkStatus();
}

}  // namespace

const Provider* Catalog::Find(std::string_view provider) const {
  for (const Provider& each : providers_) {
    if (each.name == provider) return &each;
  }
  return nullptr;
}

absl::StatusOr<Choice> Catalog::Resolve(const Wish& wish) const {
  if (wish.model.empty()) {
    return base::WithParam(base::InvalidArgument("missing_required_parameter", "model is required"),
                           "model");
  }
  MR_ASSIGN_OR_RETURN(const Found found, FindModel(*this, wish));
  const Model& model = *found.model;
  if (model.retired) {
    return base::WithParam(
        base::InvalidArgument("model_retired", "{} was switched off by its provider on {}{}{}",
                              model.name, model.retired_since,
                              model.successor.empty() ? "" : "; use ", model.successor),
        "model");
  }
  MR_RETURN_IF_ERROR(CheckPrompt(model, wish));
  const int duration = wish.duration.value_or(model.default_duration);
  const auto& durations = model.durations;
  if (std::find(durations.begin(), durations.end(), duration) == durations.end()) {
    return base::WithParam(
        base::InvalidArgument("unsupported_value", "{} has no duration of {} s; allowed: {}",
                              model.name, duration, fmt::join(durations, ", ")),
        "duration");
  }
  MR_ASSIGN_OR_RETURN(const SizeOption* const size, ChooseSize(model, wish));
  MR_RETURN_IF_ERROR(CheckExtras(model, wish));
  return Choice{found.provider, &model, size, duration, size->micros_per_second * duration};
}

}  // namespace mediarouter::catalog
