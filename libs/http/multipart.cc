#include "http/multipart.h"

#include <utility>

#include "base/status.h"
#include "base/status_macros.h"
#include "base/strings.h"

namespace mediarouter::http {
namespace {

constexpr std::size_t kMaxParts = 1000;
constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 section 5.1.1

template <typename... Args>
absl::Status Broken(fmt::format_string<Args...> text, Args&&... args) {
  return base::InvalidArgument("invalid_multipart", text, std::forward<Args>(args)...);
}

// The value of a parameter after the first ';' of a header, unquoted.
std::optional<std::string> Parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at < header.size()) {
    ++at;
    const std::size_t equals = header.find('=', at);
    if (equals == header.npos) return std::nullopt;
    const std::string found = base::ToLower(base::Trim(header.substr(at, equals - at)));
    std::string value;
    at = equals + 1;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        const bool escaped = header[at] == '\\' && at + 1 < header.size() &&
                             (header[at + 1] == '"' || header[at + 1] == '\\');
        if (escaped) ++at;
        value += header[at];
      }
      at = header.find(';', at);
    } else {
      const std::size_t end = header.find(';', at);
      value = base::Trim(header.substr(at, end == header.npos ? end : end - at));
      at = end;
    }
    if (found == name) return value;
  }
  return std::nullopt;
}

// Reads the header lines of a part, "Name: value" each.
absl::StatusOr<FormPart> ReadHead(std::string_view head) {
  FormPart part;
  bool named = false;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head = end == head.npos ? std::string_view() : head.substr(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return Broken("a part has a header line without a colon");
    const std::string name = base::ToLower(base::Trim(line.substr(0, colon)));
    const std::string_view value = base::Trim(line.substr(colon + 1));
    if (name == "content-type") part.content_type = value;
    if (name != "content-disposition") continue;
    if (!base::ToLower(value).starts_with("form-data")) {
      return Broken("a part is not form-data");
    }
    const auto field = Parameter(value, "name");
    if (!field || field->empty()) return Broken("a part has no name");
    part.name = *field;
    part.filename = Parameter(value, "filename");
    named = true;
  }
  if (!named) return Broken("a part has no Content-Disposition");
  return part;
}

}  // namespace

bool IsMultipartForm(std::string_view content_type) {
  return base::ToLower(base::Trim(content_type.substr(0, content_type.find(';')))) ==
         "multipart/form-data";
}

absl::StatusOr<std::vector<FormPart>> ParseMultipartForm(std::string_view content_type,
                                                         std::string_view body) {
  const auto boundary = Parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kMaxBoundary) {
    return Broken("Content-Type names no boundary of 1 to {} characters", kMaxBoundary);
  }
  const std::string opening = "--" + *boundary;
  const std::string delimiter = "\r\n" + opening;

  // What stands before the first delimiter is to be ignored; it may stand at the very start.
  std::size_t at = 0;
  if (!body.starts_with(opening)) {
    at = body.find(delimiter);
    if (at == body.npos) return Broken("the boundary does not occur in the body");
    at += 2;
  }
  at += opening.size();

  std::vector<FormPart> parts;
  while (!body.substr(at).starts_with("--")) {
    const std::size_t line_end = body.find("\r\n", at);
    if (line_end == body.npos || !base::Trim(body.substr(at, line_end - at)).empty()) {
      return Broken("the body is not closed by its boundary");
    }
    const std::size_t head = line_end + 2;
    const std::size_t head_end = body.find("\r\n\r\n", line_end);
    if (head_end == body.npos) return Broken("a part has no body");
    const std::size_t start = head_end + 4;
    // The delimiter's own line break may be the one that ends the part's header.
    const std::size_t end = body.find(delimiter, start - 2);
    if (end == body.npos) return Broken("the body is not closed by its boundary");
    if (parts.size() == kMaxParts) return Broken("there are more than {} parts", kMaxParts);
    MR_ASSIGN_OR_RETURN(FormPart part,
                        ReadHead(head < head_end ? body.substr(head, head_end - head) : ""));
    part.body = end < start ? std::string_view() : body.substr(start, end - start);
    parts.push_back(std::move(part));
    at = end + delimiter.size();
  }
  return parts;
}

}  // namespace mediarouter::http
