"""What a lane takes in silicon: figures that tools/synth.py adds to its report.

A MAC lane is one output channel of one pixel: its share of a quadrant. Two modules are mapped for
comparison alone: the quadrant with its BF16 inputs tied to zero, and the index selection of one
lane (tb/rtl/spu/index_select_lane.sv).
"""

import copy
import re

KEYS = ("cells", "area", "flip_flops")
TIMED = {"activation": ("activation_lane",), "spu": ("mac_quadrant",)}  # by themselves as well
INT8_ALONE = "mac_quadrant_int8"
SELECTION = "index_select_lane"
BUFFERS = ("weight_path", "weight_gather", "weight_stream_buffer", "weight_decoder",
           "index_loader", "parameter_buffer")


def tied(module, name, ports):
    """A copy of an elaborated module in which some inputs of one bit are zero."""
    result = copy.copy(module)
    result.name, result.full_name = name, f"{module.full_name} {name}"
    result.ports = [port for port in module.ports if port[0].lstrip("\\") not in ports]
    result.lines = [f"module \\{name}"]
    for line in module.lines[1:-1]:
        match = re.fullmatch(r"  wire input \d+ \\(\w+)", line)
        if match and match.group(1) in ports:
            result.lines += [f"  wire \\{match.group(1)}",
                             f"  connect \\{match.group(1)} 1'0"]
        else:
            result.lines.append(line)
    result.lines.append("end")
    if len(result.ports) != len(module.ports) - len(ports):
        raise ValueError(f"{module.name} has not all of the inputs {', '.join(ports)}")
    return result


def extra_modules(modules, elaborate):
    """{name: module} of what is mapped for comparison, if the array is among the modules."""
    quadrant = next((m for m in modules.values() if m.source == "mac_quadrant"), None)
    if quadrant is None:
        return {}
    found = {}
    elaborate(SELECTION, found)
    found[INT8_ALONE] = tied(quadrant, INT8_ALONE, ("step_bf16_i", "step_low_i"))
    return found


def with_children(name, modules, records):
    """Cells, area and flip-flops of a module and all below it."""
    inner = [with_children(child, modules, records) for child in modules[name].children.values()]
    return [records[name][key] + sum(part[i] for part in inner) for i, key in enumerate(KEYS)]


def spu_figures(modules, records, timing):
    """Area of a MAC lane, its index selection, an epilogue lane and the buffers; None without."""
    of = {}
    for module in modules.values():
        of.setdefault(module.source, module)
    if not {"mac_quadrant", "epilogue", "float_epilogue", "mac_array"} <= set(of):
        return None
    width = {name: size for name, size, _ in of["mac_quadrant"].ports}
    lanes = width["\\step_value_i"] // 8
    pixels = width["\\fill_data_i"] // 512
    results = width["\\drain_data_o"] // 32
    quadrants = sum(child == of["mac_quadrant"].name for child in of["mac_array"].children.values())

    def whole(source):
        return with_children(of[source].name, modules, records)

    def own(name):
        return [records[name][key] for key in KEYS]

    int8_epilogue, both = whole("epilogue"), whole("float_epilogue")
    both = [a + b for a, b in zip(int8_epilogue, both)]
    instances = [m.name for m in modules.values() if m.source in BUFFERS]
    buffers = [sum(records[name][key] for name in instances) for key in KEYS]
    rows = [("MAC lane, INT8 alone", own(INT8_ALONE), lanes * pixels),
            ("MAC lane, INT8 and BF16", own(of["mac_quadrant"].name), lanes * pixels),
            ("of these: index selection", own(SELECTION), pixels),
            ("epilogue lane, INT8 alone", int8_epilogue, results),
            ("epilogue lane, INT8 and BF16", both, results),
            ("weight buffers' control, per channel lane", buffers, lanes * quadrants)]
    longest = {t["module"]: t for t in timing if "longest_ns" in t}
    names = {"quadrant, INT8 alone": INT8_ALONE, "quadrant": of["mac_quadrant"].name,
             "index selection by itself": SELECTION}
    paths = [{"name": title, "longest_ns": longest[name]["longest_ns"],
              "internal_longest_ns": longest[name].get("internal_longest_ns")}
             for title, name in names.items() if name in longest]
    return {"lanes": lanes, "pixels": pixels, "results": results, "paths": paths,
            "parts": [dict(zip(("name", *KEYS), [title] + [value / share for value in figures]))
                      for title, figures, share in rows]}


def spu_text(figures, table):
    """Section of report.md."""
    rows = [[p["name"]] + [round(p[key]) for key in KEYS] for p in figures["parts"]]
    text = (f"\n## SPU lanes: {figures['lanes']} channels x {figures['pixels']} pixels in a quadrant, "
            f"{figures['results']} results per beat, each\n\n")
    text += table(rows, ["of a lane", "cells", "area", "flip-flops"]) + "\n\nLongest path, ns:"
    for path in figures["paths"]:
        text += f" {path['name']} {path['longest_ns']}"
        if path["internal_longest_ns"] is not None:
            text += f" ({path['internal_longest_ns']} between registers)"
        text += ","
    return text.rstrip(",") + ".\n"


def activation_figures(modules, records, srams, timing):
    """What the activation lanes behind the epilogue take, per lane; None without them."""
    of = {module.source: module for module in modules.values()}
    if not {"fused_activation", "activation_array", "activation_lane"} <= set(of):
        return None
    array, lane = of["activation_array"], of["activation_lane"]
    lanes = list(array.children.values()).count(lane.name)

    def whole(name):
        return with_children(name, modules, records)

    def own(name):
        return [records[name][key] for key in KEYS]

    # The array's share and the splitting of beats are there once for all lanes.
    parts = [("lane, all functions", whole(lane.name)),
             ("array: companions, bytes of the table",
              [value / lanes for value in own(array.name)]),
             ("beats taken apart and joined",
              [value / lanes for value in own(of["fused_activation"].name)])]
    if "table_loader" in of:
        parts.append(("loader of the table",
                      [value / lanes for value in whole(of["table_loader"].name)]))
    bits = sum(srams[shape].bits for shape in array.srams.values()) // lanes
    longest = {t["module"]: t for t in timing if "longest_ns" in t}
    paths = [{"module": name, **{key: longest[module.name][key] for key in
                                 ("longest_ns", "internal_longest_ns")
                                 if key in longest[module.name]}}
             for name, module in of.items()
             if name in ("activation_lane", "activation_array") and module.name in longest]
    return {"lanes": lanes, "sram_bits": bits, "paths": paths,
            "parts": [dict(zip(("name", "cells", "area", "flip_flops"), [name] + figures))
                      for name, figures in parts]}


def activation_text(figures, table):
    """Section of report.md."""
    rows = [[p["name"]] + [round(p[key]) for key in ("cells", "area", "flip_flops")]
            for p in figures["parts"]]
    rows.append(["all"] + [sum(row[i] for row in rows) for i in (1, 2, 3)])
    text = f"\n## Activation lanes behind the epilogue: {figures['lanes']}, each\n\n"
    text += table(rows, ["of a lane", "cells", "area", "flip-flops"]) + "\n\n"
    text += f"SRAM bits of a lane: {figures['sram_bits']}."
    for path in figures["paths"]:
        text += f" {path['module']}: longest path {path['longest_ns']} ns"
        if "internal_longest_ns" in path:
            text += f", {path['internal_longest_ns']} between registers"
        text += "."
    return text + "\n"
