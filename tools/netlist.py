#!/usr/bin/env python3
"""Writes the gate-level netlist of one module, to be simulated in the place of its RTL.

The gates are those that `make synth` maps, counts and times (its cache is used), written as plain
Verilog expressions, flattened below the module. SRAM macros stay instances of the RTL macros.
The result, build/synth/<config>/<top>_netlist.v, has the ports of the module:
  tools/build_model.py --top subsystem --config tiny --replace spu=build/synth/tiny/spu_netlist.v
"""

import argparse
import re
import sys

import rtl_files
import synth

SCRIPT = """
read_liberty {liberty}
{boxes}
{reads}
hierarchy -top {top}
flatten
setattr -unset src
opt -purge
splitnets
opt_clean -purge
check -assert
stat
write_verilog -noattr -nohex {target}
"""


def has_parameters(config, top):
    """Whether the module's header declares parameters that an instance could set."""
    for path in rtl_files.files(config, top=top):
        if path.stem == top:
            text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
            header = text[re.search(rf"\bmodule\s+{top}\b", text).end():]
            return bool(re.match(r"\s*#\s*\([^;]*?(?<!local)\bparameter\b", header))
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", default="spu", help="module (default spu)")
    parser.add_argument("--config", default="tiny", help="tiny, small or s4 (default tiny)")
    parser.add_argument("-j", type=int, default=2, help="modules at a time (default 2)")
    options = parser.parse_args()
    top = options.top
    folder = synth.ROOT / "build" / "synth" / options.config
    folder.mkdir(parents=True, exist_ok=True)
    modules, srams = {}, {}
    target = folder / f"{top}_netlist.v"
    try:
        if has_parameters(options.config, top):
            raise synth.SynthError(f"{top} has parameters: its netlist could not take them")
        synth.elaborate(options.config, top, folder, modules, srams)
        cache = synth.ROOT / "build" / "synth" / "cache"
        records = synth.map_all(options.config, modules, srams, cache, options.j,
                                lambda text: print(text, flush=True))
        problems = [f"{name}: {p}" for name, r in records.items() for p in r["problems"]]
        if problems:
            raise synth.SynthError("\n".join(problems))
        boxes = folder / f"{top}_netlist_boxes.il"
        boxes.write_text("\n".join(sram.box() for sram in srams.values()))
        reads = "\n".join(f"read_verilog {r['folder']}/{name}.v" for name, r in records.items())
        script = folder / f"{top}_netlist.ys"
        script.write_text(SCRIPT.format(
            liberty=synth.LIBERTY, boxes=f"read_rtlil {boxes}" if srams else "", reads=reads,
            top=top, target=target))
        code, text = synth.run_tool(["yosys", "-s", str(script)], synth.ROOT,
                                    folder / f"{top}_netlist.log")
        if code != 0:
            raise synth.SynthError(synth.first_error(text))
    except synth.SynthError as error:
        print(f"netlist: {error}", file=sys.stderr)
        return 1
    netlist = target.read_text(encoding="ascii")
    for name, sram in srams.items():
        netlist = re.sub(rf"^(\s*){name} ", rf"\g<1>{sram.kind} #(.Width({sram.width}), "
                         rf".Depth({sram.depth}), .WriteUnits({sram.units})) ", netlist, flags=re.M)
    target.write_text("/* verilator lint_off DECLFILENAME */\n" + netlist, encoding="ascii")
    cells = re.findall(r"Number of cells:\s+(\d+)", text)
    print(f"netlist of {top}: {cells[-1] if cells else '?'} gates, "
          f"{target.relative_to(synth.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
