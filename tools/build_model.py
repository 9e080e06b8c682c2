#!/usr/bin/env python3
"""Builds a verilated model as a shared library, or finds that it is up to date.

    build_model.py --top fifo --config tiny --kind checked [--param Width=8] [--replace spu=x.v]

prints the path of build/models/<top>-<config>-<kind>.so (with --hash also its hash, on a second
line). Up to date means: the hash over the RTL it uses, the configuration package, the flags, the
tools and this script is the one inside the library. Parallel callers wait for each other.
"""
import argparse
import concurrent.futures
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import rtl_files  # noqa: E402

ROOT = rtl_files.ROOT
MODELS = ROOT / "build" / "models"
WRAPPER = ROOT / "tools" / "model_wrapper"
INPUTS = (Path(__file__), ROOT / "tools" / "rtl_files.py", WRAPPER / "wrapper.cpp",
          WRAPPER / "hooks.hpp", ROOT / "tb" / "model_abi.h")
WAIVERS = ROOT / "rtl" / "lint.vlt"  # read by coverage builds only: it may fence hot arrays

# Verilator flags of every kind, then of each. Simulation speed: see docs/guide/build_and_test.md.
COMMON = ["--cc", "-O3", "--unroll-count", "4", "--prefix", "Vmodel", "--timescale", "1ns/1ps",
          "-Wno-fatal", "-Wno-lint", "-Wno-style"]
# Verilator 5.006 loses the declaration of a loop that it makes while copying wide sampled values of
# assertions, so such loops are not made where there are assertions.
CHECKED = ["--assert", "--x-assign", "unique", "--x-initial", "unique",
           "--reloop-limit", "1000000000"]
KINDS = {
    # Without -fno-dfg, wide vectors that are made of many ports are put together piece by piece, and
    # every step copies all pieces before it.
    "fast": {"flags": ["--noassert", "--x-assign", "fast", "--x-initial", "fast", "-fno-dfg"],
             "optimise": "-O3", "random": 0, "settle": 0},
    "checked": {"flags": CHECKED, "optimise": "-O2", "random": 1, "settle": 1},
    "wave": {"flags": CHECKED + ["--trace-fst", "--trace-structs"],
             "optimise": "-O2", "random": 1, "settle": 1},
    "coverage": {"flags": CHECKED + ["--coverage-line", "--coverage-toggle",
                                     "--coverage-max-width", "64"],
                 "optimise": "-O1", "random": 1, "settle": 1},
}
# Modules of which a top has several: Verilator makes each once, as a library that all instances
# share, which saves most of the compilation. Not where waves or coverage are wanted.
SHARED = {"chip": ["chip_subsystem", "chip_station"]}
PORT = re.compile(r"VL_(IN|OUT|INOUT)(8|16|64|W|)\(&(\w+),(\d+),(\d+)(?:,\d+)?\);")


def compiler():
    """clang++ where it is installed (1.7 times faster models), else g++; S4_CXX overrides."""
    chosen = os.environ.get("S4_CXX")
    for name in [chosen] if chosen else ["clang++", "g++"]:
        path = shutil.which(name)
        if path:
            return path
    raise SystemExit("build_model: no C++ compiler found (clang++ or g++); try `make doctor`")


def stamp(path):
    """Identifies an installed program without running it."""
    real = os.path.realpath(path)
    info = os.stat(real)
    return f"{real}:{info.st_size}:{int(info.st_mtime)}"


def processor():
    """What -march=native depends on."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as text:
            for line in text:
                if line.startswith(("flags", "Features")):
                    return hashlib.sha256(line.encode()).hexdigest()[:16]
    except OSError:
        pass
    return "unknown"


def named_config(config):
    """Returns (name for files, path of config_pkg.sv or None for a named configuration)."""
    if config in rtl_files.CONFIGS:
        return config, None
    path = Path(config)
    if not path.is_file():
        raise SystemExit(f"build_model: '{config}' is neither tiny, small, s4 nor a file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    name = f"{path.stem}-{digest}"
    out = ROOT / "build" / "gen" / name
    package = out / "config_pkg.sv"
    sources = [ROOT / "tools" / "generate.py", *(ROOT / "rtl").glob("*/*.json")]
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        newest = max(source.stat().st_mtime for source in sources)
        if not package.exists() or package.stat().st_mtime < newest:
            done = subprocess.run([sys.executable, str(sources[0]), "--config", str(path),
                                   "--out", str(out)], stdout=sys.stderr, check=False)
            if done.returncode:
                package.unlink(missing_ok=True)
                raise SystemExit(f"build_model: the configuration {config} was refused")
            os.utime(package)
    return name, package


class Job:
    """One model: its sources, flags, hash and place."""

    def __init__(self, args):
        self.top, self.kind = args.top, args.kind
        self.config, package = named_config(args.config)
        replace = rtl_files.parse_replace(args.replace)
        used = {p.stem for p in rtl_files.files(self.config, self.top, True, package)}
        inherited = rtl_files.parse_replace(
            [v for v in os.environ.get("S4_MODEL_REPLACE", "").split(",") if v])
        replace.update({k: v for k, v in inherited.items() if k in used and k not in replace})
        self.sources = rtl_files.files(self.config, self.top, True, package, replace)
        self.parameters = sorted(args.param or [])
        self.settings = KINDS[self.kind]
        self.shared = SHARED.get(self.top, []) if self.kind in ("fast", "checked") else []
        self.compiler = compiler()
        self.verilator = shutil.which("verilator")
        if not self.verilator:
            raise SystemExit("build_model: verilator is not installed; try `make doctor`")
        # Gate-level netlists make so much code that its compilation counts more than its speed.
        self.gates = any(str(path).endswith("_netlist.v") and "_words_" not in Path(path).name
                         for path in self.sources)
        extra = json.dumps([self.parameters, sorted(replace.items())])
        tag = "" if not self.parameters and not replace else (
            "-" + hashlib.sha256(extra.encode()).hexdigest()[:8])
        self.name = f"{self.top}-{self.config}-{self.kind}{tag}"
        self.library = MODELS / f"{self.name}.so"
        self.hash = self._hash()

    def _hash(self):
        digest = hashlib.sha256()

        def add(*texts):
            for text in texts:
                digest.update(text.encode() + b"\0")

        binary = shutil.which("verilator_bin") or self.verilator
        add(self.top, self.config, self.kind, *self.parameters, *COMMON, *self.settings["flags"])
        add(stamp(binary), stamp(self.compiler), processor())
        inputs = list(INPUTS) + ([WAIVERS] if self.kind == "coverage" else [])
        for path in list(self.sources) + rtl_files.headers() + inputs:
            if Path(path).exists():
                add(Path(path).name)
                digest.update(Path(path).read_bytes())
        return digest.hexdigest()[:32]

    def up_to_date(self):
        try:
            recorded = (MODELS / f"{self.name}.hash").read_text(encoding="ascii").strip()
        except OSError:
            return False
        return recorded == self.hash and self.library.exists()


def run(command, what, log):
    """Runs a command; on failure shows its output and ends."""
    # Paths below the repository count from its root for ccache: another clone finds what this one made.
    environment = {**os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment, check=False)
    log.write(" ".join(map(str, command)) + "\n" + done.stdout)
    log.flush()
    if done.returncode != 0:
        lines = done.stdout.splitlines()
        shown = [line for line in lines if "rror" in line][:20] or lines[-30:]
        raise SystemExit("\n".join(shown) + f"\nbuild_model: {what} failed; whole log: {log.name}")


def write_ports(folder):
    """ports.inc from the header that Verilator wrote."""
    header = (folder / "Vmodel.h").read_text(encoding="utf-8")
    direction = {"IN": "S4_PORT_IN", "OUT": "S4_PORT_OUT", "INOUT": "S4_PORT_INOUT"}
    lines = []
    for way, _, member, msb, lsb in PORT.findall(header):
        name = re.sub(r"__0([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), member)
        lines.append(f'S4_MODEL_PORT("{name}", {member}, {int(msb) - int(lsb) + 1}, '
                     f"{direction[way]})")
    (folder / "ports.inc").write_text("\n".join(lines) + "\n", encoding="utf-8")


def runtime_sources(folder):
    """Files of Verilator's own run time that this model needs."""
    text = (folder / "Vmodel_classes.mk").read_text(encoding="utf-8").replace("\\\n", " ")
    names = []
    for group in ("VM_GLOBAL_FAST", "VM_GLOBAL_SLOW"):
        names += re.search(group + r" \+=([^\n]*)", text)[1].split()
    flags = {key: re.search(key + r" = (\d)", text)[1] for key in ("VM_TRACE", "VM_COVERAGE")}
    return names, flags


def grouped_sources(folder, gates):
    """[(file, slow)]: what runs once (construction, tracing set-up) apart from what runs always.

    Small models go through the compiler as two files, which saves most of their build time. The
    header of a gate-level netlist is the most of each of its files: these go in groups.
    """
    groups = {False: [], True: []}
    for source in sorted(folder.glob("*.cpp"), key=lambda p: -p.stat().st_size):
        slow = "__Slow" in source.name or "__Syms" in source.name or "__Trace" in source.name
        groups[slow].append(source)
    whole = sum(s.stat().st_size for group in groups.values() for s in group)
    if whole > 1_000_000 and not gates:
        return [(source, slow) for slow, group in groups.items() for source in group]
    grouped = []
    for slow, group in groups.items():
        count = max(1, sum(s.stat().st_size for s in group) // 40_000_000)
        for part in range(count):
            text = "".join(f'#include "{source.name}"\n' for source in group[part::count])
            path = folder / f"all_{'slow' if slow else 'fast'}{part or ''}.cpp"
            path.write_text(text, encoding="utf-8")
            grouped.append((path, slow))
    return grouped


def top_with_parameters(job, folder):
    """The sources, with a copy of the top module whose parameters have other defaults."""
    head = re.compile(rf"^\s*module\s+{job.top}\b", re.M)
    top = next(path for path in reversed(job.sources)
               if head.search(Path(path).read_text(encoding="utf-8")))
    text = Path(top).read_text(encoding="utf-8")
    for parameter in job.parameters:
        name, value = parameter.split("=", 1)
        text, count = re.subn(rf"^(\s*parameter\b[^=\n]*\b{name}\s*=\s*)[^,/\n]*", rf"\g<1>{value}",
                              text, flags=re.M)
        if count != 1:
            raise SystemExit(f"build_model: module {job.top} has no parameter {name} on a line")
    copy = folder / f"{job.top}.sv"
    copy.write_text(text, encoding="utf-8")
    return [copy if path == top else path for path in job.sources]


def build(job, log):
    folder = MODELS / "obj" / job.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    includes = [f"-I{p}" for p in rtl_files.include_dirs()]
    waivers = [WAIVERS] if job.kind == "coverage" else []
    split = ["--output-split", "60000"] if job.gates else []
    parameters, sources = [f"-G{p}" for p in job.parameters], job.sources
    if job.shared:
        blocks = folder / "shared.vlt"
        blocks.write_text("`verilator_config\n" + "".join(
            f'hier_block -module "{module}"\n' for module in job.shared), encoding="ascii")
        # Verilator hands -G on to the shared modules, which do not have these parameters.
        parameters, sources = ["--hierarchical", blocks], top_with_parameters(job, folder)
    run([job.verilator, *COMMON, *split, *job.settings["flags"], "--top-module", job.top,
         "--Mdir", folder, *parameters, *includes, *[w for w in waivers if w.exists()],
         *sources], "verilator", log)
    write_ports(folder)
    names, flags = runtime_sources(folder)
    share = Path(os.environ.get("VERILATOR_ROOT", "/usr/share/verilator")) / "include"
    ccache = [shutil.which("ccache")] if shutil.which("ccache") else []
    base = [*ccache, job.compiler, "-std=c++17", "-fPIC", "-march=native", "-fvisibility=hidden",
            "-fno-strict-aliasing", "-w", f"-I{share}", f"-I{share}/vltstd", "-DVM_SC=0",
            "-DVM_TRACE_VCD=0", f"-DVM_TRACE={flags['VM_TRACE']}",
            f"-DVM_TRACE_FST={flags['VM_TRACE']}", f"-DVM_COVERAGE={flags['VM_COVERAGE']}",
            "-include", str(WRAPPER / "hooks.hpp")]
    if "clang" not in os.path.basename(job.compiler):
        base.append("-fno-gnu-unique")
    settings = [f'-DS4_MODEL_HASH="{job.hash}"', f'-DS4_MODEL_TOP="{job.top}"',
                f'-DS4_MODEL_CONFIG="{job.config}"', f'-DS4_MODEL_KIND="{job.kind}"',
                f"-DS4_MODEL_RANDOM={job.settings['random']}",
                f"-DS4_MODEL_SETTLE={job.settings['settle']}"]
    own = [f"-I{folder}", f"-I{ROOT}"]
    # Code that runs once is quick to compile.
    once = "-O0" if job.kind == "coverage" or job.gates else "-O1"
    often = "-O0" if job.gates else job.settings["optimise"]
    parts = [folder, *sorted(path for path in folder.glob("V*/") if list(path.glob("*.cpp")))]
    work = [(source, [f"-I{part}", *own, once if slow else often])
            for part in parts for source, slow in grouped_sources(part, job.gates)]
    work += [(share / f"{name}.cpp", ["-O2"]) for name in names]
    work.append((WRAPPER / "wrapper.cpp", [*own, "-O2", *settings]))
    objects = [folder / f"{number}_{source.stem}.o" for number, (source, _) in enumerate(work)]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("S4_JOBS", "2"))) as pool:
        jobs = [pool.submit(run, [*base, *options, "-c", source, "-o", target], "the compiler", log)
                for (source, options), target in zip(work, objects)]
        for each in jobs:
            each.result()
    fresh = folder / "model.so"
    run([job.compiler, "-shared", "-Wl,-Bsymbolic,-z,defs", "-o", fresh, *objects, "-lz", "-lpthread",
         "-latomic"],
        "the linker", log)
    record = MODELS / f"{job.name}.hash"
    record.unlink(missing_ok=True)
    os.replace(fresh, job.library)
    record.write_text(job.hash + "\n", encoding="ascii")
    for target in objects:
        target.unlink()


def expected_seconds(job):
    try:
        return json.loads((MODELS / "seconds.json").read_text(encoding="utf-8")).get(job.name)
    except (OSError, ValueError):
        return None


def remember_seconds(job, seconds):
    path = MODELS / "seconds.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    known[job.name] = round(seconds)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(fresh, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", required=True, help="any module under rtl/ or tb/rtl/")
    parser.add_argument("--config", default="tiny", help="tiny, small, s4 or a configuration JSON")
    parser.add_argument("--kind", default="checked", choices=sorted(KINDS))
    parser.add_argument("--param", action="append", metavar="NAME=VALUE",
                        help="override a parameter of the top module")
    parser.add_argument("--replace", action="append", metavar="MODULE=PATH",
                        help="use PATH (a netlist, a mutant) instead of the module's own file")
    parser.add_argument("--hash", action="store_true", help="print the hash on a second line")
    args = parser.parse_args()

    job = Job(args)
    if not job.up_to_date():
        MODELS.mkdir(parents=True, exist_ok=True)
        with open(MODELS / f"{job.name}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not job.up_to_date():
                guess = expected_seconds(job)
                about = f"about {guess} s" if guess is not None else "first time"
                print(f"building model {job.name} (once, {about}) ...", file=sys.stderr, flush=True)
                start = time.monotonic()
                with open(MODELS / f"{job.name}.log", "w", encoding="utf-8") as log:
                    build(job, log)
                seconds = time.monotonic() - start
                remember_seconds(job, seconds)
                print(f"built model {job.name} in {seconds:.1f} s", file=sys.stderr, flush=True)
    print(job.library)
    if args.hash:
        print(job.hash)
    return 0


if __name__ == "__main__":
    sys.exit(main())
