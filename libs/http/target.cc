#include "http/target.h"

#include <optional>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"

namespace mediarouter::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

bool IsDots(std::string_view segment) { return segment == "." || segment == ".."; }

absl::Status ParsePath(std::string_view text, std::string& path) {
  // Segment by segment, so that an encoded slash cannot make two of one.
  while (!text.empty()) {
    text.remove_prefix(1);  // the slash
    const std::string_view raw = text.substr(0, text.find('/'));
    text.remove_prefix(raw.size());
    const auto segment = PercentDecode(raw, false);
    if (!segment || !base::IsCleanUtf8(*segment)) {
      return base::InvalidArgument("invalid_path",
                                   "the path is not percent-encoded UTF-8 without NUL");
    }
    if (IsDots(*segment) || segment->find_first_of("/\\") != std::string::npos) {
      return base::InvalidArgument(
          "invalid_path", "the path has a '.' or '..' segment, a backslash or an encoded slash");
    }
    path += '/';
    path += *segment;
  }
  return absl::OkStatus();
}

absl::Status ParseQuery(std::string_view text,
                        std::vector<std::pair<std::string, std::string>>& query) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = PercentDecode(pair.substr(0, equals), true);
    const auto value = PercentDecode(pair.substr(std::min(pair.size(), equals + 1)), true);
    if (!name || !value || !base::IsCleanUtf8(*name)) {
      return base::InvalidArgument("invalid_query", "the query is not percent-encoded");
    }
    query.emplace_back(*name, *value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseTarget(std::string_view text, Target& target) {
  target = {};
  text = text.substr(0, text.find('#'));  // never sent by a correct client
  if (text == "*") {
    target.path = "*";
    return absl::OkStatus();
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!base::ToLower(text.substr(0, scheme.size())).starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
    if (text.empty() || text.front() == '?') {
      target.path = "/";
      return ParseQuery(text.substr(std::min<std::size_t>(text.size(), 1)), target.query);
    }
    break;
  }
  if (!text.starts_with('/')) {
    return base::InvalidArgument("invalid_path", "the request target does not begin with '/'");
  }
  const std::size_t mark = std::min(text.find('?'), text.size());
  MR_RETURN_IF_ERROR(ParsePath(text.substr(0, mark), target.path));
  return ParseQuery(text.substr(std::min(text.size(), mark + 1)), target.query);
}

}  // namespace mediarouter::http
