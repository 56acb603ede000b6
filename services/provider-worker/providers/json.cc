#include "providers/json.h"

#include <cmath>
#include <cstdlib>

namespace mediarouter::providers {
namespace json = boost::json;
namespace {

const json::value* Find(const json::object& parent, std::string_view name) {
  return parent.if_contains({name.data(), name.size()});
}

}  // namespace

std::optional<json::object> ParseObject(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

const json::object* Object(const json::object& parent, std::string_view name) {
  const json::value* value = Find(parent, name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string Text(const json::object& parent, std::string_view name) {
  const json::value* value = Find(parent, name);
  if (value == nullptr) return {};
  if (const json::string* text = value->if_string()) return {text->data(), text->size()};
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  if (const auto* number = value->if_uint64()) return std::to_string(*number);
  return {};
}

std::optional<double> Number(const json::object& parent, std::string_view name) {
  const json::value* value = Find(parent, name);
  if (value == nullptr) return std::nullopt;
  double number = 0;
  if (const json::string* string = value->if_string()) {
    const std::string text(string->data(), string->size());
    char* end = nullptr;
    number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') return std::nullopt;
  } else if (value->is_number()) {
    number = value->to_number<double>();
  } else {
    return std::nullopt;
  }
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace mediarouter::providers
