#!/usr/bin/env bash
# Installs what tests/package-lock.json names, unless that is what is there.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT/tests"
want=$(sha256sum package-lock.json)
[ "$(cat node_modules/.mediarouter-lock 2>/dev/null)" != "$want" ] || exit 0
"$ROOT/tools/node" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
printf '%s\n' "$want" >node_modules/.mediarouter-lock
