#!/usr/bin/env bash
# Configures if needed and builds the given targets (default: everything) with the preset in
# S4_PRESET (default fast). Callers wait for each other; silent when nothing is to be done.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
preset=${S4_PRESET:-fast}
folder=build/cmake/$preset
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
log=$folder/configure.log
if [ ! -f "$folder/build.ninja" ]; then
  echo "configuring (preset $preset) ..." >&2
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
fi
if ! ninja -C "$folder" -j "${S4_JOBS:-2}" "$@" 2>&1 |
  { grep --line-buffered -vE 'Entering directory|Re-checking globbed|no work to do|GLOB mismatch' ||
    true; } >&2; then
  exit 1
fi
