#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace mediarouter::media {

// SHA-256 of bytes that come piece by piece. Not thread-safe.
class RunningSha256 {
 public:
  RunningSha256();

  void Add(std::string_view bytes);
  // Lower-case hex. Once, at the end.
  std::string Hex();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace mediarouter::media
