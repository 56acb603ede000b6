#pragma once

#include <string>
#include <string_view>

namespace mediarouter::base {

// Bytes that must not linger or be printed: no operator<<, no implicit conversion, zeroed when
// dropped. Move-only, so that copies are visible in the code (Clone).
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string value);
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(SecretString&& other) noexcept;
  SecretString(const SecretString&) = delete;
  SecretString& operator=(const SecretString&) = delete;
  ~SecretString();

  std::string_view Reveal() const { return value_; }
  SecretString Clone() const { return SecretString(value_); }
  bool empty() const { return value_.empty(); }

 private:
  void Wipe() noexcept;
  std::string value_;
};

}  // namespace mediarouter::base
