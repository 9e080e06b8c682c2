#!/usr/bin/env python3
"""Runs the test programs, two at a time, and ends with one line: N passed, N failed.

    run_tests.py unit [--block spu] [--name 'test name'] [--seed 7]
    run_tests.py conformance
    run_tests.py all
    run_tests.py regress [--shard 1/4] [--fresh]

A job is a whole unit test program, or one conformance test case. `regress` runs every test case
with full counts (S4_FULL=1) and BERT-base on the full-size chip, remembers what is finished in
build/regress/ so that it can be interrupted, and writes docs/regress.md.
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
import known_names  # noqa: E402

ROOT = Path(os.environ.get("S4_ROOT") or Path(__file__).resolve().parent.parent)
BIN = Path(os.environ.get("S4_BIN") or ROOT / "build" / "bin")
# Blocks whose short tests take the models with assertions, which conformance has built anyway.
CHECKED_MODELS = ("driver", "network")
# Blocks with the longest jobs: a full run begins with them, so that no processor waits at its end.
LONGEST = ("netlist", "mutants", "memory")
# BERT-base on the chip in a full run: tokens, sparsity, batches. Of two batches the second is
# measured as it follows the first; dense ones take hours.
BERT = tuple((tokens, sparsity, 1 if sparsity == 1 else 2)
             for tokens in (384, 128) for sparsity in (1, 8, 16, 32))
BERT_TIMEOUT = 6 * 3600
STATE = ROOT / "build" / "regress"
PRINTING = threading.Lock()


def blocks():
    """Names of the test folders that hold sources."""
    return sorted(folder.name for folder in (ROOT / "tests").iterdir()
                  if folder.is_dir() and folder.name != "support" and any(folder.rglob("*.cpp")))


def binary(block):
    return BIN / f"test_{block}"


def cases(block, environment=None):
    """Names of the test cases of a block that run by default (hidden ones left out). Full counts
    may have more of them, so the environment is that of the run."""
    done = subprocess.run([binary(block), "--list-test-names-only"], stdout=subprocess.PIPE,
                          text=True, cwd=ROOT, env=environment, check=False)
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def escaped(name):
    """A test name as Catch2 wants it on the command line."""
    return re.sub(r"([\\,\[\]\"~*])", r"\\\1", name)


class Job:
    """One process: a whole test program, or one of its cases."""

    def __init__(self, block, case=None, pattern=None):
        self.block = block
        self.case = case
        self.title = block if case is None else f"{block}: {case}"
        self.arguments = [escaped(case)] if case else ([pattern] if pattern else [])
        self.passed = self.failed = 0
        self.seconds = 0.0
        self.output = ""

    def command(self):
        return [binary(self.block), *self.arguments]

    def run(self, environment, timeout):
        if self.block in CHECKED_MODELS and not environment.get("S4_FULL"):
            environment = {"S4_MODEL_KIND": "checked", **environment}
        start = time.monotonic()
        try:
            # Standard error stays visible: models that are being built announce themselves there.
            done = subprocess.run(self.command(), stdout=subprocess.PIPE, text=True,
                                  errors="replace", cwd=ROOT, env=environment, timeout=timeout,
                                  check=False)
            self.output, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as expired:
            text = expired.stdout or b""
            self.output = (text.decode(errors="replace") if isinstance(text, bytes) else text)
            self.output += f"\nstopped after {timeout} s\n"
            code = -1
        except OSError as problem:
            self.output, code = f"cannot run: {problem}\n", -1
        self.seconds = time.monotonic() - start
        self._count(code)

    def _count(self, code):
        fine = re.search(r"All tests passed \(.* in (\d+) test cases?\)", self.output)
        mixed = re.search(r"^test cases:\s*(\d+)(.*)$", self.output, re.M)
        if fine:
            self.passed = int(fine[1])
        elif mixed:
            failed = re.search(r"(\d+) failed(?! as expected)", mixed[2])
            self.failed = int(failed[1]) if failed else 0
            self.passed = int(mixed[1]) - self.failed
        elif re.search(r"^No tests ran|No test cases matched", self.output, re.M):
            self.failed = 0 if code == 0 else 1
        if code != 0 and self.failed == 0:  # crashed or stopped before it could say so
            self.failed = 1

    def report(self):
        state = "ok  " if not self.failed else "FAIL"
        count = f"{self.passed} passed" + (f", {self.failed} failed" if self.failed else "")
        with PRINTING:
            print(f"{state} {self.title:44} {count:22} {self.seconds:7.1f} s", flush=True)
            if self.failed:
                print("".join(f"     | {line}\n" for line in self.output.splitlines()[-120:]),
                      flush=True)
                print(f"     repeat: {self.repeat()}", flush=True)

    def repeat(self):
        if self.block == "conformance":
            return f"build/bin/test_conformance '{self.case or ''}'"
        return f"make unit B={self.block}" + (f" T='{self.case}'" if self.case else "")


class BertJob(Job):
    """BERT-base on the full-size chip; its figures are left in build/bench/."""

    def __init__(self, tokens, sparsity, batches):
        super().__init__("bert-base", f"{tokens} tokens, {sparsity}x")
        self.arguments = [
            "bench", "chip", "--network", "bert-base", "--sequence", str(tokens), "--sparsity",
            str(sparsity), "--batches", str(batches), "--json",
            f"build/bench/bert-base-{tokens}-{sparsity}.json"]

    def command(self):
        return [BIN / "s4", *self.arguments]

    def run(self, environment, timeout):
        (ROOT / "build" / "bench").mkdir(parents=True, exist_ok=True)
        super().run(environment, max(timeout, BERT_TIMEOUT))

    def _count(self, code):
        self.passed, self.failed = (1, 0) if code == 0 else (0, 1)

    def repeat(self):
        return " ".join(["build/bin/s4", *self.arguments])


def run_all(jobs, environment, timeout, finished=None):
    """Runs jobs two at a time, in the order given."""
    def one(job):
        job.run(environment, timeout)
        job.report()
        if finished:
            finished(job)

    workers = int(environment.get("S4_JOBS", "2"))
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(one, job) for job in jobs]:
            future.result()


def select(args):
    jobs = []
    names = blocks()
    if args.block:
        known_names.require("run_tests", "tests for block", args.block, names)
        names = [args.block]
    if args.tier in ("conformance", "all") and "conformance" in names:
        jobs += [Job("conformance", case) for case in cases("conformance")]
    if args.tier in ("unit", "all"):
        jobs += [Job(name, pattern=args.name) for name in names
                 if name != "conformance" or args.block == name]
    return jobs


def revision():
    """Identifies the tree that is tested: all that is committed but the documentation, and changes."""
    def git(*command):
        done = subprocess.run(["git", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, cwd=ROOT, check=False)
        return done.stdout

    files = [line for line in git("ls-tree", "-r", "HEAD").splitlines()
             if not line.partition("\t")[2].startswith(("docs/", "README.md", "CHANGELOG.md"))]
    head = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12] if files else "unknown"
    changes = git("diff", "HEAD", "--", ".", ":!docs", ":!README.md", ":!CHANGELOG.md")
    return head + ("" if not changes else "+" + hashlib.sha256(changes.encode()).hexdigest()[:6])


def load_state(tree):
    results = {}
    for path in sorted(STATE.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # a run was interrupted while writing
            if entry["tree"] == tree:
                results[entry["title"]] = entry
    return results


def write_summary(tree, results, total, seed):
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], stdout=subprocess.PIPE,
                            text=True, cwd=ROOT, check=False).stdout.strip() or "unknown"
    by_block = {}
    for entry in results.values():
        row = by_block.setdefault(entry["block"], [0, 0, 0, 0.0])
        row[0] += 1
        row[1] += entry["passed"]
        row[2] += entry["failed"]
        row[3] += entry["seconds"]
    lines = ["# Last full regression", "",
             "Written by `make regress`: every test case with full counts (`S4_FULL=1`), and BERT-base "
             "on the full-size chip.", "",
             f"Commit `{commit}`, files without documentation `{tree}`, seed {seed}, "
             f"{len(results)} of {total} test cases run.", "",
             "| block | test cases | passed | failed | time |", "| --- | --- | --- | --- | --- |"]
    for block, (count, passed, failed, seconds) in sorted(by_block.items()):
        lines.append(f"| {block} | {count} | {passed} | {failed} | {seconds:.0f} s |")
    bad = sorted(e["title"] for e in results.values() if e["failed"])
    lines += ["", "Failed: " + ("none." if not bad else "; ".join(bad) + ".")]
    (ROOT / "docs" / "regress.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def regress(args, environment):
    environment["S4_FULL"] = "1"
    STATE.mkdir(parents=True, exist_ok=True)
    tree, seed = revision(), environment.get("S4_SEED", "1")
    key = f"{tree} seed {seed}"
    order = sorted(blocks(), key=lambda block: block not in LONGEST)
    everything = [BertJob(*run) for run in BERT]
    everything += [Job(block, case) for block in order for case in cases(block, environment)]
    index, count = (int(part) for part in (args.shard or "1/1").split("/"))
    if not 1 <= index <= count:
        raise SystemExit("--shard takes i/n with 1 <= i <= n")
    if args.fresh:
        for path in STATE.glob("*.jsonl"):
            path.unlink()
    mine = everything[index - 1::count]
    results = load_state(key)
    left = [job for job in mine if job.title not in results]
    print(f"regress shard {index}/{count}: {len(mine)} test cases, "
          f"{len(mine) - len(left)} already done, tree {tree}", flush=True)
    with open(STATE / f"shard-{index}-of-{count}.jsonl", "a", encoding="utf-8") as log:
        def finished(job):
            with PRINTING:
                log.write(json.dumps({"tree": key, "title": job.title, "block": job.block,
                                      "passed": job.passed, "failed": job.failed,
                                      "seconds": round(job.seconds, 1)}) + "\n")
                log.flush()

        run_all(left, environment, args.timeout or 7200, finished)
    results = load_state(key)
    write_summary(tree, results, len(everything), seed)
    mine_titles = {job.title for job in mine}
    chosen = [entry for title, entry in results.items() if title in mine_titles]
    return sum(e["passed"] for e in chosen), sum(e["failed"] for e in chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tier", choices=("unit", "conformance", "all", "regress", "check"),
                        help="check: only whether the names given exist")
    parser.add_argument("--block", help="only this folder of tests/")
    parser.add_argument("--name", help="only test cases of this name (Catch2 filter, * allowed)")
    parser.add_argument("--seed", help="seed of the run, default 1")
    parser.add_argument("--shard", help="i/n: only every n-th test case (regress)")
    parser.add_argument("--fresh", action="store_true", help="forget finished test cases (regress)")
    parser.add_argument("--timeout", type=float, help="seconds one program may take")
    args = parser.parse_args()

    environment = dict(os.environ)
    if args.seed:
        if not args.seed.isdigit():
            parser.error(f"--seed {args.seed} is not a whole number")
        environment["S4_SEED"] = args.seed
    start = time.monotonic()
    if args.tier == "regress":
        passed, failed = regress(args, environment)
    else:
        jobs = select(args)
        if args.tier == "check":
            return 0
        if not jobs:
            print(f"no {args.tier} tests exist yet")
            return 1
        if args.name and not args.block:  # keep only the programs that have such a test
            jobs = [job for job in jobs if subprocess.run(
                [binary(job.block), "--list-test-names-only", args.name], cwd=ROOT, text=True,
                stdout=subprocess.PIPE, check=False).stdout.strip()]
        run_all(jobs, environment, args.timeout or 1200)
        passed, failed = sum(j.passed for j in jobs), sum(j.failed for j in jobs)
        if passed + failed == 0:
            print("no test has that name")
            failed = 1
    print(f"in {time.monotonic() - start:.0f} s, seed {environment.get('S4_SEED', '1')}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
