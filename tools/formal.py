#!/usr/bin/env python3
"""Runs the formal proofs described by formal/<name>.json (see docs/guide/synthesis.md).

Every variant (parameter values of the proof's top) is proved in every run mode; then every mutant
(one text replacement in one source file) must be refuted for at least one variant, by the bounded
and by the unbounded run, so that each checker is shown failing. Exit code 0 only when all of it holds.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

import known_names

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "formal"
MEMORY_LIMIT = 6 << 30
MODES = ("bmc", "induction", "cover", "unbounded")
SMTBMC = ["yosys-smtbmc", "-s", "z3", "--unroll"]
PDR_PASSES = (
    "async2sync; memory_map; chformal -cover -remove; setundef -undriven -anyseq; delete -output; "
    "opt -full; techmap; opt -fast; dffunmap; abc -g AND -fast; opt_clean"
)

REDUCTION = "lcorr; scorr; dc2; lcorr; scorr -F 2; strash; "  # for wide states, "reduce": true


class ProofError(Exception):
    """The description or a tool failed: neither proved nor refuted."""


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def call(command, cwd, timeout):
    """Runs a tool and returns (exit code, all its output)."""
    child = subprocess.Popen(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, preexec_fn=limit_memory,
                             start_new_session=True)
    try:
        text, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        os.killpg(child.pid, signal.SIGKILL)  # with the solver that it started
        child.wait()
        raise ProofError(f"{command[0]} took over {timeout} s in {cwd}") from error
    return child.returncode, text


def yosys(script, folder):
    code, text = call(["yosys", "-q", "-p", script], folder, 300)
    if code != 0:
        raise ProofError(f"yosys failed:\n{text}")


def prove(proof, variant, run, folder, mutant=None):
    """Returns (holds, text) of one run; sources are copied so that a mutant can replace text."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, name in enumerate(proof["files"]):
        text = (ROOT / name).read_text(encoding="ascii")
        if mutant and mutant["file"] == name:
            if text.count(mutant["find"]) != 1:
                raise ProofError(f"mutant text not found exactly once in {name}: {mutant['find']}")
            text = text.replace(mutant["find"], mutant["replace"])
        target = folder / f"{number:02d}_{pathlib.Path(name).name}"
        target.write_text(text, encoding="ascii")
        names.append(target.name)
    top = proof["top"]
    include = f"-I{ROOT / 'rtl' / 'common'}"
    script = f"read_verilog -formal -sv {include} {' '.join(names)}; "
    for key, value in variant.items():
        script += f"chparam -set {key} {value} {top}; "
    if run["mode"] == "unbounded":
        script += f"prep -top {top} -flatten; {PDR_PASSES}; write_aiger -I -B -zinit "
        yosys(script + f"-no-startoffset -map {top}.aim {top}.aig", folder)
        limit = run.get("seconds", 60)
        reduce = REDUCTION if run.get("reduce") else ""
        read = f"read_aiger {top}.aig; fold; strash; {reduce}"
        if mutant and "search" in run:  # some bugs show sooner frame by frame; no verdict if none
            code, text = call(["yosys-abc", "-c", f"{read}bmc3 -F {run['search']} -T {limit}"],
                              folder, limit + 60)
            if "was asserted in frame" in text:
                return False, text
        code, text = call(["yosys-abc", "-c", f"{read}pdr -T {limit}"], folder, limit + 60)
        if "Property proved" in text:
            return True, text
        if "was asserted in frame" in text:
            return False, text
        raise ProofError(f"pdr decided nothing in {limit} s:\n{text[-400:]}")
    yosys(script + f"prep -top {top} -nordff; memory_map; async2sync; opt -fast; dffunmap; "
          f"write_smt2 -wires {top}.smt2", folder)
    option = {"bmc": [], "induction": ["-i"], "cover": ["-c"]}[run["mode"]]
    code, text = call(SMTBMC + option + ["-t", str(run["depth"]), "--dump-vcd", "trace.vcd",
                                         f"{top}.smt2"], folder, run.get("seconds", 120))
    if "Status: PASSED" in text or "Status: passed" in text:
        return True, text
    if "Status: FAILED" in text or "Status: failed" in text:
        return False, text
    raise ProofError(f"yosys-smtbmc gave no verdict (exit {code}):\n{text[-600:]}")


def load(path):
    proof = json.loads(path.read_text(encoding="ascii"))
    for key in ("about", "top", "files", "runs", "mutants"):
        if key not in proof:
            raise ProofError(f"{path}: no \"{key}\"")
    for run in proof["runs"]:
        if run["mode"] not in MODES:
            raise ProofError(f"{path}: unknown mode {run['mode']}")
    if not proof["mutants"]:
        raise ProofError(f"{path}: no mutant, so the checker is not shown failing")
    proof["name"] = path.stem
    return proof


def label(variant):
    return " ".join(f"{key}={value}" for key, value in variant.items()) or "default"


def check_claim(proof, variant, run, number):
    holds, text = prove(proof, variant, run, WORK / proof["name"] / f"run{number}")
    name = f"{proof['name']}: {run['mode']} {run.get('depth', '')} [{label(variant)}]"
    return holds, f"{name} {'holds' if holds else 'REFUTED'}", text


def check_mutant(proof, mutant, number):
    """Every mode that claims something about assertions must refute the mutant for one variant."""
    runs = {run["mode"]: run for run in proof["runs"] if run["mode"] in ("bmc", "unbounded")}
    missing = set(runs)
    text = ""
    for index, variant in enumerate(proof.get("variants", [{}])):
        for mode in sorted(missing):
            folder = WORK / proof["name"] / f"mutant{number}_{index}"
            holds, text = prove(proof, variant, runs[mode], folder, mutant)
            if not holds:
                missing.remove(mode)
        if runs and not missing:
            line = f"{proof['name']}: mutant '{mutant['name']}' refuted [{label(variant)}]"
            return True, line, ""
    return False, f"{proof['name']}: mutant '{mutant['name']}' SURVIVED {sorted(missing)}", text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="proofs (file stems of formal/*.json), default all")
    parser.add_argument("-j", type=int, default=2, help="proofs at a time (default 2)")
    parser.add_argument("-v", action="store_true", help="print the tools' output of failures")
    options = parser.parse_args()
    chosen = [name for name in options.names if name]
    known = [path.stem for path in (ROOT / "formal").glob("*.json")]
    for name in chosen:
        known_names.require("formal", "proof", name, known)
    paths = [ROOT / "formal" / f"{name}.json" for name in chosen]
    paths = paths or sorted((ROOT / "formal").glob("*.json"))
    started = time.monotonic()
    work = []
    try:
        for path in paths:
            proof = load(path)
            number = 0
            for variant in proof.get("variants", [{}]):
                for run in proof["runs"]:
                    work.append((check_claim, proof, variant, run, number))
                    number += 1
            for index, mutant in enumerate(proof["mutants"]):
                work.append((check_mutant, proof, mutant, index))
    except (OSError, json.JSONDecodeError, ProofError) as error:
        print(f"formal: {error}", file=sys.stderr)
        return 2
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=options.j) as pool:
        for future in concurrent.futures.as_completed([pool.submit(*item) for item in work]):
            try:
                good, line, text = future.result()
            except ProofError as error:
                good, line, text = False, f"ERROR {error}", ""
            passed += good
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {line}", flush=True)
            if not good and (options.v or text):
                print(text[-3000:])
    print(f"formal: {passed} passed, {failed} failed, {time.monotonic() - started:.0f} s")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
