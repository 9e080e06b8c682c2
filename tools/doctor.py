#!/usr/bin/env python3
"""Says which tools are there, in which version, and what is wanted; fails if one is missing."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# name, command, minimum, Debian package, needed
TOOLS = (
    ("make", "make --version", "4.3", "make", True),
    ("git", "git --version", "2.30", "git", True),
    ("python", "python3 --version", "3.9", "python3", True),
    ("g++", "g++ -dumpfullversion", "12.0", "g++", True),
    ("clang", "clang++ --version", "14.0", "clang", True),
    ("clang-format", "clang-format --version", "14.0", "clang-format", True),
    ("cmake", "cmake --version", "3.24", "cmake", True),
    ("ninja", "ninja --version", "1.10", "ninja-build", True),
    ("ccache", "ccache --version", "4.0", "ccache", True),
    ("verilator", "verilator --version", "5.006", "verilator", True),
    ("yosys", "yosys -V", "0.23", "yosys", True),
    ("protoc", "protoc --version", "3.12", "protobuf-compiler", True),
    ("z3", "z3 --version", "4.8", "z3", True),
    ("OpenSTA", "sta -version", "2.0", "opensta", True),
    ("gtkwave", "gtkwave --version", "3.3", "gtkwave", False),
)
FILES = (
    ("Catch2 (version 2)", "/usr/include/catch2/catch.hpp", "catch2"),
    ("CLI11", "/usr/include/CLI/CLI.hpp", "libcli11-dev"),
    ("nlohmann json", "/usr/include/nlohmann/json.hpp", "nlohmann-json3-dev"),
    ("zlib", "/usr/include/zlib.h", "zlib1g-dev"),
    ("Eigen", "/usr/include/eigen3/Eigen/Core", "libeigen3-dev"),
    ("fmt", "/usr/include/fmt/core.h", "libfmt-dev"),
    ("protobuf", "/usr/include/google/protobuf/message.h", "libprotobuf-dev"),
    ("ONNX format", "/usr/include/onnx/onnx.proto", "libonnx-dev"),
    ("OSU 0.18 um cells", "/usr/share/qflow/tech/osu018", "qflow-tech-osu018"),
)


def numbers(text):
    return tuple(int(part) for part in text.split("."))


def version(command):
    """First dotted number that the command prints, or None."""
    done = subprocess.run(command.split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, timeout=30, check=False)
    found = re.search(r"\d+(\.\d+)+", done.stdout)
    return found[0] if found else None


def main():
    problems = []
    for name, command, minimum, package, needed in TOOLS:
        if not shutil.which(command.split()[0]):
            state = "MISSING" if needed else "not installed (optional)"
            if needed:
                problems.append(package)
            print(f"{name:20} {state:28} apt-get install {package}")
            continue
        found = version(command)
        fine = found is None or numbers(found) >= numbers(minimum)
        if not fine:
            problems.append(package)
        print(f"{name:20} {found or 'present':12} {'ok' if fine else 'TOO OLD':8} "
              f"(at least {minimum})")
    for name, path, package in FILES:
        fine = Path(path).exists()
        if not fine:
            problems.append(package)
        print(f"{name:20} {'ok' if fine else 'MISSING':12} "
              f"{'' if fine else 'apt-get install ' + package}".rstrip())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{'machine':20} {os.cpu_count()} cores, {memory:.0f} GiB of memory")
    if problems:
        print("\nTo mend: apt-get update && apt-get install -y " + " ".join(sorted(set(problems))))
        return 1
    print("\nEverything needed is there.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
