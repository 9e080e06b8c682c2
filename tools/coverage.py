#!/usr/bin/env python3
"""Coverage of the RTL by the tests: builds models with coverage, runs the tests, sums up per file.

Annotated sources go to build/coverage/report/annotated/, the table to build/coverage/summary.md.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import known_names
import run_tests

ROOT = run_tests.ROOT
FOLDER = ROOT / "build" / "coverage" / "report"
KINDS = ("line", "branch", "toggle")


def points(path):
    """Yields (file, line, kind, count) of a merged coverage file."""
    for text in path.read_text(encoding="latin-1").splitlines():
        match = re.match(r"C '(.*)' (\d+)$", text)
        if not match:
            continue
        fields = dict(part.split("\x02", 1) for part in match[1].split("\x01") if "\x02" in part)
        kind = fields.get("page", "").split("/")[0].removeprefix("v_")
        if kind in KINDS:
            yield fields.get("f", "?"), int(fields.get("l", 0)), kind, int(match[2])


def share(hit, total):
    return f"{100 * hit / total:5.1f} % ({hit}/{total})" if total else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--block", help="only the tests of this block")
    args = parser.parse_args()
    raw = FOLDER / "raw"
    shutil.rmtree(FOLDER, ignore_errors=True)
    raw.mkdir(parents=True)
    # These choose the kinds of their models themselves.
    left_out = ("harness", "mutants", "netlist")
    known_names.require("coverage", "block", args.block, set(run_tests.blocks()) - set(left_out))
    chosen = [b for b in run_tests.blocks() if b not in left_out and args.block in (None, b)]
    jobs = [run_tests.Job(name, pattern="tiny:*" if name == "conformance" else None)
            for name in chosen]
    environment = dict(os.environ, S4_MODEL_KIND="coverage", S4_COVERAGE_DIR=str(raw))
    run_tests.run_all(jobs, environment, 3600)
    files = sorted(raw.glob("*.dat"))
    if not files:
        print("coverage: no test has run a model")
        return 1
    merged = FOLDER / "merged.dat"
    subprocess.run(["verilator_coverage", "--write", merged, *files], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["verilator_coverage", "--annotate", FOLDER / "annotated", "--annotate-min", "1",
                    merged], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    table, total = {}, {kind: [0, 0] for kind in KINDS}
    for name, _, kind, count in points(merged):
        name = name.replace(str(ROOT) + "/", "")
        if not name.startswith("rtl/"):
            continue
        row = table.setdefault(name, {each: [0, 0] for each in KINDS})
        for counts in (row[kind], total[kind]):
            counts[0] += count > 0
            counts[1] += 1
    lines = ["| file | " + " | ".join(KINDS) + " |", "| --- " * (len(KINDS) + 1) + "|"]
    for name, row in sorted(table.items()) + [("total", total)]:
        lines.append(f"| {name} | " + " | ".join(share(*row[kind]) for kind in KINDS) + " |")
    (FOLDER / "summary.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print(f"missed lines: {(FOLDER / 'annotated').relative_to(ROOT)} (marked %000000)")
    return 1 if any(job.failed for job in jobs) else 0


if __name__ == "__main__":
    sys.exit(main())
