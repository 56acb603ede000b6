#pragma once

#include <absl/status/statusor.h>

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

// Strict reading of JSON request bodies: each fault is an InvalidArgument that names the parameter.
namespace mediarouter::http {

// UTF-8 without U+0000, at most 32 levels deep: `invalid_json`. No object may have a member twice:
// `duplicate_parameter`.
absl::StatusOr<boost::json::value> ParseJson(std::string_view body);

// Reads the members of an object. Null and absent are the same. After the last read, Finish()
// refuses members that nobody asked for (`unknown_parameter`).
//   JsonObject read(value);            // InvalidArgument at Finish() when it is no object
//   auto prompt = read.String("prompt");
//   MR_RETURN_IF_ERROR(read.Finish());
// The first fault wins; reads after it give nullopt. Not thread-safe.
class JsonObject {
 public:
  explicit JsonObject(const boost::json::value& value);

  std::optional<std::string> String(std::string_view name);
  std::optional<std::int64_t> Int(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> Bool(std::string_view name);
  const boost::json::value* Value(std::string_view name);  // null when absent
  void Fault(std::string_view name, std::string_view reason, std::string_view message);

  absl::Status Finish() const;

 private:
  const boost::json::object* object_ = nullptr;
  std::set<std::string, std::less<>> known_;
  absl::Status fault_;
};

}  // namespace mediarouter::http
