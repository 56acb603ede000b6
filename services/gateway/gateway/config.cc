#include "gateway/config.h"

#include <algorithm>

#include "base/status_macros.h"
#include "service/settings.h"

namespace mediarouter::gateway {
namespace {

constexpr base::Setting kPort{"PORT", "3001", "port of the REST API; 0: any free one"};
constexpr base::Setting kHost{"HOST", "127.0.0.1", "address that the REST API listens on"};
constexpr base::Setting kSecretKey{
    "SECRET_KEY", "", "signs links to videos and sessions, 32 or more printable characters", true};
constexpr base::Setting kPublicUrl{
    "PUBLIC_URL", "",
    "where clients reach the gateway (https://video.example.com); unset: links are paths"};
constexpr base::Setting kFrontendUrl{"FRONTEND_URL", "http://localhost:3000",
                                     "origin of a web page that may call the API"};
constexpr base::Setting kCorsOrigins{"CORS_ORIGINS", "",
                                     "further such origins, by comma; *: all of them"};

constexpr std::size_t kMinSecretLength = 32;

bool IsHttpUrl(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size()) {
      return url.find_first_of(" \t?#\"<>") == std::string_view::npos;
    }
  }
  return false;
}

// scheme://host[:port], as browsers send it.
bool IsOrigin(std::string_view url) {
  return IsHttpUrl(url) && url.find('/', url.find("//") + 2) == std::string_view::npos;
}

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

absl::StatusOr<Config> Config::FromEnv(const base::Environment& env) {
  base::ConfigReader read(env);
  Config config;
  config.host = read.Text(kHost);
  config.port = static_cast<int>(read.Int(kPort, 0, 65535));
  config.secret_key = read.Secret(kSecretKey);
  const std::string_view secret = config.secret_key.Reveal();
  if (secret.size() < kMinSecretLength || !IsPrintable(secret)) {
    read.Fault(kSecretKey,
               "needs 32 or more printable characters; make some with "
               "`openssl rand -hex 32`");
  }
  config.public_url = WithoutSlash(read.Text(kPublicUrl));
  if (!config.public_url.empty() && !IsHttpUrl(config.public_url)) {
    read.Fault(kPublicUrl, "must begin with http:// or https:// and have no query");
  }
  const std::string frontend = WithoutSlash(read.Text(kFrontendUrl));
  if (!IsOrigin(frontend))
    read.Fault(kFrontendUrl, "must be like https://host or http://host:port");
  config.cors_origins.push_back(frontend);
  for (const std::string& origin : read.List(kCorsOrigins)) {
    if (origin != "*" && !IsOrigin(WithoutSlash(origin))) {
      read.Fault(kCorsOrigins, "each must be like https://host or http://host:port");
    }
    config.cors_origins.push_back(WithoutSlash(origin));
  }
  config.storage_path = WithoutSlash(read.Text(service::kStoragePath));
  MR_RETURN_IF_ERROR(read.Finish());
  return config;
}

std::span<const base::Setting* const> Settings() {
  static constexpr const base::Setting* kAll[] = {&kPort,      &kHost,        &kSecretKey,
                                                  &kPublicUrl, &kFrontendUrl, &kCorsOrigins};
  return kAll;
}

}  // namespace mediarouter::gateway
