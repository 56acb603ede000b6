#include "httpc/curl_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "httpc/address_guard.h"
#include "httpc/url.h"

namespace mediarouter::httpc {
namespace {

constexpr std::size_t kMaxHeadBytes = 256 * 1024;
constexpr long kReadBufferBytes = 64 * 1024;

bool IsFieldText(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

long Get(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

curl_off_t GetTime(CURL* easy, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

}  // namespace

std::optional<std::string_view> HttpResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Transfer::Transfer(HttpRequest request)
    : request_(std::move(request)), origin_(Origin(request_.url)) {}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

absl::Status Transfer::Prepare() {
  if (origin_.empty()) return base::InvalidArgument("invalid_url", "not an http or https URL");
  for (const auto& [name, value] : request_.headers) {
    if (!IsFieldText(name) || !IsFieldText(value)) {
      return base::InvalidArgument("invalid_header", "a header field holds control characters");
    }
    // With a colon alone curl would leave the field out.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    headers_ = curl_slist_append(headers_, line.c_str());
  }
  // No waiting for "100 Continue", which also could end in a second send.
  headers_ = curl_slist_append(headers_, "Expect:");

  easy_ = curl_easy_init();
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);  // breaking off never waits for a resolver
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  // One exchange a connection: a paused download cannot hold up others, and libcurl has no refused
  // streams to repeat.
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReadBufferBytes);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "mediarouter");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request_.connect_timeout.count()));
  if (request_.method == "POST" || !request_.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
  }
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  // An untrusted request gets a connection of its own as well: a kept one was checked, if at all,
  // under another request's rules.
  if (request_.send_once || !request_.trusted_host) {
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  }
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeaderLine);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnData);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  return absl::OkStatus();
}

curl_socket_t Transfer::OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto* transfer = static_cast<Transfer*>(self);
  if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
  if (!transfer->request_.trusted_host && !IsPublicAddress(address->addr)) {
    transfer->forbidden_ = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t Transfer::OnHeaderLine(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<Transfer*>(self)->HeaderLine({data, bytes}) ? bytes : 0;
}

bool Transfer::HeaderLine(std::string_view line) {
  if (head_done_) return true;  // trailers
  head_bytes_ += line.size();
  if (head_bytes_ > kMaxHeadBytes) {
    too_large_ = true;
    return false;
  }
  line = base::Trim(line);
  if (line.starts_with("HTTP/")) {
    response_ = {};  // what came before was an interim response
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      response_.status = static_cast<int>(base::ParseInt(line.substr(space + 1, 3)).value_or(0));
    }
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    response_.headers.emplace_back(base::ToLower(base::Trim(line.substr(0, colon))),
                                   base::Trim(line.substr(colon + 1)));
  } else if (line.empty() && response_.status >= 200) {
    head_done_ = true;
    OnHead();
  }
  return true;
}

std::size_t Transfer::OnData(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Transfer*>(self)->OnBody(data, size * count);
}

absl::Status Transfer::Classify(CURLcode code) const {
  const std::string_view text = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  if (too_large_) {
    return base::ResourceExhausted("answer_too_large", "the answer is larger than allowed");
  }
  // Only what broke before the connection (with its TLS) stood is certain not to have arrived.
  const bool tls = origin_.starts_with("https:");
  const bool connected =
      GetTime(easy_, tls ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T) > 0;
  const bool sent = connected || Get(easy_, CURLINFO_REQUEST_SIZE) > 0 || response_.status != 0;
  const char* reason = sent ? "no_answer" : "not_sent";
  // "Unsupported protocol" is also what libcurl says of an answer that is no HTTP/1 (CURLE 1 for an
  // HTTP/0.9 or garbled status line): a URL is only to blame while nothing was sent.
  if (!sent && (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)) {
    return base::InvalidArgument("invalid_url", "{}", text);
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return base::DeadlineExceeded(reason, "no answer in time");
  }
  if (forbidden_ && !sent) {
    return base::Unavailable(reason, "the host has no address on the public internet");
  }
  return base::Unavailable(reason, "{}", text);
}

}  // namespace mediarouter::httpc
