#!/usr/bin/env python3
"""Checks README and docs as text: README's length, the length of lines, and that every relative link leads somewhere.

    pages.py

Lines are at most 140 characters long: all of README's, and of other documents those outside code blocks and tables.
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MAX_README_LINES = 150
MAX_LINE_CHARS = 140

_LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(text: str) -> list[tuple[int, str]]:
    """The lines outside code blocks, with their numbers."""
    lines, is_code = [], False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code:
            lines.append((number, line))
    return lines


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    names = set()
    for _, line in prose(path.read_text(encoding="utf-8")):
        heading = re.match(r"^#+ +(.*)$", line)
        if heading:
            words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()).strip().replace(" ", "-")
            count = found.get(words, 0)
            found[words] = count + 1
            names.add(f"{words}-{count}" if count else words)
    return names


def faults(path: Path) -> list[str]:
    """What is wrong with a document."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    lines = text.splitlines()
    wrong = []
    if path == README and len(lines) > MAX_README_LINES:
        wrong.append(f"{name}: {len(lines)} lines, at most {MAX_README_LINES}")
    measured = list(enumerate(lines, start=1)) if path == README else [(at, line) for at, line in prose(text) if not line.startswith("|")]
    wrong += [f"{name}:{at}: {len(line)} characters, at most {MAX_LINE_CHARS}" for at, line in measured if len(line) > MAX_LINE_CHARS]
    for at, line in prose(text):
        for target in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            other = (path.parent / file).resolve() if file else path
            if not other.exists():
                wrong.append(f"{name}:{at}: {target} does not exist")
            elif anchor and other.suffix == ".md" and anchor not in anchors(other):
                wrong.append(f"{name}:{at}: {target}: there is no such heading")
    return wrong


def main() -> int:
    documents = [README, *sorted((ROOT / "docs").rglob("*.md"))]
    wrong = [fault for path in documents for fault in faults(path)]
    print("\n".join([*wrong, f"pages: {len(documents)} documents, {len(wrong)} faults"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
