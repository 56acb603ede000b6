#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Small text helpers over std::string_view. All are pure and thread-safe.
namespace mediarouter::base {

// Well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates) without U+0000.
bool IsCleanUtf8(std::string_view text);

// Unicode code points of well-formed UTF-8.
std::size_t CodePoints(std::string_view utf8);

std::vector<std::string> Split(std::string_view text, char separator);  // "" -> {}; trims spaces
std::string_view Trim(std::string_view text);                           // spaces, tabs, CR, LF
std::string ToLower(std::string_view ascii);

// Whole decimal numbers only: no sign but a leading '-', no spaces, no overflow.
std::optional<std::int64_t> ParseInt(std::string_view text);

std::string HexEncode(std::string_view bytes);
std::string Base64Encode(std::string_view bytes);                // RFC 4648 section 4, padded
std::string Base64UrlEncode(std::string_view bytes);             // RFC 4648 section 5, no padding
std::optional<std::string> Base64Decode(std::string_view text);  // strict
std::optional<std::string> Base64UrlDecode(std::string_view text);  // strict, no padding

// Equal without a hint in the time taken. Lengths are not secret.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// RFC 3339 with microseconds in UTC, "2026-01-31T12:00:00.000000Z", and back (any offset).
std::string FormatTime(std::chrono::system_clock::time_point time);
std::optional<std::chrono::system_clock::time_point> ParseTime(std::string_view rfc3339);

}  // namespace mediarouter::base
