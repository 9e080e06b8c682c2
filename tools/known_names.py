"""A name given on the command line, checked against those that exist."""
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def require(tool, what, name, known):
    """Ends the program with exit code 2 and the list of known names unless `name` is one."""
    known = sorted(known)
    if name is not None and name not in known:
        print(f"{tool}: no {what} '{name}'; there are: {' '.join(known)}")
        raise SystemExit(2)


def configurations():
    return [path.name for path in (ROOT / "rtl" / "config" / "gen").iterdir() if path.is_dir()]


def rtl_blocks():
    return [path.name for path in (ROOT / "rtl").iterdir() if path.is_dir() and list(path.glob("*.sv"))]
