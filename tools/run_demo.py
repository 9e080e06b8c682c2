#!/usr/bin/env python3
"""make run: one convolution at 1x, 8x, 16x and 32x weight sparsity on the RTL.

Every run is compared with the functional model (whole writable memory) and the reference (outputs).
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("S4_ROOT") or Path(__file__).resolve().parent.parent)
CONFIG = "small"
LAYER = ["--batch", "1", "--channels", "128", "--height", "14", "--width", "14", "--filters", "128",
         "--kernel", "3x3", "--stride", "1x1", "--pad", "1,1,1,1", "--dilation", "1x1"]
SPEEDUPS = (1, 8, 16, 32)


def main():
    print("One 3x3 convolution, 128 to 128 channels, 14x14 pixels, INT8, on the RTL of one subsystem")
    print(f"(configuration {CONFIG}), its weights pruned to 1/n and stored compressed.\n")
    print("sparsity    cycles  speed-up  weight bytes  reference = functional = RTL   wall")
    dense = None
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for speedup in SPEEDUPS:
            report = Path(folder) / f"{speedup}.json"
            command = [ROOT / "build" / "bin" / "s4", "conv", *LAYER, "--keep", str(64 // speedup),
                       "--config", CONFIG, "--backend", "all", "--seed", "1", "--json", report]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
            if not report.exists():
                print(done.stdout)
                print("failed: " + " ".join(map(str, command)))
                return 1
            result = json.loads(report.read_text(encoding="utf-8"))
            equal = done.returncode == 0 and result["ok"]
            failed |= not equal
            dense = dense or result["cycles"]
            print(f"{str(speedup) + 'x':>8}  {result['cycles']:8d}  {dense / result['cycles']:7.2f}x"
                  f"  {result['weight_bytes']:12d}  {'yes' if equal else 'NO':>28}"
                  f"  {result['wall_s']:5.1f} s", flush=True)
            if not equal:
                print(done.stdout)
    print("\nFAILED: results differ" if failed else
          "\nAll results equal, byte for byte. Next: make test, or build/bin/s4 conv --help")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
