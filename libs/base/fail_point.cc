#include "base/fail_point.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

namespace mediarouter::base {
namespace {

struct Chosen {
  std::string name;
  long pass = 1;

  Chosen() {
    const char* text = std::getenv("MEDIAROUTER_FAIL_POINT");
    if (text == nullptr) return;
    const std::string_view given(text);
    const auto colon = given.find(':');
    name = given.substr(0, colon);
    if (colon != std::string_view::npos) pass = std::atol(text + colon + 1);
  }
};

}  // namespace

void PassFailPoint(const char* name) {
  static const Chosen chosen;
  static std::atomic<long> passes{0};
  if (chosen.name == name && ++passes == chosen.pass) kill(getpid(), SIGKILL);
}

}  // namespace mediarouter::base
