#include "httpc/url.h"

#include <curl/curl.h>

#include <memory>

#include "base/status.h"
#include "base/strings.h"

namespace mediarouter::httpc {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

bool Set(CURLU* url, const std::string& text) {
  return curl_url_set(url, CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) == CURLUE_OK;
}

bool IsHttp(CURLU* url) {
  const std::string scheme = base::ToLower(Part(url, CURLUPART_SCHEME));
  return scheme == "http" || scheme == "https";
}

}  // namespace

absl::StatusOr<std::string> ResolveUrl(const std::string& base, const std::string& reference) {
  const Handle url(curl_url(), &curl_url_cleanup);
  if (!Set(url.get(), base) || !Set(url.get(), reference) || !IsHttp(url.get())) {
    return base::InvalidArgument("invalid_url", "not an http or https URL");
  }
  return Part(url.get(), CURLUPART_URL);
}

std::string Origin(const std::string& url) {
  const Handle handle(curl_url(), &curl_url_cleanup);
  if (!Set(handle.get(), url) || !IsHttp(handle.get())) return {};
  return base::ToLower(Part(handle.get(), CURLUPART_SCHEME)) + "://" +
         base::ToLower(Part(handle.get(), CURLUPART_HOST)) + ":" +
         Part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

bool SameOrigin(const std::string& a, const std::string& b) {
  const std::string origin = Origin(a);
  return !origin.empty() && origin == Origin(b);
}

std::string EscapePathSegment(const std::string& segment) {
  const std::unique_ptr<char, decltype(&curl_free)> text(
      curl_easy_escape(nullptr, segment.data(), static_cast<int>(segment.size())), &curl_free);
  std::string escaped = text ? text.get() : "";
  // Dots alone would climb.
  if (escaped == ".") return "%2E";
  if (escaped == "..") return "%2E%2E";
  return escaped;
}

}  // namespace mediarouter::httpc
