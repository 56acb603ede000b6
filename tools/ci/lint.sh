#!/usr/bin/env bash
# tools/ci/lint.sh [CHECK...]: every check that needs no running program, or those that are named.
# Each is timed; all run, whatever fails.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
TIDY_SECONDS=${MEDIAROUTER_TIDY_SECONDS:-300}

"$ROOT/tools/deps" build lint
"$ROOT/tools/ci/npm-ci.sh"
npx=$ROOT/tests/node_modules/.bin

format() {
  git ls-files -z '*.cc' '*.h' | xargs -0 clang-format --dry-run -Werror
}

# What a branch changes since it left main; on main itself what its newest commit changed.
# MEDIAROUTER_LINT_BASE names another commit to compare with; "all" takes the whole tree, newest
# changes first (tools/ci/extended).
files_to_tidy() {
  local base=${MEDIAROUTER_LINT_BASE:-}
  if [ "$base" = all ]; then
    git log --format= --name-only -- '*.cc' | awk '!seen[$0]++' |
      grep -xF -f <(git ls-files '*.cc')
    return
  fi
  [ -n "$base" ] || base=$(git merge-base HEAD origin/main 2>/dev/null) || true
  if [ -z "$base" ] || [ "$(git rev-parse "$base")" = "$(git rev-parse HEAD)" ]; then base=HEAD~1; fi
  git diff --name-only --diff-filter=d "$base" -- '*.cc'
}

# Only for so long: clang-tidy takes seconds a file. What it did not get to is said.
tidy() {
  local changed pid status=0 checked=0 left=0 deadline=$((SECONDS + TIDY_SECONDS))
  # Tests are left out: Catch2's macros and coroutine lambdas in handlers are what it would report.
  mapfile -t changed < <(files_to_tidy | grep -v -e '_test\.cc$' -e '^tests/')
  [ ${#changed[@]} != 0 ] || return 0
  # The generated headers must exist; nothing else has to be built.
  configure release
  build release mr_protos >/dev/null
  local file running=()
  for file in "${changed[@]}"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      left=$((left + 1))
      continue
    fi
    checked=$((checked + 1))
    clang-tidy-19 -p build/release --quiet --extra-arg=-Wno-unknown-warning-option "$file" \
      2> >(grep -v 'warnings\? generated' >&2) &
    running+=($!)
    if [ ${#running[@]} -ge "$(nproc)" ]; then
      pid=${running[0]} running=("${running[@]:1}")
      wait "$pid" || status=1
    fi
  done
  for pid in "${running[@]}"; do wait "$pid" || status=1; done
  echo "    $checked checked"
  [ "$left" = 0 ] || echo "    $left NOT checked: the $TIDY_SECONDS s were up"
  return "$status"
}

scripts() {
  local found
  mapfile -t found < <(git ls-files tools .ci tests | xargs grep -lE '^#!.*\bbash|shellcheck shell')
  shellcheck "${found[@]}"
}
protos() { "$npx/buf" lint proto; }
eslint() { (cd tests && "$ROOT/tools/node" npm run --silent lint); }
coawait() { python3 tools/lint/coawait_test.py 2>&1 && python3 tools/lint/coawait.py; }
tree() { python3 tools/lint/tree.py; }
settings() {
  build release mediarouter >/dev/null && python3 tools/lint/settings.py build/release/bin/mediarouter
}
chart() { tools/ci/helm.sh; }

status=0
[ $# != 0 ] || set -- format scripts protos eslint coawait tree settings chart tidy
for check; do
  step "$check" "$check" || status=1
done
step_summary
exit $status
