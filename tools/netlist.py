#!/usr/bin/env python3
"""Writes the yosys netlist of one module, to be simulated in the place of its RTL.

--level gates: every module below it is mapped to single-bit gates (and, or, xor, not, mux) and
flip-flops by the flow of tools/synth.py, as they are before they are matched with library cells;
written to build/synth/<config>/<top>_netlist.v. A model of a large block takes long to compile.
--level words: processes and arrays are turned into registers, multiplexers and arithmetic cells,
which keep their width; written to build/synth/<config>/<top>_words_netlist.v.
SRAM macros stay instances of the RTL macros. The result has the ports of the module;
of one whose header has parameters it needs their values, --set NAME=VALUE for those that an
instance sets: it takes them and refuses others.
  tools/build_model.py --top subsystem --config tiny --replace spu=build/synth/tiny/spu_netlist.v
or, for every program that loads models, S4_MODEL_REPLACE=spu=build/synth/tiny/spu_netlist.v
"""

import argparse
import concurrent.futures
import fcntl
import re
import sys
import time

import known_names
import rtl_files
import synth

SCRIPTS = {
    "gates": """
read_rtlil word.il
synth -top {name} -noabc -noshare -run fine:check
clean -purge
splitnets
clean -purge
check -assert
stat
write_verilog -noattr -nohex gates_{version}.v
""",
    "words": """
read_rtlil {name}.il
hierarchy -top {name}
proc
opt_expr
opt_clean
opt -nodffe -nosdff
fsm
opt
wreduce
opt_clean
memory -nomap
opt_clean
opt -fast
memory_map
opt -undriven -fast
clean -purge
check -assert
stat
write_verilog -noattr -nohex words_{version}.v
""",
}
VERSION = 1  # raise when the scripts above change what they produce


def has_parameters(path):
    """Whether the module's header declares parameters that an instance could set."""
    text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
    header = text[re.search(rf"\bmodule\s+{path.stem}\b", text).end():]
    header = header[:header.index(";")]
    return bool(re.search(r"(?<!local)\bparameter\b|#\s*\(\s*int\b", header))


def part_of(level, config, module, modules, srams, cache):
    """Verilog of one module at one level, and its number of cells."""
    folder = cache / f"{module.source}_{synth.cache_key(config, module, modules, srams)}"
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / f"{level}_{VERSION}.v"
    log = folder / f"{level}.log"
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (result.exists() and log.exists() and "End of script" in log.read_text()):
            if level == "gates" and not (folder / "word.il").exists():
                problems = synth.map_words(module, modules, srams, folder)
                if problems:
                    raise synth.SynthError(f"{module.title()}: " + "; ".join(problems))
            elif level == "words":
                synth.write_elaborated(module, modules, srams, folder)
            script = folder / f"{level}.ys"
            script.write_text(SCRIPTS[level].format(name=module.name, version=VERSION))
            code, text = synth.run_tool(["yosys", "-s", script.name], folder, log)
            if code != 0:
                raise synth.SynthError(f"{module.title()}: {synth.first_error(text)}")
    inner = len(module.children) + len(module.srams)
    count = int(re.findall(r"Number of cells:\s+(\d+)", log.read_text())[-1]) - inner
    return result.read_text(encoding="ascii"), count


def renamed(text, top, modules, srams):
    """Own names for the modules below the top, RTL names and parameters for the SRAM macros."""
    names = {name: name if name == top else f"{top}_netlist_{name}" for name in modules}
    for name, sram in srams.items():
        names[name] = (f"{sram.kind} #(.Width({sram.width}), .Depth({sram.depth}), "
                       f".WriteUnits({sram.units}))")
    pattern = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(rf"^(module |  )({pattern})(?=\(| \\?\S+ \($| \\\S+  \($)",
                  lambda match: match[1] + names[match[2]], text, flags=re.M)


def instances(name, modules):
    """How often each module occurs below one, itself included."""
    found = {name: 1}
    for child in modules[name].children.values():
        for inner, count in instances(child, modules).items():
            found[inner] = found.get(inner, 0) + count
    return found


def with_parameters(text, top, values):
    """The netlist with these parameters in the header of the top; other values are refused."""
    header = re.search(rf"^module {top}\(([^;]*)\);$", text, re.M)
    names = ", ".join(f"parameter {name} = {value}" for name, value in values)
    checks = "".join(f"\n  if ({name} != {value}) $error(\"{top}: netlist of {name} = {value}\");"
                     for name, value in values)
    return (text[:header.start()] + f"module {top} #({names}) ({header[1]});{checks}" +
            text[header.end():])


def write_netlist(config, top, level, jobs, values=()):
    """Returns (path, number of cells)."""
    sources = rtl_files.files(config, top=top)
    if has_parameters(next(path for path in sources if path.stem == top)) and not values:
        raise synth.SynthError(f"{top} has parameters: give those that its instances set, --set")
    folder = synth.ROOT / "build" / "synth" / config
    folder.mkdir(parents=True, exist_ok=True)
    cache = synth.ROOT / "build" / "synth" / "cache"
    modules, srams = {}, {}
    synth.elaborate(config, top, folder, modules, srams, values)
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        parts = list(pool.map(
            lambda module: part_of(level, config, module, modules, srams, cache), modules.values()))
    counts = {name: count for name, (_, count) in zip(modules, parts)}
    text = (f"// Netlist of {top} ({level}), written by tools/netlist.py.\n"
            "/* verilator lint_off DECLFILENAME */\n")
    text += "\n".join(renamed(part, top, modules, srams) for part, _ in parts)
    if values:
        text = with_parameters(text, top, values)
    target = folder / f"{top}{'' if level == 'gates' else '_' + level}_netlist.v"
    if not target.exists() or target.read_text(encoding="ascii") != text:
        target.write_text(text, encoding="ascii")
    cells = sum(counts[name] * number for name, number in instances(top, modules).items())
    return target, cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", default="spu", help="module (default spu)")
    parser.add_argument("--config", default="tiny", help="tiny, small or s4 (default tiny)")
    parser.add_argument("--level", default="gates", choices=sorted(SCRIPTS),
                        help="single-bit gates, or cells of their own width (default gates)")
    parser.add_argument("-j", type=int, default=2, help="modules at a time (default 2)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="parameter of the module that its instances set")
    options = parser.parse_args()
    values = [tuple(text.split("=", 1)) for text in options.set]
    for value in values:
        if len(value) != 2 or not value[0].isidentifier() or not value[1].isdigit():
            parser.error(f"--set {'='.join(value)}: a name, =, a decimal number")
    known_names.require("netlist", "configuration", options.config, known_names.configurations())
    started = time.monotonic()
    try:
        target, cells = write_netlist(options.config, options.top, options.level, options.j,
                                      values)
    except synth.SynthError as error:
        print(f"netlist: {error}", file=sys.stderr)
        return 1
    print(f"netlist of {options.top}: {cells} cells ({options.level}), "
          f"{time.monotonic() - started:.0f} s, {target.relative_to(synth.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
