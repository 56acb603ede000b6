#include "probe/confine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace mediarouter::probe {
namespace {

// What a confined process may still do, as its exit code; 0 is what we want.
int TryEverything() {
  if (!Confine()) return 1;
  if (open("/etc/hostname", O_RDONLY) >= 0) return 2;
  if (socket(AF_INET, SOCK_STREAM, 0) >= 0) return 3;
  if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0) return 4;
  if (fork() >= 0) return 5;
  char* argv[] = {const_cast<char*>("/bin/true"), nullptr};
  execv(argv[0], argv);  // would end as 0, so the end of this list is another number
  if (dup(0) >= 0) return 6;
  if (kill(getppid(), 0) == 0) return 7;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  void* memory = mmap(nullptr, std::size_t{2} << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) return 8;
#endif
  return 42;
}

TEST_CASE("a confined process can compute and nothing else", "[probe]") {
  const pid_t pid = fork();
  if (pid == 0) _exit(TryEverything());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}

}  // namespace
}  // namespace mediarouter::probe
