#include "base/id.h"

#include <openssl/rand.h>

#include <cstdint>
#include <cstdlib>

namespace mediarouter::base {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kLength = 26;

}  // namespace

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  // Without randomness no id and no key is safe: nothing sensible can go on.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    std::abort();
  }
  return bytes;
}

std::string NewId(std::string_view prefix, const Clock& clock) {
  const auto millis = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.Now().time_since_epoch())
          .count());
  __extension__ typedef unsigned __int128 Bits;
  Bits value = millis & 0xFFFF'FFFF'FFFFull;
  for (const unsigned char byte : RandomBytes(10)) value = value << 8 | byte;
  std::string id(prefix);
  for (int shift = 125; shift >= 0; shift -= 5) {
    id += kAlphabet[static_cast<std::size_t>(value >> shift & 31)];
  }
  return id;
}

bool IsId(std::string_view prefix, std::string_view id) {
  return id.size() == prefix.size() + kLength && id.starts_with(prefix) &&
         id.find_first_not_of(kAlphabet, prefix.size()) == std::string_view::npos;
}

}  // namespace mediarouter::base
