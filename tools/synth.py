#!/usr/bin/env python3
"""Synthesises every module of a configuration with yosys and times every block with OpenSTA.

Each module is mapped by itself to the OSU 0.18 um cells (its children as black boxes), so a second
run only redoes what changed. The run fails on: a construct yosys refuses, a latch, a cell that
stays unmapped, a combinational loop, a net with several drivers or none, a storage object above
4 KiB outside the SRAM macros (but not in mac_quadrant), a block without constraints/<block>.sdc.
Results: build/synth/<config>/report.md, report.json and <module>_timing.txt.
"""

import argparse
import concurrent.futures
import fcntl
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import known_names
import rtl_files
import synth_lanes

ROOT = pathlib.Path(rtl_files.ROOT)
LIBERTY = pathlib.Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")
SRAMS = ("sram_1rw", "sram_1r1w")
STORAGE_LIMIT_BITS = 4 * 1024 * 8
STORAGE_EXEMPT = ("mac_quadrant",)  # its operand and accumulator registers are flip-flops
FLIP_FLOPS = ("DFFPOSX1", "DFFNEGX1", "DFFSR")
FLOW_VERSION = 1  # raise when the flow below changes what it produces


class SynthError(Exception):
    """A tool refused the design; the text says which and why."""


def run_tool(command, cwd, log, timeout=1800):
    """Runs a tool with its output in the file log; returns (exit code, output)."""
    with open(log, "w", encoding="utf-8") as out:
        try:
            done = subprocess.run(command, cwd=cwd, stdout=out, stderr=subprocess.STDOUT,
                                  timeout=timeout, check=False)
        except subprocess.TimeoutExpired as error:
            raise SynthError(f"{command[0]} took over {timeout} s, see {log}") from error
    return done.returncode, log.read_text(encoding="utf-8", errors="replace")


def first_error(text):
    """The line of a yosys log that says what is wrong."""
    for line in text.splitlines():
        if "ERROR" in line:
            return line.strip()
    return text.strip()[-300:]


def clock_figure(name):
    """A number set in constraints/clock.tcl."""
    text = (ROOT / "constraints" / "clock.tcl").read_text(encoding="ascii")
    match = re.search(rf"^set {name} ([0-9.]+)$", text, re.M)
    if not match:
        raise SynthError(f"constraints/clock.tcl sets no {name}")
    return float(match.group(1))


# ---- Elaboration ---------------------------------------------------------------------------------


class Module:
    """One elaborated module: RTLIL text with legal names, children, and where it came from."""

    def __init__(self, full_name, name, source):
        self.name = name
        self.full_name = full_name
        self.source = source  # stem of the file
        self.lines = []
        self.ports = []  # (name, width, direction)
        self.parameters = []
        self.children = {}  # instance -> module name
        self.srams = {}  # instance -> shape name

    def box(self):
        """The module as a black box, RTLIL."""
        lines = ["attribute \\blackbox 1", f"module \\{self.name}"]
        for number, (name, width, direction) in enumerate(self.ports, 1):
            size = f"width {width} " if width > 1 else ""
            lines.append(f"  wire {size}{direction} {number} {name}")
        return "\n".join(lines + ["end", ""])

    def title(self):
        text = " ".join(f"{name}={value}" for name, value in self.parameters)
        return f"{self.source} {text}".strip()


class Sram:
    """One shape of an SRAM macro, black box of synthesis."""

    def __init__(self, kind, values):
        self.kind = kind
        self.width = values.get("Width", 64)
        self.depth = values.get("Depth", 16)
        self.units = values.get("WriteUnits", 1)
        self.name = f"{kind}_{self.width}x{self.depth}x{self.units}"
        self.bits = self.width * self.depth

    def ports(self):
        address = max(1, (self.depth - 1).bit_length())
        inputs = {"sram_1rw": [("req_i", 1), ("we_i", 1), ("addr_i", address)],
                  "sram_1r1w": [("we_i", 1), ("waddr_i", address), ("re_i", 1),
                                ("raddr_i", address)]}[self.kind]
        inputs += [("wmask_i", self.units), ("wdata_i", self.width)]
        return [("\\clk_i", 1, "input")] + [(f"\\{n}", w, "input") for n, w in inputs] + [
            ("\\rdata_o", self.width, "output")]

    def box(self):
        module = Module(self.name, self.name, self.kind)
        module.ports = self.ports()
        return module.box()

    def liberty(self, clock_to_data, setup):
        """A cell with registered inputs and output, for timing only."""
        arc_in = (f'timing () {{ related_pin : "clk_i"; timing_type : setup_rising; '
                  f'rise_constraint (scalar) {{ values ("{setup}"); }} '
                  f'fall_constraint (scalar) {{ values ("{setup}"); }} }}')
        arc_out = (f'timing () {{ related_pin : "clk_i"; timing_type : rising_edge; '
                   f'timing_sense : non_unate; '
                   f'cell_rise (scalar) {{ values ("{clock_to_data}"); }} '
                   f'cell_fall (scalar) {{ values ("{clock_to_data}"); }} '
                   f'rise_transition (scalar) {{ values ("0.2"); }} '
                   f'fall_transition (scalar) {{ values ("0.2"); }} }}')
        types, pins = [], []
        for name, width, direction in self.ports():
            name = name[1:]
            if name == "clk_i":
                pins.append("pin (clk_i) { direction : input; clock : true; capacitance : 0.05; }")
                continue
            load = "capacitance : 0.02; " if direction == "input" else ""
            body = f"direction : {direction}; {load}{arc_in if direction == 'input' else arc_out}"
            if width == 1:
                pins.append(f"pin ({name}) {{ {body} }}")
                continue
            kind = f"{self.name}_{name}"
            types.append(f"type ({kind}) {{ base_type : array; data_type : bit; bit_width : {width};"
                         f" bit_from : {width - 1}; bit_to : 0; downto : true; }}")
            pins.append(f"bus ({name}) {{ bus_type : {kind}; {body} }}")
        return types, f"cell ({self.name}) {{\n  " + "\n  ".join(pins) + "\n}\n"


def legal_name(full_name):
    """($paramod..., source stem) of RTLIL -> (legal unique name, source stem)."""
    if not full_name.startswith("$paramod"):
        return full_name[1:], full_name[1:]
    parts = full_name.split("\\")
    stem = parts[1]
    return f"{stem}__{hashlib.sha1(full_name.encode()).hexdigest()[:8]}", stem


def rtlil_number(text):
    """8 or 32'000...01000 as an integer."""
    text = text.removeprefix("s")
    if "'" in text:
        return int(text.split("'")[1].removeprefix("s") or "0", 2)
    return int(text)


def parse_rtlil(text, modules, srams):
    """Adds the modules of an RTLIL text, SRAM instances turned into cells of their shape."""
    current, cell, cell_line, values, skipping = None, None, 0, {}, False
    for line in text.splitlines():
        if line.startswith("module "):
            full = line[7:]
            name, source = legal_name(full)
            skipping = source in SRAMS or name in modules
            current = Module(full, name, source)
            if not skipping:
                current.lines.append(f"module \\{name}")
            continue
        if current is None:
            continue
        if line == "end":
            if not skipping:
                current.lines.append("end")
                modules[current.name] = current
            current = None
            continue
        if skipping or line.lstrip().startswith("attribute \\src "):
            continue
        if cell is not None:
            if line == "  end":
                shape = Sram(cell[0], values)
                srams[shape.name] = shape
                current.lines[cell_line] = f"  cell \\{shape.name} {cell[1]}"
                current.srams[cell[1]] = shape.name
                cell = None
            elif line.startswith("    parameter "):
                words = line.split()
                values[words[-2][1:]] = rtlil_number(words[-1])
                continue
        elif line.startswith("  cell "):
            _, kind, instance = line.split(maxsplit=2)
            if kind.startswith("\\") or kind.startswith("$paramod"):
                child, source = legal_name(kind)
                if source in SRAMS:
                    cell, cell_line, values = (source, instance), len(current.lines), {}
                else:
                    current.children[instance] = child
                    line = f"  cell \\{child} {instance}"
        elif line.startswith("  parameter "):
            words = line.split()
            if len(words) == 3:
                try:
                    current.parameters.append((words[1][1:], rtlil_number(words[2])))
                except ValueError:
                    current.parameters.append((words[1][1:], words[2]))
        elif line.startswith("  wire "):
            words = line.split()
            for direction in ("input", "output", "inout"):
                if direction in words[1:-2]:
                    width = int(words[words.index("width") + 1]) if "width" in words else 1
                    order = int(words[words.index(direction) + 1])
                    current.ports.append((order, words[-1], width, direction))
        current.lines.append(line)
    for module in modules.values():
        if module.ports and len(module.ports[0]) == 4:
            module.ports = [port[1:] for port in sorted(module.ports)]


def read_command(sources):
    """yosys commands that read the RTL, with the SRAM macros as black boxes."""
    include = " ".join(f"-I{folder}" for folder in rtl_files.include_dirs())
    macros = [path for path in sources if path.stem in SRAMS]
    others = [path for path in sources if path.stem not in SRAMS]
    text = ""
    if macros:
        text += f"read_verilog -sv -lib {include} {' '.join(map(str, macros))}; "
    if others:
        text += f"read_verilog -sv -defer {include} {' '.join(map(str, others))}; "
    return text


def elaborate(config, top, folder, modules, srams, values=()):
    """Elaborates top (all modules under it are added), with (parameter, value) other than default."""
    sources = rtl_files.files(config, top=top, tb=True)
    target = folder / f"{top}_{os.getpid()}.il"  # another run may be at the same top
    script = read_command(sources) + f"hierarchy -check -top {top}"
    if values:
        script += "".join(f" -chparam {name} {value}" for name, value in values)
        script += f"; rename -top {top}"
    script += f"; write_rtlil {target}"
    code, text = run_tool(["yosys", "-p", script], ROOT, target.with_suffix(".log"))
    if code != 0:
        raise SynthError(f"{top}: {first_error(text)}")
    parse_rtlil(target.read_text(encoding="utf-8"), modules, srams)
    target.unlink()
    target.with_suffix(".log").unlink()


def roots_of(config, block, top, log):
    """Tops to elaborate in order: the subsystem, then every module it does not reach."""
    names = [name for name in rtl_files.modules(config) if name not in SRAMS]
    if top:
        return [top], []
    if block:
        inside = [name for name in names if block_of(config)[name] == block]
        if not inside:
            raise SynthError(f"no module in rtl/{block}/")
        used = set()
        for name in inside:
            used |= {p.stem for p in rtl_files.files(config, top=name)} - {name}
        return [name for name in inside if name not in used], []
    first = ["subsystem"] if "subsystem" in names else []
    if not first:
        log("no module 'subsystem': every module is taken by itself")
    return first, [name for name in names if name not in first]


_blocks = {}


def block_of(config):
    """Module -> block, the folder under rtl/ that holds it."""
    if not _blocks:
        for path in (ROOT / "rtl").glob("*/*.sv"):
            _blocks[path.stem] = path.parent.name
    return _blocks


# ---- One module ----------------------------------------------------------------------------------

# -norom: yosys 0.23 turns a case of constants into a memory and loses bits of wide ones.
WORD_SCRIPT = """
read_rtlil {name}.il
hierarchy -top {name}
proc -norom
synth -top {name} -noabc -noshare -run begin:fine
check
write_json word.json
write_rtlil word.il
"""

GATE_SCRIPT = """
read_liberty -lib {liberty}
read_rtlil word.il
synth -top {name} -noabc -noshare -run fine:check
dfflibmap -liberty {liberty}
abc -liberty {liberty} -constr abc.constr -D {period}
opt_clean -purge
check -mapped
stat -liberty {liberty}
tee -q -o stat.json stat -json -liberty {liberty}
write_verilog -noattr -noexpr -nohex -simple-lhs {name}.v
"""


def cache_key(config, module, modules, srams):
    """Everything that the result of one module depends on."""
    digest = hashlib.sha256(f"{FLOW_VERSION} {module.full_name} {WORD_SCRIPT} {GATE_SCRIPT}".encode())
    for path in rtl_files.files(config, top=module.source, tb=True):
        if path.stem.endswith("_pkg") or path.stem == module.source:
            digest.update(path.read_bytes())
    for path in rtl_files.headers():
        digest.update(path.read_bytes())
    for instance, child in sorted(module.children.items()):
        digest.update(f"{instance} {child} {modules[child].ports}".encode())
    for instance, shape in sorted(module.srams.items()):
        digest.update(f"{instance} {srams[shape].ports()}".encode())
    digest.update((ROOT / "constraints" / "clock.tcl").read_bytes())
    digest.update(str(LIBERTY.stat().st_size).encode())
    return digest.hexdigest()[:24]


def storage_objects(word):
    """{name: bits} of memories and registers of a module at word level."""
    found = {}
    names = {}
    for name, net in word["netnames"].items():
        if net.get("hide_name"):
            continue
        for bit in net["bits"]:
            names.setdefault(bit, re.sub(r"(\[\d+\])+$", "", name))
    for name, cell in word["cells"].items():
        if cell["type"].startswith("$mem"):
            bits = int(cell["parameters"]["SIZE"], 2) * int(cell["parameters"]["WIDTH"], 2)
            key = cell["parameters"].get("MEMID", name).lstrip("\\")
            found[key] = found.get(key, 0) + bits
        elif "dff" in cell["type"]:
            for bit in cell["connections"]["Q"]:
                key = names.get(bit, name)
                found[key] = found.get(key, 0) + 1
    return found


def word_problems(module, word):
    """Latches, and storage that should be an SRAM."""
    problems = []
    for name, cell in word["cells"].items():
        if "latch" in cell["type"] or cell["type"] == "$sr":
            nets = [n for n, net in word["netnames"].items()
                    if not net.get("hide_name") and set(net["bits"]) & set(cell["connections"]["Q"])]
            problems.append(f"latch {nets[0] if nets else name}")
    if module.source not in STORAGE_EXEMPT:
        for name, bits in storage_objects(word).items():
            if bits > STORAGE_LIMIT_BITS:
                problems.append(f"storage '{name}' of {bits} bits outside the SRAM macros")
    return problems


def log_problems(log):
    """What yosys' check says about nets and cells."""
    return [line.replace("Warning: ", "").strip().rstrip(":") for line in log.splitlines()
            if re.search(r"Warning: (found logic loop|multiple conflicting drivers|Wire .* is used "
                         r"but has no driver|Cell .* is an unmapped internal cell)", line)]


def synthesise(config, module, modules, srams, cache, log):
    """Maps one module, or takes it from the cache; returns its record."""
    folder = cache / f"{module.source}_{cache_key(config, module, modules, srams)}"
    record_path = folder / "record.json"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run may be at the same module
        if record_path.exists():
            record = json.loads(record_path.read_text(encoding="utf-8"))
            record["cached"] = True
            return record
        return map_module(module, modules, srams, folder, log)


def run_stage(stage, script, folder):
    """Runs one yosys script in a module's cache folder; returns (problems, log)."""
    (folder / f"{stage}.ys").write_text(script)
    code, text = run_tool(["yosys", "-s", f"{stage}.ys"], folder, folder / f"{stage}.log")
    return ([first_error(text)] if code != 0 else log_problems(text)), text


def write_elaborated(module, modules, srams, folder):
    """One module with black boxes of what it instantiates, as RTLIL."""
    boxes = [modules[name].box() for name in sorted(set(module.children.values()))]
    boxes += [srams[name].box() for name in sorted(set(module.srams.values()))]
    (folder / f"{module.name}.il").write_text("\n".join(boxes + module.lines) + "\n")


def map_words(module, modules, srams, folder):
    """Word-level netlist word.il of one module; returns its problems."""
    write_elaborated(module, modules, srams, folder)
    problems, _ = run_stage("word", WORD_SCRIPT.format(name=module.name), folder)
    if not problems:
        word = json.loads((folder / "word.json").read_text())["modules"][module.name]
        problems = word_problems(module, word)
        (folder / "word.json").unlink()
    if problems:
        (folder / "word.il").unlink(missing_ok=True)
    return problems


def map_module(module, modules, srams, folder, log):
    """Maps one module in its cache folder, where record.json appears if nothing is wrong."""
    started = time.monotonic()
    record = {"module": module.name, "folder": str(folder), "cells": 0, "area": 0.0,
              "flip_flops": 0, "cell_types": {}, "problems": []}
    record["problems"] = map_words(module, modules, srams, folder)
    if record["problems"]:
        return record
    (folder / "abc.constr").write_text("set_driving_cell BUFX4\nset_load 50.0 [all_outputs]\n")
    period = clock_figure("s4_osu018_scale") * 1e6 / clock_figure("s4_product_mhz")
    script = GATE_SCRIPT.format(name=module.name, liberty=LIBERTY, period=int(period))
    record["problems"], text = run_stage("gate", script, folder)
    if record["problems"]:
        return record
    stat = json.loads((folder / "stat.json").read_text())["modules"][f"\\{module.name}"]
    inner = set(module.children.values()) | set(srams)
    types = {kind: n for kind, n in stat["num_cells_by_type"].items() if kind not in inner}
    record["cell_types"] = types
    record["cells"] = sum(types.values())
    area = re.search(rf"Chip area for module '\\{re.escape(module.name)}': ([0-9.]+)", text)
    record["area"] = float(area.group(1)) if area else 0.0
    record["flip_flops"] = sum(types.get(kind, 0) for kind in FLIP_FLOPS)
    record["seconds"] = round(time.monotonic() - started, 1)
    (folder / "record.json").write_text(json.dumps(record, indent=1))
    log(f"  {module.title()}: {record['cells']} cells, {record['seconds']} s")
    return record


def map_all(config, modules, srams, cache, jobs, log):
    """Maps all modules, `jobs` at a time; returns {name: record}."""

    def one(module):
        try:
            return synthesise(config, module, modules, srams, cache, log)
        except SynthError as error:
            return {"module": module.name, "cells": 0, "area": 0.0, "flip_flops": 0,
                    "cell_types": {}, "problems": [str(error)]}

    # Large ones first, so that the last one to finish is small.
    order = sorted(modules.values(), key=lambda module: -len(module.lines))
    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        return {module.name: record for module, record in zip(order, pool.map(one, order))}


# ---- Whole design --------------------------------------------------------------------------------


def subtree(name, modules):
    """Names of all modules at or below one."""
    found, pending = [], [name]
    while pending:
        item = pending.pop()
        if item not in found:
            found.append(item)
            pending += modules[item].children.values()
    return found


def timing_tops(name, block, config, modules, records):
    """What stands for a module of a block in the timing run: itself, unless it only repeats modules of
    its block side by side. Those are timed once each, with the block's constraints at their ports."""
    folder_of = block_of(config)
    children = list(modules[name].children.values())
    inner = [child for child in children if folder_of.get(modules[child].source) == block]
    if records[name]["cells"] or len(inner) != len(children) or len(set(inner)) == len(inner):
        return [name]
    tops = []
    for child in dict.fromkeys(inner):
        tops += timing_tops(child, block, config, modules, records)
    return tops


def add_up(root, config, modules, records, srams, totals, timed):
    """Walks the instances; common modules count for the block that uses them."""
    folder_of = block_of(config)

    def visit(name, block):
        own = folder_of.get(modules[name].source, "common")
        if own != "common" and own != block:
            block = own
            tops = timed.setdefault(block, [])
            for top in timing_tops(name, block, config, modules, records):
                if top not in tops:
                    tops.append(top)
        if block is None:
            block = "common"
        total = totals.setdefault(block, {"instances": 0, "cells": 0, "area": 0.0,
                                          "flip_flops": 0, "sram_bits": 0, "srams": {}})
        record = records[name]
        total["instances"] += 1
        for key in ("cells", "area", "flip_flops"):
            total[key] += record[key]
        for shape in modules[name].srams.values():
            total["sram_bits"] += srams[shape].bits
            total["srams"][shape] = total["srams"].get(shape, 0) + 1
        for child in modules[name].children.values():
            visit(child, block)

    visit(root, None)


STA_SCRIPT = """
read_liberty {liberty}
{sram_liberty}
{netlists}
link_design {name}
source {clock}
read_sdc {sdc}
puts "S4 PERIOD $s4_period"
check_setup -loops
report_checks -path_delay max -fields {{fanout slew}} -digits 3
puts "S4 INTERNAL"
if {{[llength [all_registers -clock_pins]] > 0}} {{
  report_checks -path_delay max -from [all_registers -clock_pins] -to [all_registers -data_pins] \\
    -fields {{fanout slew}} -digits 3
}}
"""


def time_module(name, sdc, modules, records, folder, sram_liberty):
    """OpenSTA on one module with everything below it, unless nothing changed; its figures."""
    parts = subtree(name, modules)
    digest = hashlib.sha256(f"{STA_SCRIPT} {[records[part]['folder'] for part in parts]}".encode())
    for path in [sdc, ROOT / "constraints" / "clock.tcl"] + ([sram_liberty] if sram_liberty else []):
        digest.update(path.read_bytes())
    kept = folder / f"{name}_timing.json"
    if kept.exists():
        result = json.loads(kept.read_text())
        if result.get("key") == digest.hexdigest():
            return result
    result = run_timing(name, sdc, parts, records, folder, sram_liberty)
    result["key"] = digest.hexdigest()
    if not result["problems"]:
        kept.write_text(json.dumps(result))
    return result


def run_timing(name, sdc, parts, records, folder, sram_liberty):
    """OpenSTA on the mapped netlists of a module and those below it."""
    netlists = "\n".join(f"read_verilog {records[part]['folder']}/{part}.v" for part in parts)
    script = STA_SCRIPT.format(
        liberty=LIBERTY, netlists=netlists, name=name, sdc=sdc,
        clock=ROOT / "constraints" / "clock.tcl",
        sram_liberty=f"read_liberty {sram_liberty}" if sram_liberty else "")
    script_path = folder / f"{name}_timing.tcl"
    script_path.write_text(script)
    code, text = run_tool(["sta", "-no_splash", "-no_init", "-exit", str(script_path)], folder,
                          folder / f"{name}_timing.txt", 1800)
    result = {"module": name, "problems": []}
    errors = re.findall(r"^Error.*$", text, re.M)
    if code != 0 or errors:
        result["problems"].append(f"sta: {errors[0] if errors else text.strip()[-200:]}")
    match = re.search(r"S4 PERIOD ([0-9.]+)", text)
    if not match:
        return result
    period = float(match.group(1))
    loops = re.search(r"[Tt]here (?:is|are) (\d+) combinational loops?", text)
    if loops:
        result["problems"].append(f"{loops.group(1)} combinational loops (see {name}_timing.txt)")
    whole, _, internal = text.partition("S4 INTERNAL")
    # Recovery of the reset is a path group of its own, and not the longest path asked for.
    whole = "".join("Startpoint:" + part for part in whole.split("Startpoint:")[1:]
                    if "Path Group: clk" in part)
    for key, part in (("", whole), ("internal_", internal)):
        slack = re.search(r"^\s*(-?[0-9.]+)\s+slack", part, re.M)
        start = re.search(r"^Startpoint: (\S+)", part, re.M)
        end = re.search(r"^Endpoint: (\S+)", part, re.M)
        if slack:
            result[key + "slack_ns"] = float(slack.group(1))
            result[key + "longest_ns"] = round(period - float(slack.group(1)), 3)
            result[key + "from"] = start.group(1)
            result[key + "to"] = end.group(1)
    result["period_ns"] = period
    return result


def write_sram_liberty(srams, folder):
    """One liberty file with a cell for every SRAM shape; None without SRAMs."""
    if not srams:
        return None
    clock_to_data = clock_figure("s4_sram_clock_to_data")
    setup = clock_figure("s4_sram_setup")
    types, cells = [], []
    for name in sorted(srams):
        more, cell = srams[name].liberty(clock_to_data, setup)
        types += more
        cells.append(cell)
    thresholds = "".join(
        f"  {kind}_threshold_pct_{edge} : {value};\n" for edge in ("rise", "fall")
        for kind, value in (("input", 50), ("output", 50), ("slew_lower", 20), ("slew_upper", 80)))
    text = ("library (s4_sram) {\n  delay_model : table_lookup;\n  time_unit : \"1ns\";\n"
            "  voltage_unit : \"1V\";\n  current_unit : \"1uA\";\n"
            "  pulling_resistance_unit : \"1kohm\";\n  leakage_power_unit : \"1nW\";\n"
            "  capacitive_load_unit (1, pf);\n  nom_process : 1;\n  nom_voltage : 1.8;\n"
            "  nom_temperature : 25;\n" + thresholds + "\n".join(types) + "\n" + "\n".join(cells) + "}\n")
    path = folder / "sram.lib"
    path.write_text(text)
    return path


def table(rows, header):
    """Markdown table with aligned columns; numbers to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows + [header]) for i in range(len(header))]

    def line(row):
        cells = [c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        return "| " + " | ".join(cells) + " |"

    rule = "| " + " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":"
                             for i, w in enumerate(widths)) + " |"
    return "\n".join([line(header), rule] + [line(row) for row in rows])


def report_text(report):
    """report.md."""
    rows = []
    for block, total in report["blocks"].items():
        timing = [t for t in report["timing"] if t["block"] == block and "longest_ns" in t]
        worst = max(timing, key=lambda t: t["longest_ns"], default={})
        inner = max((t["internal_longest_ns"] for t in timing if "internal_longest_ns" in t),
                    default="-")
        rows.append([block, total["instances"], total["cells"], round(total["area"]),
                     total["flip_flops"], total["sram_bits"], worst.get("longest_ns", "-"), inner])
    if len(rows) > 1:
        rows.append(["all"] + [sum(row[i] for row in rows) for i in range(1, 6)] + ["", ""])
    text = f"# Synthesis of `{report['config']}`\n\n"
    text += (f"yosys, OSU 0.18 um cells; clock period {report['period_ns']} ns "
             f"({report['product_mhz']:g} MHz of the product times "
             f"{report['scale']:g}). Area in um^2 without the SRAM macros. Longest path with the "
             "parts of the period that the neighbours use, and between registers, in ns.\n\n")
    text += table(rows, ["block", "instances", "cells", "area", "flip-flops", "SRAM bits",
                         "longest path", "inside"]) + "\n"
    if report["srams"]:
        text += "\n## SRAM macros (black boxes)\n\n" + table(
            [[s["name"], s["block"], s["count"], s["bits"], s["bits"] * s["count"]]
             for s in report["srams"]], ["shape", "block", "count", "bits each", "bits"]) + "\n"
    if report["spu_lanes"]:
        text += synth_lanes.spu_text(report["spu_lanes"], table)
    if report["lanes"]:
        text += synth_lanes.activation_text(report["lanes"], table)
    text += "\n## Modules\n\n" + table(
        [[m["title"], m["cells"], round(m["area"]), m["flip_flops"]] for m in report["modules"]],
        ["module", "cells", "area", "flip-flops"]) + "\n"
    text += "\n## Longest paths\n\n" + table(
        [[t["module"], t.get("longest_ns", "-"), t.get("slack_ns", "-"), t.get("from", "-"),
          t.get("to", "-")] for t in report["timing"]],
        ["module", "ns", "slack", "from", "to"]) + "\n"
    if report["problems"]:
        text += "\n## Problems\n\n" + "\n".join(f"- {p}" for p in report["problems"]) + "\n"
    return text


def gather(options, folder, problems, log):
    """Elaborates all roots; returns (modules, srams, roots that worked)."""
    modules, srams, good = {}, {}, []
    first, rest = roots_of(options.config, options.block, options.top, log)
    queue = list(first)
    while queue or rest:
        if not queue:
            reached = {module.source for module in modules.values()}
            rest = [name for name in rest if name not in reached]
            if not rest:
                break
            # Not below anything taken so far: first those that hold others.
            below = set()
            for name in rest:
                below |= {p.stem for p in rtl_files.files(options.config, top=name)} - {name}
            queue = [name for name in rest if name not in below] or rest[:1]
        name = queue.pop(0)
        rest = [item for item in rest if item != name]
        try:
            elaborate(options.config, name, folder, modules, srams)
            good.append(name)
        except SynthError as error:
            problems.append(str(error))
    return modules, srams, good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="tiny", help="tiny, small or s4 (default tiny)")
    parser.add_argument("--block", help="only the modules of rtl/<block>/ and what they use")
    parser.add_argument("--top", help="only this module and what it uses")
    parser.add_argument("-j", type=int, default=2, help="modules at a time (default 2)")
    parser.add_argument("--no-timing", action="store_true", help="leave OpenSTA out")
    options = parser.parse_args()
    options.block = options.block or None
    known_names.require("synth", "configuration", options.config, known_names.configurations())
    known_names.require("synth", "block", options.block, known_names.rtl_blocks())
    started = time.monotonic()
    folder = ROOT / "build" / "synth" / options.config
    cache = ROOT / "build" / "synth" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    problems = []

    def log(text):
        print(text, flush=True)

    try:
        modules, srams, roots = gather(options, folder, problems, log)
    except SynthError as error:
        print(f"synth: {error}", file=sys.stderr)
        return 2
    extra = synth_lanes.extra_modules(modules, lambda top, found: elaborate(
        options.config, top, folder, found, {}))
    log(f"{options.config}: {len(modules)} modules to map, {len(extra)} to compare with")
    records = map_all(options.config, modules | extra, srams, cache, options.j, log)
    for module in (modules | extra).values():
        for problem in records[module.name]["problems"]:
            problems.append(f"{module.title()}: {problem}")

    totals, timed = {}, {}
    for root in roots:
        add_up(root, options.config, modules, records, srams, totals, timed)
    timing = []
    if not options.no_timing:
        sram_liberty = write_sram_liberty(srams, folder)
        jobs = []
        for block, names in timed.items():
            sdc = ROOT / "constraints" / f"{block}.sdc"
            if not sdc.exists():
                problems.append(f"no constraints/{block}.sdc")
                continue
            for name in names:
                if not any(records[part]["problems"] for part in subtree(name, modules)):
                    jobs.append((block, name, sdc))
            # Lanes by themselves as well, for their own figures.
            jobs += [(block, module.name, sdc) for module in modules.values()
                     if module.source in synth_lanes.TIMED.get(block, ())
                     and module.name not in names
                     and not any(records[part]["problems"] for part in subtree(module.name, modules))]
            jobs += [(block, name, sdc) for name in extra
                     if block == "spu" and not records[name]["problems"]]
        with concurrent.futures.ThreadPoolExecutor(max_workers=options.j) as pool:
            results = list(pool.map(lambda job: dict(
                time_module(job[1], job[2], modules | extra, records, folder, sram_liberty),
                block=job[0]), jobs))
        for result in results:
            timing.append(result)
            problems += [f"{result['module']}: {p}" for p in result["problems"]]

    scale, mhz = clock_figure("s4_osu018_scale"), clock_figure("s4_product_mhz")
    report = {
        "config": options.config, "period_ns": round(1000 * scale / mhz, 3), "scale": scale,
        "product_mhz": mhz,
        "blocks": {block: totals[block] for block in sorted(totals)},
        "modules": [{"title": m.title(), "name": m.name,
                     **{k: records[m.name][k] for k in ("cells", "area", "flip_flops")}}
                    for m in sorted(modules.values(), key=lambda m: m.title())],
        "srams": [{"name": name, "block": block, "count": count, "bits": srams[name].bits}
                  for block in sorted(totals)
                  for name, count in sorted(totals[block]["srams"].items())],
        "lanes": synth_lanes.activation_figures(modules, records, srams, timing),
        "spu_lanes": synth_lanes.spu_figures(modules, records, timing),
        "timing": timing, "problems": problems,
    }
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    text = report_text(report)
    (folder / "report.md").write_text(text)
    print()
    print(text.split("\n## Modules")[0].split("\n\n", 2)[2])
    for problem in problems:
        print(f"FAIL {problem}")
    fresh = sum(not record.get("cached") for record in records.values())
    print(f"synth {options.config}: {'FAILED' if problems or not modules else 'passed'}, "
          f"{len(modules)} modules ({fresh} mapped anew), {time.monotonic() - started:.0f} s, "
          f"build/synth/{options.config}/report.md")
    return 1 if problems or not modules else 0


if __name__ == "__main__":
    sys.exit(main())
