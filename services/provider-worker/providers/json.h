#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

// Reading JSON of others, who may leave out or retype anything. Pure functions.
namespace mediarouter::providers {

// The object that `text` is, or nullopt.
std::optional<boost::json::object> ParseObject(std::string_view text);

// A member that is an object; null otherwise.
const boost::json::object* Object(const boost::json::object& parent, std::string_view name);

// A member that is a string or a whole number, as text; "" otherwise.
std::string Text(const boost::json::object& parent, std::string_view name);

// A member that is a number, or a string that holds one.
std::optional<double> Number(const boost::json::object& parent, std::string_view name);

}  // namespace mediarouter::providers
