#!/usr/bin/env python3
"""Puts the figures of `s4 bench spu --json FILE` or `s4 bench mem --json FILE` into
docs/performance.md, between the markers of the networks and data types that the file has.

    performance.py FILE

Networks: sums per network and sparsity, then every layer's share of the ideal; equal layers of a
stage are one row. Memory: a table and a chart (docs/images/memory.svg). The text around them is
written by hand.
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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = json.loads(Path(sys.argv[1]).read_text())
    if not data["ok"]:
        sys.exit(f"{sys.argv[1]}: the bench found mismatches")
    text = PAGE.read_text()
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
