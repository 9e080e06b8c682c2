#!/usr/bin/env python3
"""The one source of the RTL file list: simulation, lint, synthesis and formal all ask here.

Command line: rtl_files.py --config tiny [--top fifo] [--tb] [--replace spu=netlist.v] [--includes]
prints one path a line, packages first, in an order every tool can read. With --top only the files
that module needs are listed (found by following the names it uses).
"""
import argparse
import os
import re
import sys
from pathlib import Path

ROOT = Path(os.environ.get("S4_ROOT") or Path(__file__).resolve().parent.parent)
CONFIGS = ("tiny", "small", "s4")

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_WORD = re.compile(r"[A-Za-z_]\w*")


def include_dirs():
    """Folders for `include, absolute."""
    return sorted({path.parent for path in headers()})


def headers():
    """Every include file; all count as inputs of every module."""
    return sorted((ROOT / "rtl").glob("**/*.svh"))


def config_package(config, config_pkg=None):
    """Path of the configuration package: a named configuration's, or the one given."""
    if config_pkg:
        return Path(config_pkg)
    return ROOT / "rtl" / "config" / "gen" / config / "config_pkg.sv"


def _candidates(config, config_pkg, tb):
    rtl = ROOT / "rtl"
    package = config_package(config, config_pkg)
    ordered = [package] if package.exists() else []
    generated = sorted(p for p in rtl.glob("*/gen/**/*_pkg.sv") if p.name != "config_pkg.sv")
    packages = sorted(rtl.glob("*/*_pkg.sv"))
    rest = sorted(p for p in rtl.glob("**/*.sv") if not p.name.endswith("_pkg.sv"))
    ordered += generated + packages + rest
    if tb:
        ordered += sorted((ROOT / "tb" / "rtl").glob("**/*.sv"))
    return ordered


def words(path):
    """The identifiers of a source file, comments left out."""
    return set(_WORD.findall(_COMMENT.sub(" ", path.read_text(encoding="utf-8"))))


def files(config, top=None, tb=False, config_pkg=None, replace=None):
    """Source files in compile order. replace: {module: path of the file that stands in for it}."""
    replace = {name: Path(path).resolve() for name, path in (replace or {}).items()}
    by_name = {}
    for path in _candidates(config, config_pkg, tb):
        if path.stem in by_name:
            raise SystemExit(f"rtl_files: two files define {path.stem}: {by_name[path.stem]}, {path}")
        by_name[path.stem] = replace.get(path.stem, path)
    for name in replace:
        if name not in by_name:
            raise SystemExit(f"rtl_files: no module {name} to replace")
    order = {name: rank for rank, name in enumerate(by_name)}

    if top is not None and top not in by_name:
        raise SystemExit(f"rtl_files: no file {top}.sv under rtl/" + (" or tb/rtl/" if tb else ""))

    uses = {}
    pending = [top] if top is not None else list(by_name)
    while pending:
        name = pending.pop()
        if name in uses:
            continue
        found = words(by_name[name])
        if any(word.startswith("S4_") for word in found):  # text of the macros counts as used
            for header in headers():
                found |= words(header)
        uses[name] = sorted((found & by_name.keys()) - {name}, key=order.get)
        pending += uses[name]

    listed, result = set(), []

    def add_package(name):
        if name in listed:
            return
        listed.add(name)
        for used in uses[name]:
            if used.endswith("_pkg"):
                add_package(used)
        result.append(by_name[name])

    for name in sorted(uses, key=order.get):
        if name.endswith("_pkg"):
            add_package(name)
    for name in sorted(uses, key=order.get):
        if not name.endswith("_pkg"):
            result.append(by_name[name])
    return result


def modules(config="tiny"):
    """Names of all modules under rtl/ (packages left out)."""
    return [p.stem for p in _candidates(config, None, False) if not p.stem.endswith("_pkg")]


def parse_replace(values):
    """['spu=path', ...] -> {'spu': 'path'}; paths are relative to the repository root."""
    result = {}
    for value in values or []:
        name, _, path = value.partition("=")
        if not path:
            raise SystemExit(f"--replace takes MODULE=PATH, not '{value}'")
        result[name] = str((ROOT / path) if not os.path.isabs(path) else path)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="tiny", help="named configuration (tiny, small, s4)")
    parser.add_argument("--config-pkg", help="path of a config_pkg.sv instead of a named one")
    parser.add_argument("--top", help="only what this module needs")
    parser.add_argument("--tb", action="store_true", help="also the wrappers under tb/rtl/")
    parser.add_argument("--replace", action="append", metavar="MODULE=PATH",
                        help="use PATH instead of the module's own file")
    parser.add_argument("--includes", action="store_true", help="print the include folders instead")
    parser.add_argument("--modules", action="store_true", help="print the module names instead")
    args = parser.parse_args()
    if args.includes:
        found = include_dirs()
    elif args.modules:
        found = modules(args.config)
    else:
        found = files(args.config, args.top, args.tb, args.config_pkg, parse_replace(args.replace))
    for item in found:
        print(item)
    return 0


if __name__ == "__main__":
    sys.exit(main())
