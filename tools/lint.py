#!/usr/bin/env python3
"""verilator --lint-only -Wall --assert over every module in every configuration.

The chip is linted from its top; modules that the top does not reach, and the wrappers under tb/rtl/,
are linted as tops of their own, so that none is missed. Waivers live in rtl/lint.vlt only.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys

import rtl_files

NEVER_WAIVED = ("COMBDLY", "MULTIDRIVEN", "UNOPTFLAT", "LATCH")
WAIVERS = rtl_files.ROOT / "rtl" / "lint.vlt"


def lint(config, top):
    """Returns (config, top, what verilator said)."""
    command = ["verilator", "--lint-only", "-Wall", "--assert", "--timescale", "1ns/1ps",
               *[f"-I{p}" for p in rtl_files.include_dirs()], "--top-module", top]
    if WAIVERS.exists():
        command.append(str(WAIVERS))
    command += map(str, rtl_files.files(config, top, tb=True))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    text = done.stdout.replace(str(rtl_files.ROOT) + "/", "")
    return config, top, text if done.returncode or text.strip() else ""


def waiver_problems():
    problems = []
    if WAIVERS.exists():
        for number, line in enumerate(WAIVERS.read_text(encoding="utf-8").splitlines(), 1):
            rule = re.search(r"-rule\s+(\w+)", line)
            if rule and rule[1] in NEVER_WAIVED:
                problems.append(f"rtl/lint.vlt:{number}: {rule[1]} is never waived")
    for folder in ("rtl", "tb/rtl"):
        for path in sorted((rtl_files.ROOT / folder).rglob("*.sv")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if re.search(r"verilator\s+lint_o(ff|n)", line):
                    problems.append(f"{path.relative_to(rtl_files.ROOT)}:{number}: "
                                    "waivers belong into rtl/lint.vlt")
    return problems


def tops(config, chosen):
    if chosen:
        return [chosen]
    names = rtl_files.modules(config)
    wrappers = sorted(p.stem for p in (rtl_files.ROOT / "tb" / "rtl").rglob("*.sv"))
    if "subsystem" not in names:
        return names + wrappers
    reached = {p.stem for p in rtl_files.files(config, "subsystem")}
    return ["subsystem"] + [n for n in names if n not in reached] + wrappers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", help="only this configuration (default: all)")
    parser.add_argument("--top", help="only this module, as top")
    args = parser.parse_args()
    problems = waiver_problems()
    work = [(config, top) for config in ([args.config] if args.config else rtl_files.CONFIGS)
            for top in tops(config, args.top)]
    if not work:
        print("lint: no RTL exists yet")
        return 1
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("S4_JOBS", "2"))) as pool:
        said = list(pool.map(lambda item: lint(*item), work))
    messages = {}  # text of a message -> where it came up
    for config, top, text in said:
        for message in re.split(r"^(?=%)", text, flags=re.M):
            if message.strip() and not message.startswith("%Error: Exiting due to"):
                plain = re.sub(r"\n *(:|\.\.\.) \.*? ?(In instance|For warning|Use \"/\*).*", "", message)
                messages.setdefault(plain.strip(), []).append(f"{top} in {config}")
    for message, places in messages.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        problems.append(f"{message}\n    (elaborating {places[0]}{more})")
    for problem in problems:
        print(problem)
    print(f"lint: {len(work)} elaborations, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
