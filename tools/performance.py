#!/usr/bin/env python3
"""Puts the figures of `s4 bench spu --json FILE`, `s4 bench mem --json FILE` or of one or several
`s4 bench chip --json FILE` into docs/performance.md, between the markers of what the files have.

    performance.py FILE...

Networks: sums per network and sparsity, then every layer's share of the ideal; equal layers of a
stage are one row. Memory: a table and a chart (docs/images/memory.svg). The whole chip: a table of
each network, where the clocks went, layers, latency of batches of one; what two files have measured
is taken from the later one (the chart is made by s4 bench chip --from FILE,... --svg). The text
around them is written by hand.
"""
import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
CHART = PAGE.parent / "images" / "memory.svg"
ALONE = ("random", "large")  # layers by themselves


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "| --- |" + " ---: |" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def chosen(entries, network, dtype):
    return [e for e in entries if e["network"] == network and e["dtype"] == dtype]


def sums(data, network, dtype):
    head = ["K", "sparsity", "clocks", "ideal", "of the ideal", "speed-up", "per second, 4 x 900 MHz"]
    rows = []
    for s in chosen(data["sums"], network, dtype):
        rows.append([str(s["keep"]), f"{64 / s['keep']:g}x", f"{s['cycles']:,}",
                     f"{s['ideal_cycles']:,.0f}", f"{100 * s['ideal_cycles'] / s['cycles']:.1f} %",
                     f"{s['speedup']:.2f}x", f"{s['images_per_s']:,.0f}"])
    return table(head, rows)


def layers(data, network, dtype):
    keeps = [s["keep"] for s in chosen(data["sums"], network, dtype)]
    groups, order = {}, []
    for row in chosen(data["rows"], network, dtype):
        name = re.sub(r"_block\d+", "", row["layer"])
        key = (name, row["shape"].partition(" ")[2].removesuffix(" bf16"))
        if key not in groups:
            groups[key] = {}
            order.append(key)
        groups[key].setdefault(row["keep"], []).append(row)
    rows = []
    for key in order:
        name, shape = key
        cells = []
        for keep in keeps:
            found = groups[key].get(keep, [])
            clocks = sum(r["cycles"] for r in found)
            share = 100 * sum(r["ideal_cycles"] for r in found) / clocks if clocks else 0
            cells.append(f"{clocks / max(len(found), 1):,.0f} ({share:.0f} %) {found[0]['bound']}"
                         if found else "")
        count = max(len(v) for v in groups[key].values())
        rows.append([name + (f" x {count}" if count > 1 else ""), shape] + cells)
    return table(["layer", "shape"] + [f"K = {k}" for k in keeps], rows)


def layers_alone(data, network, dtype):
    head = ["K", "wanted", "layers that reach it", "bounds / clocks of all", "least"]
    return table(head, [[str(s["keep"]), f"{100 * s['target']:.0f} %", f"{s['reach']} of {s['layers']}",
                         f"{100 * s['bound_cycles'] / s['cycles']:.1f} %", f"{100 * s['least']:.1f} %"]
                        for s in chosen(data["sums"], network, dtype)])


def memory_table(rows):
    head = ["traffic", "ECC off", "ECC on", "DRAMSys", "DRAMsim3", "must", "aim", "mean latency, clocks",
            "p99", "max"]
    return table(head, [
        [r["traffic"], f"{r['percent_of_peak']:.2f}", f"{r['with_ecc']['percent_of_peak']:.2f}",
         f"{r['dramsys']:.1f}", f"{r['dramsim3']:.1f}" if "dramsim3" in r else "", f"{r['must']:g}",
         f"{r['aim']:g}", f"{r['latency']['mean']:,.0f}", f"{r['latency']['p99']:,}",
         f"{r['latency']['max']:,}"] for r in rows])


def memory_chart(rows):
    """Horizontal bars, 0 to 100 percent of peak, one group for each traffic."""
    bars = [("this controller", "#1f6f8b", lambda r: r["percent_of_peak"]),
            ("with ECC", "#8fc1d4", lambda r: r["with_ecc"]["percent_of_peak"]),
            ("DRAMSys", "#b0b0b0", lambda r: r["dramsys"]),
            ("DRAMsim3", "#d9d9d9", lambda r: r.get("dramsim3"))]
    left, scale, bar, gap, top = 210, 5, 12, 14, 40
    height = top + len(rows) * (len(bars) * bar + gap) + 24
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + 100 * scale + 60}" '
           f'height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for i, (name, colour, _) in enumerate(bars):
        x = left + 125 * i
        out.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{colour}"/>'
                   f'<text x="{x + 17}" y="20">{name}</text>')
    for percent in range(0, 101, 20):
        x = left + percent * scale
        out.append(f'<line x1="{x}" y1="{top - 8}" x2="{x}" y2="{height - 20}" stroke="#e4e4e4"/>'
                   f'<text x="{x}" y="{height - 6}" text-anchor="middle">{percent} %</text>')
    y = top
    for r in rows:
        out.append(f'<text x="{left - 8}" y="{y + len(bars) * bar / 2 + 4:g}" '
                   f'text-anchor="end">{r["traffic"]}</text>')
        for k, (_, colour, value) in enumerate(bars):
            v = value(r)
            if v is not None:
                out.append(f'<rect x="{left}" y="{y + k * bar}" width="{v * scale:.1f}" '
                           f'height="{bar - 1}" fill="{colour}"/>'
                           f'<text x="{left + v * scale + 4:.1f}" y="{y + k * bar + 10}" '
                           f'font-size="10">{v:.1f}</text>')
        x = left + r["must"] * scale
        out.append(f'<line x1="{x:g}" y1="{y - 2}" x2="{x:g}" y2="{y + len(bars) * bar + 1}" '
                   'stroke="#c0392b" stroke-width="2"/>')
        y += len(bars) * bar + gap
    return "\n".join(out + ["</svg>"]) + "\n"


def replace(text, name, lines):
    marks = (f"<!-- {name} -->", f"<!-- end of {name} -->")
    begin, end = (text.index(mark) for mark in marks)
    return text[:begin + len(marks[0])] + "\n\n" + "\n".join(lines) + "\n\n" + text[end:]


# ---- The whole chip ------------------------------------------------------------------------------

NAMES = {"resnet50": "ResNet-50", "bert-base": "BERT-base"}
SHARES = {"array": "array", "weights": "weights", "activations": "activations",
          "results": "results", "rows": "rows", "host": "host", "other": "other"}


# Per second, at sparsities: what must be reached and, of ResNet-50, what is aimed at.
WANTED = {("resnet50", None): {1: (3370, 3500), 8: (25500, 27000), 16: (45000, 50000), 32: (70000, 80000)},
          ("bert-base", 128): {1: (1187,), 16: (13420,), 32: (19240,)},
          ("bert-base", 384): {1: (375,), 16: (2780,), 32: (3450,)}}


def curve(entry):
    return entry["network"], entry["sequence"], entry["mode"], entry["batch"]


def join(files):
    """Sums and rows of all files, of what is measured twice those of the later one."""
    sums, rows = {}, {}
    for data in files:
        for s in data["sums"]:
            key = (*curve(s), s["sparsity"])
            sums[key] = {**s, "clock_hz": data["clock_hz"]}
            rows[key] = [r for r in data["rows"] if (*curve(r), r["sparsity"]) == key]
    return sums, rows


def of_batches(sums, network):
    """Keys of its batches of several, by sequence, mode and sparsity."""
    keys = [k for k in sums if k[0] == network and k[3] > 1 and sums[k]["full_size"]]
    return sorted(keys, key=lambda k: (k[1] or 0, k[2], k[3], k[4]))


def sum_cells(sums, key):
    s, dense = sums[key], sums.get((*key[:4], 1.0))
    khz = s["cycles"] / s["wall_s"] / 1e3
    wanted = WANTED.get(key[:2], {}).get(key[4], ())
    return ([str(key[1])] if key[1] else []) + [
        f"{key[4]:g}x", f"{s['cycles']:,}", f"{s['images_per_s']:,.0f}",
        " / ".join(f"{rate:,}" for rate in wanted),
        f"{dense['cycles'] / s['cycles']:.2f}x" if dense else "", f"{s['weight_bytes']:,}",
        f"{s['parameter_bytes']:,}", f"{s['dram_bytes']:,}", f"{khz:.1f}"]


def share_cells(sums, key):
    shares = sums[key]["shares"]
    return ([str(key[1])] if key[1] else []) + [f"{key[4]:g}x"] + [
        f"{100 * shares[name]:.0f} %" for name in SHARES]


def layer_name(name):
    """The same for the blocks of a stage, or the layers of an encoder."""
    name = re.sub(r"^/layer(\d)/layer\d\.\d+/", r"layer\1, ", name)
    name = re.sub(r"^/encoder/layer\.\d+/", "", name)
    return re.sub(r"/(Conv|Gemm|MatMul|MaxPool|GlobalAveragePool)$", "", name).strip("/")


def chip_layers(sums, rows, keys):
    """Of one curve: mean clocks of equal layers, share of all clocks, bound, bytes."""
    groups = {}
    for key in keys:
        for row in rows[key]:
            shape = (row["shape"].partition(" ")[2] or row["shape"]).replace("|", "\\|")
            group = groups.setdefault((layer_name(row["layer"]), shape, row["engine"]), {})
            group.setdefault(key, []).append(row)
    lines = []
    for (name, shape, engine), group in groups.items():
        count = max(len(found) for found in group.values())
        cells = [name + (f" x {count}" if count > 1 else ""), shape, engine]
        for key in keys:
            found = group.get(key, [])
            clocks = sum(r["cycles"] or 0 for r in found)
            cells.append(f"{clocks / len(found):,.0f} ({100 * clocks / sums[key]['cycles']:.1f} %) "
                         f"{found[0]['bound']}" if found else "")
        for key in (keys[0], keys[-1]):
            found = group.get(key, [])
            cells.append(f"{sum(r['dram_bytes_read'] + r['dram_bytes_written'] for r in found):,}")
        lines.append(cells)
    head = ["layer", "shape", "engine"] + [f"{k[4]:g}x" for k in keys]
    return table(head + [f"DRAM bytes at {keys[0][4]:g}x", f"at {keys[-1][4]:g}x"], lines)


def chip_network(sums, rows, network):
    keys = of_batches(sums, network)
    first = ["tokens"] if keys[0][1] else []
    per = "sequences/s" if keys[0][1] else "images/s"
    lines = table(first + ["sparsity", "clocks", f"{per} at 900 MHz",
                           "must / aim" if network == "resnet50" else "must", "speed-up", "bytes of weights",
                           "of parameters", "all DRAM bytes", "kHz"],
                  [sum_cells(sums, k) for k in keys])
    shared = [share_cells(sums, k) for k in keys if sums[k]["shares"]]
    lines += ["", "Share of the clocks of all arrays, by the counters:", ""]
    lines += table(first + ["sparsity"] + list(SHARES.values()), shared)
    for same in sorted({k[:4] for k in keys if rows[k]}, key=lambda k: (k[1] or 0, k[2], k[3])):
        own = [k for k in keys if k[:4] == same and rows[k]]
        tokens = f", {same[1]} tokens" if same[1] else ""
        lines += ["", f"Layers of {NAMES[network]}{tokens}, batches of {same[3]}, mode `{same[2]}`: clocks "
                  "of one, share of the clocks of all such, bound:", ""]
        lines += chip_layers(sums, rows, own)
    return lines


def chip_latency(sums):
    rows = []
    for key in sorted((k for k in sums if k[3] == 1 and sums[k]["full_size"]),
                      key=lambda k: (k[0], k[1] or 0, k[2], k[4])):
        s = sums[key]
        if not s["shares"]:
            continue
        shares = sorted(SHARES, key=lambda name: -s["shares"][name])
        rows.append([NAMES[key[0]] + (f", {key[1]} tokens" if key[1] else ""), f"`{key[2]}`",
                     f"{key[4]:g}x", f"{s['cycles']:,}", f"{1e6 * s['cycles'] / s['clock_hz']:,.0f}",
                     ", ".join(f"{SHARES[n]} {100 * s['shares'][n]:.0f} %" for n in shares[:4])])
    head = ["network", "mode", "sparsity", "clocks", "microseconds", "clocks of the arrays"]
    return table(head, rows) if rows else []


def chip(files, text):
    sums, rows = join(files)
    for network in NAMES:
        if of_batches(sums, network):
            lines = chip_network(sums, rows, network)
            text = replace(text, f"chip {network}", lines)
            print(f"{PAGE.name}: chip {network}, {len(lines)} lines")
    lines = chip_latency(sums)
    if lines:
        text = replace(text, "chip latency", lines)
        print(f"{PAGE.name}: chip latency, {len(lines)} lines")
    PAGE.write_text(text)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    files = [json.loads(Path(path).read_text()) for path in sys.argv[1:]]
    for path, data in zip(sys.argv[1:], files):
        if not data["ok"]:
            sys.exit(f"{path}: the bench found mismatches")
    text = PAGE.read_text()
    if all("batch_cycles" in s for data in files for s in data.get("sums", [{}])):
        if any(data["store_all"] or data["config"] != "s4" for data in files):
            sys.exit("figures of configuration s4 are wanted, without --store-all")
        chip(files, text)
        return
    if len(files) != 1:
        sys.exit("several files: all of s4 bench chip")
    data = files[0]
    if "sums" not in data:
        CHART.write_text(memory_chart(data["rows"]))
        PAGE.write_text(replace(text, "memory", memory_table(data["rows"])))
        print(f"{PAGE.name}: memory, {len(data['rows'])} rows; {CHART.name}")
        return
    for network, dtype in sorted({(s["network"], s["dtype"]) for s in data["sums"]}):
        mark = network if dtype == "int8" else f"{network} {dtype}"
        if network in ALONE:
            lines = layers_alone(data, network, dtype)
        else:
            lines = sums(data, network, dtype) + [""] + layers(data, network, dtype)
        text = replace(text, mark, lines)
        print(f"{PAGE.name}: {mark}, {len(lines)} lines")
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
