#include "http/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <ctime>

namespace mediarouter::http {
namespace {

// IMF-fixdate, made once a second and thread.
const std::string& Date() {
  thread_local std::time_t made = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    made = now;
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  }
  return text;
}

bool IsOurs(std::string_view name) {
  constexpr std::string_view kOurs[] = {"connection",  "content-length", "date",
                                        "keep-alive",  "server",         "transfer-encoding",
                                        "x-request-id"};
  return std::any_of(std::begin(kOurs), std::end(kOurs),
                     [name](std::string_view ours) { return EqualsIgnoringCase(ours, name); });
}

void Append(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    head += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  head += "\r\n";
}

}  // namespace

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

std::string ResponseHead(const Response& response, const std::string& request_id,
                         const Framing& framing) {
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                 std::string_view(reason.data(), reason.size()));
  Append(head, "date", Date());
  for (const auto& [name, value] : response.headers.all()) {
    if (!IsOurs(name)) Append(head, name, value);
  }
  Append(head, "x-request-id", request_id);
  if (!HasNoBody(response.status)) {
    if (framing.chunked) {
      Append(head, "transfer-encoding", "chunked");
    } else if (framing.length) {
      Append(head, "content-length", std::to_string(*framing.length));
    }
  }
  if (framing.close) Append(head, "connection", "close");
  head += "\r\n";
  return head;
}

}  // namespace mediarouter::http
