#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mediarouter::gateway {

// Writes one JSON document, commas included. Boost.JSON would print 0.5 as 5E-1, and money must
// not pass through binary floats at all. Not thread-safe.
class JsonWriter {
 public:
  JsonWriter& Object() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& Array() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);

  JsonWriter& String(std::string_view utf8);
  JsonWriter& StringOrNull(std::string_view utf8);  // null when empty
  JsonWriter& Int(std::int64_t value) { return Raw(std::to_string(value)); }
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Null() { return Raw("null"); }
  JsonWriter& Dollars(std::int64_t micros);        // exact, "0.5", "12.0"
  JsonWriter& Seconds(std::int64_t milliseconds);  // exact, "5", "5.042"

  std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  JsonWriter& Raw(std::string_view token);
  void Separate();
  void Quote(std::string_view utf8);

  std::string text_;
  bool comma_ = false;  // before the next value or key
};

}  // namespace mediarouter::gateway
