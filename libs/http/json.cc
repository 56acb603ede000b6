#include "http/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/status.h"
#include "base/strings.h"
#include "http/json_duplicates.h"

namespace mediarouter::http {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxShownName = 100;

// A foreign name may be long: what is shown of it is not, and stays well-formed.
std::string Shown(std::string_view name) {
  std::size_t size = std::min(name.size(), kMaxShownName);
  while (size > 0 && !base::IsCleanUtf8(name.substr(0, size))) --size;
  return std::string(name.substr(0, size));
}

bool HasNul(const boost::json::value& value) {
  const auto has_nul = [](std::string_view text) {
    return text.find('\0') != std::string_view::npos;
  };
  if (const auto* text = value.if_string()) return has_nul({text->data(), text->size()});
  if (const auto* array = value.if_array()) {
    return std::any_of(array->begin(), array->end(), HasNul);
  }
  if (const auto* object = value.if_object()) {
    return std::any_of(object->begin(), object->end(), [&](const auto& member) {
      return has_nul({member.key().data(), member.key().size()}) || HasNul(member.value());
    });
  }
  return false;
}

}  // namespace

absl::StatusOr<boost::json::value> ParseJson(std::string_view body) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({body.data(), body.size()}, error, {}, options);
  if (error == boost::json::error::too_deep) {
    return base::InvalidArgument("invalid_json", "the body is nested more than {} levels deep",
                                 kMaxDepth);
  }
  if (error) {
    return base::InvalidArgument("invalid_json", "the body is not valid JSON: {}",
                                 body.empty() ? "it is empty" : error.message());
  }
  if (HasNul(value)) {
    return base::InvalidArgument("invalid_json", "the body has the character U+0000 in a string");
  }
  if (const auto name = FindDuplicateMember(body)) {
    const std::string shown = Shown(*name);
    return base::WithParam(
        base::InvalidArgument("duplicate_parameter", "'{}' is given more than once", shown), shown);
  }
  return value;
}

JsonObject::JsonObject(const boost::json::value& value) : object_(value.if_object()) {
  if (object_ == nullptr) {
    fault_ = base::InvalidArgument("invalid_json", "the body must be a JSON object");
  }
}

const boost::json::value* JsonObject::Value(std::string_view name) {
  known_.emplace(name);
  if (object_ == nullptr) return nullptr;
  const boost::json::value* value = object_->if_contains({name.data(), name.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

void JsonObject::Fault(std::string_view name, std::string_view reason, std::string_view message) {
  if (!fault_.ok()) return;
  fault_ =
      base::WithParam(base::MakeStatus(absl::StatusCode::kInvalidArgument, reason, message), name);
}

std::optional<std::string> JsonObject::String(std::string_view name) {
  const boost::json::value* value = Value(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
  Fault(name, "invalid_type", fmt::format("'{}' must be a string", name));
  return std::nullopt;
}

std::optional<std::int64_t> JsonObject::Int(std::string_view name, std::int64_t min,
                                            std::int64_t max) {
  const boost::json::value* value = Value(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number() || value->is_double()) {
    Fault(name, "invalid_type", fmt::format("'{}' must be a whole number", name));
    return std::nullopt;
  }
  // uint64 holds only what int64 does not.
  const std::int64_t* number = value->if_int64();
  if (number == nullptr || *number < min || *number > max) {
    Fault(name, "invalid_value",
          fmt::format("'{}' must be a whole number from {} to {}", name, min, max));
    return std::nullopt;
  }
  return *number;
}

std::optional<bool> JsonObject::Bool(std::string_view name) {
  const boost::json::value* value = Value(name);
  if (value == nullptr) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  Fault(name, "invalid_type", fmt::format("'{}' must be true or false", name));
  return std::nullopt;
}

absl::Status JsonObject::Finish() const {
  if (!fault_.ok() || object_ == nullptr) return fault_;
  for (const auto& member : *object_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (known_.contains(name)) continue;
    const std::string shown = Shown(name);
    return base::WithParam(
        base::InvalidArgument("unknown_parameter", "unknown parameter '{}'; allowed are {}", shown,
                              fmt::join(known_, ", ")),
        shown);
  }
  return absl::OkStatus();
}

}  // namespace mediarouter::http
