#!/bin/sh
# Installs the Debian packages that are missing; does nothing, quickly, when all are there.
# As root or through sudo; otherwise prints the exact command to type and fails.
#   bootstrap.sh           install what is missing
#   bootstrap.sh --list    only name what is missing, one package a line
set -eu

# probe: a program (name) or a file (path, may be a pattern); then the package that brings it
probes='
g++                                       g++
clang++                                   clang
clang-format                              clang-format
cmake                                     cmake
ninja                                     ninja-build
ccache                                    ccache
verilator                                 verilator
python3                                   python3
yosys                                     yosys
yosys-smtbmc                              yosys
z3                                        z3
sta                                       opensta
/usr/share/qflow/tech/osu018              qflow-tech-osu018
/usr/include/catch2/catch.hpp             catch2
/usr/include/CLI/CLI.hpp                  libcli11-dev
/usr/include/nlohmann/json.hpp            nlohmann-json3-dev
/usr/include/zlib.h                       zlib1g-dev
/usr/include/eigen3/Eigen/Core            libeigen3-dev
/usr/include/fmt/core.h                   libfmt-dev
protoc                                    protobuf-compiler
/usr/include/google/protobuf/message.h    libprotobuf-dev
/usr/include/onnx/onnx.proto              libonnx-dev
/usr/include/mpfr.h                       libmpfr-dev
'

missing=$(echo "$probes" | while read -r probe package; do
  case $probe in
    '') ;;
    /*) [ -e "$probe" ] || echo "$package" ;;
    *) command -v "$probe" >/dev/null 2>&1 || echo "$package" ;;
  esac
done | sort -u)

if [ "${1:-}" = --list ]; then
  [ -z "$missing" ] || echo "$missing"
  exit 0
fi
[ -n "$missing" ] || exit 0

packages=$(echo "$missing" | tr '\n' ' ')
install="apt-get install -y --no-install-recommends $packages"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "missing: $packages" >&2
  echo "This system has no apt; install what carries these names there." >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  prefix=''
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
  prefix='sudo '
else
  echo "missing: $packages" >&2
  echo "Type this as root, then repeat:" >&2
  echo "  apt-get update && $install" >&2
  exit 1
fi
echo "installing: $packages" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { ${prefix}apt-get update -qq && ${prefix}$install -qq; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "The installation failed. Type this as root to see why:" >&2
  echo "  apt-get update && $install" >&2
  exit 1
fi
