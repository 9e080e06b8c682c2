#!/usr/bin/env python3
"""Style of the sources: what a formatter or lint does not see.

SystemVerilog: ASCII, no tabs, no trailing space, 100 columns, newline at the end, one module named
like its file, a `///` line that says what it promises, no import. C++: clang-format. `--fix` lets
clang-format rewrite and removes trailing space. Saved views of waveforms name signals that exist.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 100
PYTHON_COLUMNS = 120


def tracked(*patterns):
    """Files of these patterns that git knows or would add."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
                          stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    return sorted({ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()})


def check_text(path, columns):
    """Yields (line, problem)."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        yield data.count(b"\n") + 1, "no newline at the end"
    for number, raw in enumerate(data.split(b"\n"), 1):
        if b"\t" in raw and path.suffix in (".sv", ".svh", ".py"):
            yield number, "tab"
        if raw != raw.rstrip():
            yield number, "trailing space"
        if columns and len(raw.decode("utf-8", "replace")) > columns:
            yield number, f"longer than {columns} columns"
        if path.suffix in (".sv", ".svh") and not raw.isascii():
            yield number, "not ASCII"


def check_module(path):
    text = path.read_text(encoding="utf-8")
    names = re.findall(r"^\s*(?:module|package|interface)\s+(\w+)", text, re.M)
    if names != [path.stem]:
        yield 1, f"holds {', '.join(names) or 'nothing'}; one module of the file's name is wanted"
    described = "///" in text.split("module", 1)[0] or path.stem.endswith("_pkg")
    if not described and path.is_relative_to(ROOT / "rtl"):
        yield 1, "no /// header that says what the module promises"
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*import\s", line):
            yield number, "import (write package::name)"


def check_view(path, modules):
    """Every signal of a saved view is declared where its instances lead."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        names = re.sub(r"\[[\d:]+\]", "", line.strip()).split(".")
        if names[0] != "TOP" or not names[-1]:
            continue
        module = names[1]
        for name in names[2:]:
            if name.startswith("gen_"):
                continue
            text = modules.get(module, "")
            instance = re.search(rf"^\s*(\w+)\s*(?:#\s*\([^;]*?\)\s*)?{name}\s*\(", text, re.M)
            if instance and name.startswith("u_"):
                module = instance.group(1)
                continue
            if not re.search(rf"\b{name}\b", text):
                yield number, f"{module} has no {name}"
            break  # what follows are members of a structure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fix", action="store_true", help="rewrite what can be rewritten")
    args = parser.parse_args()

    verilog = tracked("rtl/**.sv", "rtl/**.svh", "tb/**.sv", "formal/**.sv", "tests/**.sv")
    cpp = [p for p in tracked("*.cpp", "*.hpp", "tb/*.h") if "gen" not in p.parts]
    scripts = tracked("tools/*.py")
    if args.fix:
        for path in verilog + scripts:
            text = path.read_text(encoding="utf-8")
            mended = re.sub(r"[ \t]+$", "", text, flags=re.M).rstrip("\n") + "\n"
            if mended != text:
                path.write_text(mended, encoding="utf-8")
        if cpp:
            subprocess.run(["clang-format", "-i", *cpp], cwd=ROOT, check=True)

    problems = []
    for path in verilog + scripts + cpp:
        limit = PYTHON_COLUMNS if path.suffix == ".py" else COLUMNS
        checks = list(check_text(path, 0 if "gen" in path.parts else limit))
        if path.suffix == ".sv" and path in verilog:
            checks += list(check_module(path))
        problems += [f"{path.relative_to(ROOT)}:{number}: {what}" for number, what in checks]
    modules = {path.stem: path.read_text(encoding="utf-8") for path in verilog}
    for path in tracked("tests/waves/*.gtkw"):
        problems += [f"{path.relative_to(ROOT)}:{number}: {what}"
                     for number, what in check_view(path, modules)]
    for problem in problems:
        print(problem)
    failed = bool(problems)
    if cpp and not args.fix:
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", *cpp], cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        places = [line for line in done.stdout.splitlines() if "error:" in line]
        files = sorted({line.split(":")[0].replace(str(ROOT) + "/", "") for line in places})
        if done.returncode:
            failed = True
            print(f"clang-format wants changes in {len(files)} files (make format): "
                  + " ".join(files))
    print(f"style: {len(verilog)} SystemVerilog, {len(cpp)} C++, {len(scripts)} Python files, "
          f"{'problems found' if failed else 'clean'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
