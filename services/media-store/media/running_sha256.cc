#include "media/running_sha256.h"

#include <cstdlib>

#include "base/strings.h"

namespace mediarouter::media {
namespace {

// Digests fail for want of memory or of a whole OpenSSL only: nothing sensible can go on.
void Must(bool worked) {
  if (!worked) std::abort();
}

}  // namespace

RunningSha256::RunningSha256() : context_(EVP_MD_CTX_new()) {
  Must(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void RunningSha256::Add(std::string_view bytes) {
  Must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string RunningSha256::Hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  Must(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
  return base::HexEncode({reinterpret_cast<const char*>(digest), size});
}

}  // namespace mediarouter::media
