#include "base/strings.h"

#include <fmt/chrono.h>
#include <openssl/crypto.h>

#include <array>
#include <charconv>
#include <ctime>

namespace mediarouter::base {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kBase64Url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string Encode64(std::string_view bytes, const char* alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    have += 8;
    while (have >= 6) {
      have -= 6;
      out += alphabet[bits >> have & 63];
    }
  }
  if (have > 0) out += alphabet[bits << (6 - have) & 63];
  while (pad && out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<std::string> Decode64(std::string_view text, const char* alphabet) {
  static constexpr std::string_view::size_type kNone = std::string_view::npos;
  const std::string_view digits(alphabet, 64);
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const auto value = digits.find(c);
    if (value == kNone) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>(bits >> have & 0xff);
    }
  }
  // One digit left over is no byte; left-over bits must be zero, or two texts mean one value.
  if (text.size() % 4 == 1 || (bits & ((1u << have) - 1)) != 0) return std::nullopt;
  return out;
}

// Whether `text` begins like `layout`, in which a "d" stands for any digit.
bool HasLayout(std::string_view text, std::string_view layout) {
  if (text.size() < layout.size()) return false;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const bool fits = layout[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == layout[i];
    if (!fits) return false;
  }
  return true;
}

// Length of the well-formed sequence at `text[at]`, 0 when there is none.
std::size_t SequenceLength(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

bool IsCleanUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = SequenceLength(text, i);
    if (length == 0 || text[i] == '\0') return false;
    i += length;
  }
  return true;
}

std::size_t CodePoints(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  return count;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto at = text.find(separator);
    parts.emplace_back(Trim(text.substr(0, at)));
    if (at == std::string_view::npos) break;
    text.remove_prefix(at + 1);
    if (text.empty()) parts.emplace_back();
  }
  return parts;
}

std::string ToLower(std::string_view ascii) {
  std::string out(ascii);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string HexEncode(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Base64Encode(std::string_view bytes) { return Encode64(bytes, kBase64, true); }

std::string Base64UrlEncode(std::string_view bytes) { return Encode64(bytes, kBase64Url, false); }

std::optional<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return Decode64(text, kBase64);
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  return Decode64(text, kBase64Url);
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string FormatTime(std::chrono::system_clock::time_point time) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const auto fraction = ((micros % 1'000'000) + 1'000'000) % 1'000'000;
  const std::time_t seconds = (micros - fraction) / 1'000'000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), fraction);
}

std::optional<std::chrono::system_clock::time_point> ParseTime(std::string_view text) {
  // date "T" time [fraction] ("Z" | offset), RFC 3339 section 5.6.
  if (!HasLayout(text, "dddd-dd-ddTdd:dd:dd") || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::tm tm{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
  if (rest == nullptr) return std::nullopt;
  const int day = tm.tm_mday;
  std::int64_t micros = 0;
  if (*rest == '.') {
    std::int64_t unit = 100'000;
    const char* first = ++rest;
    for (; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) micros += (*rest - '0') * unit;
    if (rest == first) return std::nullopt;
  }
  std::int64_t offset = 0;
  if (*rest == '+' || *rest == '-') {
    const std::string_view zone(rest);
    if (zone.size() != 6 || !HasLayout(zone.substr(1), "dd:dd")) return std::nullopt;
    const auto hours = ParseInt(zone.substr(1, 2));
    const auto minutes = ParseInt(zone.substr(4, 2));
    if (*hours > 23 || *minutes > 59) return std::nullopt;
    offset = (*hours * 60 + *minutes) * 60 * (*rest == '-' ? -1 : 1);
  } else if ((*rest != 'Z' && *rest != 'z') || rest[1] != '\0') {
    return std::nullopt;
  }
  const std::time_t seconds = timegm(&tm);
  if (tm.tm_mday != day) return std::nullopt;  // timegm moved 31 February on to March
  return std::chrono::system_clock::time_point(std::chrono::seconds(seconds - offset) +
                                               std::chrono::microseconds(micros));
}

}  // namespace mediarouter::base
