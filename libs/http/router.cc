#include "http/router.h"

#include <algorithm>

namespace mediarouter::http {
namespace {

// "/a//b" -> {"a", "", "b"}: unlike for a file system, empty segments count.
std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

bool IsParam(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool Matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  return std::equal(pattern.begin(), pattern.end(), path.begin(), path.end(),
                    [](const std::string& want, std::string_view have) {
                      return IsParam(want) ? !have.empty() : want == have;
                    });
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, Handler handler) {
  Route route{std::string(method), std::string(pattern), {}, std::move(handler)};
  for (const std::string_view segment : Segments(pattern)) route.segments.emplace_back(segment);
  routes_.push_back(std::move(route));
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const std::vector<std::string_view> segments = Segments(path);
  const Route* found = nullptr;
  const auto allow = [&match](std::string_view name) {
    if (std::find(match.allowed.begin(), match.allowed.end(), name) == match.allowed.end()) {
      match.allowed.emplace_back(name);
    }
  };
  for (const Route& route : routes_) {
    if (!Matches(route.segments, segments)) continue;
    // The pattern is known even where the method is wrong: metrics then still name it.
    if (match.route.empty()) match.route = route.pattern;
    allow(route.method);
    if (route.method == "GET") allow("HEAD");
    const bool fits = route.method == method || (method == "HEAD" && route.method == "GET");
    if (fits && found == nullptr) found = &route;
  }
  if (found == nullptr) return match;
  match.handler = &found->handler;
  match.route = found->pattern;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& name = found->segments[i];
    if (IsParam(name)) match.params.emplace(name.substr(1, name.size() - 2), segments[i]);
  }
  return match;
}

std::vector<std::string> Router::Routes() const {
  std::vector<std::string> routes;
  routes.reserve(routes_.size());
  for (const Route& route : routes_) routes.push_back(route.method + " " + route.pattern);
  return routes;
}

}  // namespace mediarouter::http
