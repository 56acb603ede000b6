#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret_string.h"

namespace mediarouter::gateway {

// Links to videos that open without a key, for a <video> tag sends no header. A link is good for
// one to two hours: its end is a full hour, so that all links of an hour are the same and a
// browser's cache can use them. Thread-safe.
class SignedLinks {
 public:
  SignedLinks(const base::SecretString& secret, std::string public_url, const base::Clock& clock);

  // "/videos/gen_x.mp4?expires=...&signature=...", behind the public URL where there is one.
  std::string UrlOf(std::string_view generation_id) const;

  // PermissionDenied `invalid_signature` or `expired_link`.
  absl::Status Check(std::string_view generation_id, std::string_view expires,
                     std::string_view signature) const;

  // When links made now end, seconds since 1970.
  std::int64_t Expiry() const;
  const std::string& public_url() const { return public_url_; }

 private:
  std::string Sign(std::string_view generation_id, std::string_view expires) const;

  base::SecretString key_;
  std::string public_url_;
  const base::Clock& clock_;
};

}  // namespace mediarouter::gateway
