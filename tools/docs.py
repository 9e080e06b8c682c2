#!/usr/bin/env python3
"""Regenerates the tables in docs/ and checks that every relative link and anchor resolves.

    docs.py            regenerate (tools/generate.py), then check
    docs.py --check    only check
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def pages():
    found = sorted((ROOT / "docs").rglob("*.md")) if (ROOT / "docs").is_dir() else []
    return sorted(ROOT.glob("*.md")) + found


def anchors(path):
    """Anchors of the headings of a page, as code hosts make them."""
    result = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"#+\s+(.*)", line)
        if heading:
            text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).strip().lower()
            result.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return result


def broken(path):
    """Yields (line, link) that lead nowhere."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        for match in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            link = match[1] or match[2]
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.exists() or not target.is_relative_to(ROOT):
                yield number, link
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                yield number, link


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="do not regenerate")
    args = parser.parse_args()
    if not args.check:
        done = subprocess.run([sys.executable, str(ROOT / "tools" / "generate.py")], check=False)
        if done.returncode:
            return done.returncode
    problems = [(page, number, link) for page in pages() for number, link in broken(page)]
    for page, number, link in problems:
        print(f"{page.relative_to(ROOT)}:{number}: no such target: {link}")
    print(f"links: {len(pages())} pages, {len(problems)} broken")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
