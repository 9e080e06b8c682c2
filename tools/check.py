#!/usr/bin/env python3
"""make check: generated files equal their sources, formatting and style hold, links resolve."""
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent

STEPS = (
    ("generated files", ["generate.py", "--check"]),
    ("tables of the activation functions", ["activation/generate.py", "--check"]),
    ("style", ["style.py"]),
    ("links", ["docs.py", "--check"]),
)


def main():
    failed = []
    for name, (script, *arguments) in STEPS:
        if not (TOOLS / script).exists():
            print(f"check: {script} does not exist")
            failed.append(name)
            continue
        done = subprocess.run([sys.executable, str(TOOLS / script), *arguments], check=False)
        if done.returncode:
            failed.append(name)
    print("check: " + ("clean" if not failed else "failed: " + ", ".join(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
