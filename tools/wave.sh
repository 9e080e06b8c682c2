#!/bin/sh
# Records the waveform of a named test and opens it, or prints how to.
#   wave.sh NAME
set -eu
cd "$(dirname "$0")/.."
name=${1:-}
if [ -z "$name" ]; then
  echo "make wave T=name; there are saved views for:"
  for view in tests/waves/*.gtkw; do
    [ -e "$view" ] && echo "  $(basename "$view" .gtkw)"
  done
  exit 1
fi
mkdir -p build/wave
wave=build/wave/$name.fst
view=tests/waves/$name.gtkw
build/bin/s4 wave --name "$name" --out "$wave"
[ -s "$wave" ] || { echo "no waveform was written to $wave"; exit 1; }
[ -e "$view" ] || view=
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v gtkwave >/dev/null 2>&1; then
  echo "opening $wave"
  exec gtkwave "$wave" $view
fi
echo "waveform: $wave ($(du -h "$wave" | cut -f1))"
if ! command -v gtkwave >/dev/null 2>&1; then
  echo "to look at it on a machine with a display: apt-get install gtkwave, then"
fi
echo "open it with: gtkwave $wave $view"
