#!/usr/bin/env python3
"""Cell area of a function as a plain table, for docs/adr/0017: 1,024 entries of 16 bits as logic.

    table_area.py [FUNCTION ...]    default: all

An entry is the correctly rounded BF16 of one of eight octaves, 2^-4 to 2^4, of positive inputs.
yosys maps the table to the cells that `make synth` uses. A table of all inputs of a function that
differ from a constant or from x would have ten to sixty times as many.
"""
import argparse
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import functions  # noqa: E402
import rows  # noqa: E402
import synth  # noqa: E402


def bf16(name, e, m):
    """Bits of the correctly rounded result for (1 + m / 128) 2^e."""
    if name == "log" and (e, m) == (0, 0):
        return 0
    k, q, _, _ = rows.interval(name, False, e, m)
    size = 0x7F80 if k is None else (q + 133 << 7) + k if k >= 128 else k
    negative = functions.value(name, Fraction(128 + m, 128) * Fraction(2) ** e) < 0
    return size | 0x8000 if negative else size


def module(name):
    lines = ["module table_area(input [9:0] x, output reg [15:0] y);", "always @* case (x)"]
    for i in range(1024):
        lines.append(f"10'd{i}: y = 16'd{bf16(name, i // 128 - 4, i % 128)};")
    return "\n".join(lines + ["endcase", "endmodule"])


def area(name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table_area.v"
        path.write_text(module(name), encoding="ascii")
        script = (f"read_verilog {path}; proc -norom; synth -top table_area -noshare; "
                  f"abc -liberty {synth.LIBERTY}; opt_clean -purge; stat -liberty {synth.LIBERTY}")
        text = subprocess.run(["yosys", "-p", script], capture_output=True, text=True, check=True,
                              cwd=folder).stdout
    found = [line for line in text.splitlines() if "Chip area" in line]
    return float(found[-1].split(":")[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("functions", nargs="*", default=functions.NAMES, metavar="FUNCTION")
    options = parser.parse_args()
    unknown = set(options.functions) - set(functions.NAMES)
    if unknown:
        parser.error(f"no function {', '.join(sorted(unknown))}; there are "
                     + ", ".join(functions.NAMES))
    total = 0
    for name in options.functions:
        one = area(name)
        total += one
        print(f"{name:<10} {one:10,.0f} um^2", flush=True)
    print(f"together   {total:10,.0f} um^2")
    return 0


if __name__ == "__main__":
    sys.exit(main())
