#include "base/strings.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/secret_string.h"

namespace mediarouter::base {
namespace {

using namespace std::string_literals;

TEST_CASE("UTF-8 is well-formed and without NUL, or refused", "[unit][strings]") {
  for (const std::string& good :
       {""s, "abc"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s, "\xee\x80\x80"s,
        "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s, "a\u03bb\U0001f600z"s}) {
    CHECK(IsCleanUtf8(good));
  }
  for (const std::string& bad :
       {"\0"s, "a\0b"s, "\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s,
        "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s, "\xc2"s,
        "\xe2\x82"s, "\xf0\x9f\x98"s, "\xc2\x41"s, "\xe2\x28\xa1"s}) {
    CHECK_FALSE(IsCleanUtf8(bad));
  }
  CHECK(CodePoints("a\u03bb\U0001f600") == 3);
}

TEST_CASE("splitting keeps gaps and trims blanks", "[unit][strings]") {
  using Parts = std::vector<std::string>;
  CHECK(Split("", ',') == Parts{});
  CHECK(Split("a", ',') == Parts{"a"});
  CHECK(Split(" a , b", ',') == Parts{"a", "b"});
  CHECK(Split("a,,b,", ',') == Parts{"a", "", "b", ""});
  CHECK(Split(",", ',') == Parts{"", ""});
}

TEST_CASE("trimming and lower case are ASCII's", "[unit][strings]") {
  CHECK(Trim(" \t\r\n a b \n") == "a b");
  CHECK(Trim(" \n").empty());
  CHECK(ToLower("ABC-xyz-\xc3\x84") == "abc-xyz-\xc3\x84");
}

TEST_CASE("whole numbers only", "[unit][strings]") {
  CHECK(ParseInt("0") == 0);
  CHECK(ParseInt("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(ParseInt("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808"}) {
    CHECK_FALSE(ParseInt(bad).has_value());
  }
}

TEST_CASE("base64 of RFC 4648, section 10", "[unit][strings]") {
  const auto [bytes, text] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                       {"f", "Zg=="},
                                                                       {"fo", "Zm8="},
                                                                       {"foo", "Zm9v"},
                                                                       {"foob", "Zm9vYg=="},
                                                                       {"fooba", "Zm9vYmE="},
                                                                       {"foobar", "Zm9vYmFy"}}));
  CHECK(Base64Encode(bytes) == text);
  CHECK(Base64Decode(text) == bytes);
  CHECK(Base64UrlEncode(bytes) == text.substr(0, text.find('=')));
  CHECK(Base64UrlDecode(Base64UrlEncode(bytes)) == bytes);
}

TEST_CASE("base64 has one text for each value", "[unit][strings]") {
  CHECK(Base64UrlEncode("\xfb\xff\xfe") == "-__-");
  CHECK(Base64Encode("\xfb\xff\xfe") == "+//+");
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "-__-"}) {
    CHECK_FALSE(Base64Decode(bad).has_value());
  }
  for (const char* bad : {"Zg==", "Zh", "Z", "+//+", "Zm9v\n"}) {
    CHECK_FALSE(Base64UrlDecode(bad).has_value());
  }
}

TEST_CASE("hexadecimal", "[unit][strings]") { CHECK(HexEncode("\x00\x9f\xff"s) == "009fff"); }

TEST_CASE("constant time comparison compares", "[unit][strings]") {
  CHECK(ConstantTimeEqual("", ""));
  CHECK(ConstantTimeEqual("abc", "abc"));
  CHECK_FALSE(ConstantTimeEqual("abc", "abd"));
  CHECK_FALSE(ConstantTimeEqual("abc", "ab"));
}

TEST_CASE("times in UTC with microseconds", "[unit][strings]") {
  using std::chrono::microseconds;
  const auto at = [](std::int64_t micros) {
    return std::chrono::system_clock::time_point(microseconds(micros));
  };
  CHECK(FormatTime(at(0)) == "1970-01-01T00:00:00.000000Z");
  CHECK(FormatTime(at(1'769'860'800'000'042)) == "2026-01-31T12:00:00.000042Z");
  CHECK(FormatTime(at(-1)) == "1969-12-31T23:59:59.999999Z");
  for (const std::int64_t micros : {0l, 1'769'860'800'000'042l, -1l}) {
    CHECK(ParseTime(FormatTime(at(micros))) == at(micros));
  }
}

TEST_CASE("times with any offset and fraction", "[unit][strings]") {
  const auto noon = ParseTime("2026-01-31T12:00:00Z");
  REQUIRE(noon.has_value());
  CHECK(ParseTime("2026-01-31T13:30:00+01:30") == noon);
  CHECK(ParseTime("2026-01-31T10:00:00-02:00") == noon);
  CHECK(ParseTime("2026-01-31T12:00:00.5Z") == *noon + std::chrono::milliseconds(500));
  CHECK(ParseTime("2026-01-31T12:00:00.123456789Z") == *noon + std::chrono::microseconds(123456));
  CHECK(ParseTime("2028-02-29T00:00:00Z").has_value());
}

TEST_CASE("what is no time is refused", "[unit][strings]") {
  for (const std::string& bad :
       {""s, "2026-01-31"s, "2026-01-31T12:00:00"s, "2026-01-31 12:00:00Z"s,
        "2026-02-29T00:00:00Z"s, "2026-13-01T00:00:00Z"s, "2026-01-31T24:00:00Z"s,
        "2026- 1-31T12:00:00Z"s, "2026-1-031T12:00:00Z"s, "2026-01-31T12:00:00.Z"s,
        "2026-01-31T12:00:00+0100"s, "2026-01-31T12:00:00+-1:00"s, "2026-01-31T12:00:00+-0:00"s,
        "2026-01-31T12:00:00+01:60"s, "2026-01-31T12:00:00Zx"s, "2026-01-31T12:00:00Z\0"s}) {
    INFO(bad);
    CHECK_FALSE(ParseTime(bad).has_value());
  }
}

TEST_CASE("a secret moves, is cloned on demand and leaves nothing behind", "[unit][strings]") {
  SecretString first("a secret");
  SecretString second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): what is left is the point
  CHECK(second.Reveal() == "a secret");
  const SecretString copy = second.Clone();
  first = std::move(second);
  CHECK(second.empty());  // NOLINT(bugprone-use-after-move)
  CHECK(first.Reveal() == copy.Reveal());
}

}  // namespace
}  // namespace mediarouter::base
