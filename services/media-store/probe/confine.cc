#include "probe/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>

namespace mediarouter::probe {
namespace {

constexpr rlim_t kCpuSeconds = 8;
constexpr rlim_t kMemoryBytes = rlim_t{1} << 30;

bool Limit(int resource, rlim_t value, rlim_t hard) {
  const rlimit limit{value, hard};
  return setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0;
}

bool Limit(int resource, rlim_t value) { return Limit(resource, value, value); }

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "name this architecture's AUDIT_ARCH_ constant"
#endif

#define MR_ALLOW(call)                                    \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

// What is not listed fails with EPERM instead of killing: the C library asks for this and that on
// its way, and lives without.
bool FilterSystemCalls() {
  sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    MR_ALLOW(read),
    MR_ALLOW(pread64),
    MR_ALLOW(lseek),
    MR_ALLOW(write),
    MR_ALLOW(brk),
    MR_ALLOW(mmap),
    MR_ALLOW(munmap),
    MR_ALLOW(mremap),
    MR_ALLOW(mprotect),
    MR_ALLOW(madvise),
    MR_ALLOW(futex),
    MR_ALLOW(clock_gettime),
    MR_ALLOW(getrandom),
    MR_ALLOW(rt_sigprocmask),
    MR_ALLOW(rt_sigreturn),
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    MR_ALLOW(sigaltstack),
#endif
    MR_ALLOW(exit),
    MR_ALLOW(exit_group),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1 /* EPERM */),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(code)), code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

bool Confine() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr bool kLimitMemory = false;  // their shadow is mapped, terabytes of it
#else
  constexpr bool kLimitMemory = true;
#endif
  // The CPU limit's first signal is SIGXCPU, which tells it from a kill from outside.
  return Limit(RLIMIT_CORE, 0) && Limit(RLIMIT_CPU, kCpuSeconds, kCpuSeconds + 1) &&
         Limit(RLIMIT_FSIZE, 0) && Limit(RLIMIT_NOFILE, 0) && Limit(RLIMIT_NPROC, 0) &&
         (!kLimitMemory || Limit(RLIMIT_AS, kMemoryBytes)) &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && FilterSystemCalls();
}

}  // namespace mediarouter::probe
