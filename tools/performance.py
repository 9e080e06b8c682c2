#!/usr/bin/env python3
"""Puts the figures of `s4 bench spu --json FILE` into docs/performance.md, between its markers.

    performance.py FILE

Sums per network and sparsity, then every layer's share of the ideal; equal layers of a stage are one
row. The text around the tables is written by hand.
"""
import json
import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
TITLES = {"resnet50": "ResNet-50", "bert-base": "BERT-base layer"}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |",
             "| --- |" + " ---: |" * (len(head) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def sums(data, network):
    head = ["K", "sparsity", "clocks", "ideal", "of the ideal", "speed-up", "per second, 4 x 900 MHz"]
    rows = []
    for s in data["sums"]:
        if s["network"] == network:
            rows.append([str(s["keep"]), f"{64 / s['keep']:g}x", f"{s['cycles']:,}",
                         f"{s['ideal_cycles']:,.0f}", f"{100 * s['ideal_cycles'] / s['cycles']:.1f} %",
                         f"{s['speedup']:.2f}x", f"{s['images_per_s']:,.0f}"])
    return table(head, rows)


def layers(data, network):
    keeps = [s["keep"] for s in data["sums"] if s["network"] == network]
    groups, order = {}, []
    for row in data["rows"]:
        if row["network"] != network:
            continue
        name = re.sub(r"_block\d+", "", row["layer"])
        key = (name, row["shape"].partition(" ")[2])
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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = json.loads(Path(sys.argv[1]).read_text())
    if not data["ok"]:
        sys.exit(f"{sys.argv[1]}: the bench found mismatches")
    text = PAGE.read_text()
    for network, title in TITLES.items():
        lines = sums(data, network) + [""] + layers(data, network)
        marks = (f"<!-- {network} -->", f"<!-- end of {network} -->")
        begin, end = (text.index(mark) for mark in marks)
        text = text[:begin + len(marks[0])] + "\n\n" + "\n".join(lines) + "\n\n" + text[end:]
        print(f"{PAGE.name}: {title}, {len(lines)} lines")
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
