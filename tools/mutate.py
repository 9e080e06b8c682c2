#!/usr/bin/env python3
"""Applies mutants, realistic bugs of the RTL, and sees that the tests notice and report each.

    mutate.py [--block spu] [--name N] [--quick] [--jobs 1] [--list] [--fresh]

Mutants are in tests/mutants/<block>.json, the layers that are run on them in
tests/mutants/cases.json; docs/guide/mutants.md describes both. First everything must pass without
a mutant. Then a line per mutant says what noticed it and how that was reported; one that nothing
notices, or that is reported otherwise than expected, is a failure. Ends with
`N killed, N survived`; all results are in build/mutants/report.json. Results whose mutant, RTL,
programs and cases are unchanged are taken from the last run.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import rtl_files  # noqa: E402

ROOT = rtl_files.ROOT
DATA = ROOT / "tests" / "mutants"
OUT = ROOT / "build" / "mutants"
BIN = Path(os.environ.get("S4_BIN") or ROOT / "build" / "bin")
SIMULATION_SECONDS = 20  # of one case, before the host gives up
MODEL_SECONDS = 600      # to build its model, on a machine that has other work
TEST_SECONDS = 900       # of one block test, models included
PRINTING = threading.Lock()

# What a report must say, by the way in which a bug was noticed. A mismatch names layer, tensor
# coordinate, both values, command, cycles and how to see them (a byte that belongs to no tensor has
# only its place); the others name the interface.
COMPLETE = {
    "mismatch": re.compile(
        r"rtl = (functional|reference): .+: output \(n \d+, c \d+, y \d+, x \d+\)"
        r"( \(padding channel\))?: expected -?\d+, got -?\d+; command \d+ \(.+\) of program '[^']+'"
        r"(, which did not start)?, cycles \d+ to \d+; waveform: build/bin/s4 (gemm|conv) .+ "
        r"--wave F\.fst --wave-from \d+ --wave-to \d+|"
        r"rtl = (functional|reference): .+: byte \d+ after the output: expected \d+, got \d+"),
    "watchdog": re.compile(
        r"rtl, program '.+': error Watchdog in engine \w+, command \d+, info \d+ \(waits on: .+\)"),
    "error": re.compile(r"rtl, program '.+': error \w+ in engine \w+, command \d+, info \d+"),
    "assertion": re.compile(r"cycle \d+ .*Assertion failed in TOP\.[\w.\[\]]+"),
    "protocol": re.compile(r"memory port: [\w.]+: .+, cycle \d+"),
    "test": re.compile(r"\w+\.(cpp|hpp):\d+: FAILED:"),
}


def load(block=None, only=None, quick=False):
    """The chosen mutants, checked."""
    mutants, names = [], set()
    for path in sorted(DATA.glob("*.json")):
        if path.name == "cases.json":
            continue
        for mutant in json.loads(path.read_text(encoding="utf-8")):
            mutant["block"] = path.stem
            title = mutant["name"]
            wrong = set(mutant) - {"name", "block", "file", "find", "replace", "why", "killed_by",
                                   "report", "test", "test_case", "config", "kind", "quick"}
            if wrong or title in names or set(mutant.get("killed_by", [""])) - set(COMPLETE):
                raise SystemExit(f"mutate: {path.name}: '{title}': name used twice, or unknown "
                                 f"entry {sorted(wrong)}, or killed_by {mutant.get('killed_by')}")
            names.add(title)
            mutants.append(mutant)
    chosen = [m for m in mutants if block in (None, m["block"]) and
              m["name"] in (only or [m["name"]]) and (not quick or m.get("quick"))]
    if not chosen:
        raise SystemExit("mutate: no such mutant; see mutate.py --list")
    return chosen


def cases():
    return json.loads((DATA / "cases.json").read_text(encoding="utf-8"))


def mutated(mutant):
    """The RTL file with the bug in it."""
    text = (ROOT / mutant["file"]).read_text(encoding="utf-8")
    if text.count(mutant["find"]) != 1:
        raise SystemExit(f"mutate: {mutant['name']}: its text occurs {text.count(mutant['find'])} "
                         f"times in {mutant['file']}, not once: {mutant['find']!r}")
    return text.replace(mutant["find"], mutant["replace"])


def write_copy(mutant):
    """Writes the copy under build/mutants/<name>/ and returns the value of S4_MODEL_REPLACE."""
    source = Path(mutant["file"])
    folder = OUT / mutant["name"]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    text = mutated(mutant)
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return f"{source.stem}={target.relative_to(ROOT)}"


def programs(mutant):
    test = mutant.get("test")
    return [BIN / "s4"] + ([BIN / f"test_{test}"] if test else [])


def key(mutant):
    """Hash of everything that decides the result of a mutant."""
    bug = {name: mutant[name] for name in sorted(mutant) if name not in ("why", "quick")}
    digest = hashlib.sha256(json.dumps([bug, cases()]).encode())
    paths = sorted((ROOT / "rtl").rglob("*.sv")) + sorted((ROOT / "rtl").rglob("*.svh"))
    for path in [*paths, Path(__file__), *programs(mutant)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:32]


def run(command, environment, seconds):
    """(exit code, output); a program that takes too long has failed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", cwd=ROOT, env=environment, timeout=seconds,
                              check=False)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        text = (expired.stdout or b"")
        text = text if isinstance(text, str) else text.decode(errors="replace")
        return -1, text + f"\nstopped after {seconds} s\n"
    except OSError as problem:
        return -1, f"cannot run: {problem}\n"


def case_command(case, mutant):
    return ["build/bin/s4", *case.split(), "--config", mutant.get("config", "tiny"), "--backend",
            "all", "--kind", mutant.get("kind", "checked"), "--timeout", str(SIMULATION_SECONDS)]


def classify(output):
    """(how it was noticed, the line that says so)."""
    lines = [line.strip() for line in output.splitlines()]
    for line in lines:
        if "could not be built" in line or line.startswith("build_model:"):
            return "build", line
    for line in lines:
        if "memory port: " in line:
            return "protocol", line
    for line in lines:
        if "Assertion failed in" in line:
            return "assertion", line
    for line in lines:
        if ": error " in line:
            return ("watchdog" if ": error Watchdog " in line else "error"), line
    for line in lines:
        if line.startswith("rtl = ") and ": expected " in line:
            return "mismatch", line
    for line in lines:
        if line.endswith(": FAILED:"):
            return "test", line
    return "other", next((line for line in lines[::-1] if line), "no output")


def environment_of(replace):
    environment = dict(os.environ)
    environment["S4_SEED"] = "1"  # whether a bug is met must not depend on the seed of the day
    for name in ("S4_MODEL_KIND", "S4_MODEL_REPLACE", "S4_COVERAGE_DIR", "S4_FULL"):
        environment.pop(name, None)
    if replace:
        environment["S4_MODEL_REPLACE"] = replace
    return environment


def attempts(mutant):
    """(title, command, time limit) of what runs on a mutant, until something notices it."""
    if mutant["killed_by"] != ["test"]:
        for case in cases():
            yield case, case_command(case, mutant), SIMULATION_SECONDS + MODEL_SECONDS
    if "test" in mutant:
        # The test's own seeded bugs are left out: they replace the same file.
        chosen = mutant.get("test_case", "~*seeded bug*")
        yield (f"test_{mutant['test']} '{chosen}'",
               [f"build/bin/test_{mutant['test']}", chosen, "--abort"], TEST_SECONDS)


def show(result, cached=False):
    with PRINTING:
        mark = "killed  " if result["ok"] else result["state"].ljust(8)
        print(f"{mark} {result['block']:12} {result['name']:34} {result['how']:9} "
              f"{result['seconds']:6.1f} s{' (known)' if cached else ''}", flush=True)
        if result["state"] != "survived":
            print(f"         by {result['by']}\n         {result['report'][:400]}", flush=True)
        if not result["ok"]:
            print(f"         {result['reason']}\n         repeat: {result['repeat']}", flush=True)


def judge(mutant, fresh):
    """Runs one mutant, or finds its result."""
    record = OUT / mutant["name"] / "result.json"
    digest = key(mutant)
    if not fresh:
        try:
            known = json.loads(record.read_text(encoding="utf-8"))
            if known["key"] == digest and known["ok"]:
                show(known, cached=True)
                return known
        except (OSError, ValueError, KeyError):
            pass
    start = time.monotonic()
    replace = write_copy(mutant)
    result = {"name": mutant["name"], "block": mutant["block"], "why": mutant["why"],
              "expected": mutant["killed_by"], "key": digest, "ok": False, "state": "survived",
              "how": "-", "by": "", "report": "", "reason": "nothing noticed it", "repeat": ""}
    for title, command, seconds in attempts(mutant):
        code, output = run(command, environment_of(replace), seconds)
        result["repeat"] = f"S4_MODEL_REPLACE={replace} " + " ".join(
            part if re.fullmatch(r"[\w./,=-]+", part) else f"'{part}'" for part in command)
        if code == 0:
            continue
        (OUT / mutant["name"] / "output.txt").write_text(output, encoding="utf-8")
        how, line = classify(output)
        result.update(state="otherwise", how=how, by=title, report=line)
        expected = re.compile(mutant.get("report", ""))
        if how not in mutant["killed_by"]:
            result["reason"] = f"expected: {', '.join(mutant['killed_by'])}"
        elif not COMPLETE[how].search(line):
            result["reason"] = f"the report does not say all that a {how} report must say"
        elif not expected.search(output):
            result["reason"] = f"the report lacks: {mutant['report']}"
        else:
            result.update(ok=True, state="killed", reason="")
        break
    result["seconds"] = round(time.monotonic() - start, 1)
    record.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    show(result)
    return result


def baseline(mutants):
    """Without a mutant everything passes; else nothing can be said."""
    start = time.monotonic()
    count = 0
    seen = set()
    for mutant in mutants:
        for title, command, seconds in attempts(mutant):
            if tuple(command) in seen:
                continue
            seen.add(tuple(command))
            count += 1
            code, output = run(command, environment_of(None), seconds)
            if code:
                print(output, end="")
                raise SystemExit(f"mutate: fails without a mutant: {title}")
    print(f"without a mutant {count} programs pass, {time.monotonic() - start:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--block", help="only tests/mutants/<block>.json")
    parser.add_argument("--name", action="append", help="only this mutant; may be repeated")
    parser.add_argument("--quick", action="store_true", help="only those marked quick")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time, default 1")
    parser.add_argument("--list", action="store_true", help="list the mutants, run nothing")
    parser.add_argument("--fresh", action="store_true", help="do not use results of the last run")
    args = parser.parse_args()

    mutants = load(args.block, args.name, args.quick)
    for mutant in mutants:
        mutated(mutant)
    if args.list:
        for mutant in mutants:
            print(f"{mutant['block']:12} {mutant['name']:34} {mutant['why']}")
        return 0
    missing = {str(p) for m in mutants for p in programs(m) if not p.exists()}
    if missing:
        raise SystemExit(f"mutate: not built: {' '.join(sorted(missing))}; run make build")
    baseline(mutants)
    with concurrent.futures.ThreadPoolExecutor(max(args.jobs, 1)) as pool:
        results = list(pool.map(lambda mutant: judge(mutant, args.fresh), mutants))
    OUT.mkdir(parents=True, exist_ok=True)
    killed = sum(result["state"] != "survived" for result in results)
    survived = len(results) - killed
    otherwise = sum(result["state"] == "otherwise" for result in results)
    (OUT / "report.json").write_text(json.dumps(
        {"killed": killed, "survived": survived, "reported_otherwise": otherwise,
         "mutants": results}, indent=1) + "\n", encoding="utf-8")
    if otherwise:
        print(f"{otherwise} of the killed were reported otherwise than expected")
    print(f"{killed} killed, {survived} survived")
    return 1 if survived or otherwise else 0


if __name__ == "__main__":
    sys.exit(main())
