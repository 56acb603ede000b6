#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What can be asked of whom and what it costs: catalog.yaml, read once. All money is integer
// micro-dollars. Immutable after Parse, so thread-safe.
namespace mediarouter::catalog {

struct SizeOption {
  std::string size;          // "1280x720"
  std::string aspect_ratio;  // "16:9"
  std::int64_t micros_per_second = 0;
};

struct Model {
  std::string name;
  std::string display_name;
  std::string upstream;  // the provider's own name for it
  std::vector<std::string> aliases;
  bool retired = false;
  std::string retired_since;   // "2026-09-24", for people
  std::string successor;       // what to use instead, "" when nothing
  std::vector<int> durations;  // seconds, ascending
  int default_duration = 0;
  std::vector<SizeOption> sizes;  // the default first; the first of a ratio is that ratio's default
  bool seed = false;
  bool fps = false;
  std::size_t max_prompt_length = 0;  // code points
};

struct Provider {
  std::string name;
  std::string display_name;
  std::string adapter;   // which codec of provider-worker speaks to it
  std::string base_url;  // never ends with '/'
  bool simulated = false;
  std::vector<Model> models;
};

// What a client asks for; unset means "the model's default".
struct Wish {
  std::string model;                  // also "provider/model"
  std::string provider;               // "" when not named
  std::optional<std::string> prompt;  // unset: not checked (an estimate)
  std::optional<int> duration;
  std::optional<std::string> aspect_ratio;
  std::optional<std::string> size;
  std::optional<std::int64_t> seed;
  std::optional<int> fps;
};

// A wish that can be granted. The pointers live as long as the catalog.
struct Choice {
  const Provider* provider = nullptr;
  const Model* model = nullptr;
  const SizeOption* size = nullptr;
  int duration = 0;
  std::int64_t cost_micros = 0;
};

class Catalog {
 public:
  // `file` names the text in faults ("catalog.yaml:12: ..."). `base_urls` replaces providers'
  // addresses by name; a provider without an address is left out. InvalidArgument
  // `invalid_catalog`.
  static absl::StatusOr<Catalog> Parse(const std::string& text, const std::string& file,
                                       const std::map<std::string, std::string>& base_urls);

  // Parses the file at `path`, or the text that is compiled in when it is "".
  static absl::StatusOr<Catalog> Load(const std::string& path,
                                      const std::map<std::string, std::string>& base_urls);

  const std::vector<Provider>& providers() const { return providers_; }
  const std::string& version() const { return version_; }
  const Provider* Find(std::string_view provider) const;  // null when there is none

  // Checks each part of a wish and fills in the defaults. InvalidArgument whose parameter is the
  // faulty member and whose message says what is allowed: missing_required_parameter,
  // model_not_found, model_retired, provider_not_found, model_provider_mismatch,
  // prompt_too_long, unsupported_value, unsupported_parameter.
  absl::StatusOr<Choice> Resolve(const Wish& wish) const;

 private:
  std::string version_;
  std::vector<Provider> providers_;
};

// The text that is compiled in.
extern const char kCatalogYaml[];

}  // namespace mediarouter::catalog
