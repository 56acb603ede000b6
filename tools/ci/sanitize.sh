#!/usr/bin/env bash
# Unit and integration tests under AddressSanitizer and UndefinedBehaviorSanitizer.
. "$(dirname "$0")/../lib.sh"
"$ROOT/tools/deps" build
LIMIT=${MEDIAROUTER_SANITIZE_SECONDS:-1200}

# Leaks count. libpq, OpenSSL and gRPC keep some memory until the process ends, still reachable,
# which LeakSanitizer does not report.
export ASAN_OPTIONS=abort_on_error=0:detect_leaks=1:strict_string_checks=1
export LSAN_OPTIONS=suppressions=$ROOT/tools/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

build_tests() { build asan mr_all_tests; }
run_tests() {
  cd "$ROOT/build/asan"
  ctest -j2 -L '^(unit|integration)$' --no-tests=error --output-on-failure --timeout 600
}
case ${1:-} in
  --build) build_tests && exit ;;
  --run) run_tests && exit ;;
esac

# timeout(1) takes programs only, so the script calls itself for each half.
start=$SECONDS
step "asan build" timeout "$LIMIT" "$0" --build
step "asan tests" timeout $((LIMIT - (SECONDS - start) + 1)) "$0" --run
