#include "gateway/json_writer.h"

#include <fmt/format.h>

namespace mediarouter::gateway {
namespace {

// value / 10^digits without trailing zeros.
std::string Decimal(std::int64_t value, int digits) {
  const bool negative = value < 0;
  std::uint64_t magnitude =
      negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::uint64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  std::string fraction = fmt::format("{:0{}}", magnitude % unit, digits);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fmt::format("{}{}{}{}", negative ? "-" : "", magnitude / unit, fraction.empty() ? "" : ".",
                     fraction);
}

}  // namespace

JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  Quote(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view utf8) {
  Separate();
  Quote(utf8);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::StringOrNull(std::string_view utf8) {
  return utf8.empty() ? Null() : String(utf8);
}

JsonWriter& JsonWriter::Dollars(std::int64_t micros) {
  std::string text = Decimal(micros, 6);
  // Money is a decimal for clients that tell 1 from 1.0.
  if (text.find('.') == std::string::npos) text += ".0";
  return Raw(text);
}

JsonWriter& JsonWriter::Seconds(std::int64_t milliseconds) { return Raw(Decimal(milliseconds, 3)); }

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  text_ += bracket;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  text_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view token) {
  Separate();
  text_ += token;
  comma_ = true;
  return *this;
}

void JsonWriter::Separate() {
  if (comma_) text_ += ',';
}

void JsonWriter::Quote(std::string_view utf8) {
  text_ += '"';
  for (const char c : utf8) {
    switch (c) {
      case '"':
        text_ += "\\\"";
        break;
      case '\\':
        text_ += "\\\\";
        break;
      case '\n':
        text_ += "\\n";
        break;
      case '\r':
        text_ += "\\r";
        break;
      case '\t':
        text_ += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          text_ += c;
        }
    }
  }
  text_ += '"';
}

}  // namespace mediarouter::gateway
