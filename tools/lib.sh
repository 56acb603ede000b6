# Shared by the scripts of tools/ and .ci/; sourced, never run.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT
# The compiler cache then serves every clone of the tree, wherever it lies.
export CCACHE_BASEDIR=$ROOT

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# step NAME COMMAND...: runs the command, prints how long it took, keeps its status.
STEP_TIMES=()
step() {
  local name=$1 start=$SECONDS status=0
  shift
  say "$name"
  "$@" || status=$?
  local verdict=ok
  [ "$status" = 0 ] || verdict="FAILED ($status)"
  STEP_TIMES+=("$(printf '%5d s  %-28s %s' $((SECONDS - start)) "$name" "$verdict")")
  printf '    %s: %s after %d s\n' "$name" "$verdict" $((SECONDS - start))
  return "$status"
}
step_summary() {
  [ ${#STEP_TIMES[@]} = 0 ] || printf '%s\n' "${STEP_TIMES[@]}"
}

# configure PRESET, build PRESET [TARGET...]: what every script does before it runs something.
configure() {
  [ -f "$ROOT/build/$1/build.ninja" ] ||
    (cd "$ROOT" && cmake --preset "$1" --log-level=WARNING >/dev/null)
}
build() {
  local preset=$1
  shift
  [ $# != 0 ] || set -- all
  configure "$preset"
  # nice: a person's machine stays usable while its cores compile.
  nice -n 5 cmake --build "$ROOT/build/$preset" --target "$@"
}

# data_folder: a new folder for data. World-searchable, because a private Postgres that root
# starts runs as another user.
data_folder() {
  local folder
  folder=$(mktemp -d "${TMPDIR:-/tmp}/mediarouter.XXXXXX")
  chmod 755 "$folder"
  printf '%s\n' "$folder"
}

# end_process PID: SIGTERM, then wait for it. Only for children of the calling shell.
end_process() {
  if kill -TERM "$1" 2>/dev/null; then wait "$1" 2>/dev/null || true; fi
}
