"""Reads the commands and the shown answers of a Markdown document."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

# Fenced blocks in these languages after a command show what it printed.
SHOWN_LANGUAGES = {"json", "http", "text", "csv"}

_FENCE = re.compile(r"^(`{3,})(\w*)")
_DIRECTIVE = re.compile(r"^<!-- run: (.+?) -->$")


class DocumentError(Exception):
    """The document cannot be run as it is written."""


@dataclass
class Block:
    """A fenced block."""

    language: str
    line: int
    """The line of the opening fence, from 1."""
    text: str
    directives: set[str]
    label: str
    """The heading or the bold words above it."""


@dataclass
class Step:
    """A command block and the answer that is shown for it."""

    command: Block
    shown: Block | None = None


@dataclass
class Document:
    """A document's blocks in reading order."""

    path: Path
    blocks: list[Block] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Document:
        return cls(path, list(_blocks(path.read_text(encoding="utf-8").splitlines())))

    def server_command(self) -> Block:
        """The block that starts the server, marked `<!-- run: server -->`."""
        for block in self.blocks:
            if "server" in block.directives:
                return block
        raise DocumentError(f"{self.path}: no block is marked <!-- run: server -->")

    def steps(self) -> list[Step]:
        """The commands to run, each with its shown answer.

        A shown answer belongs to the command block before it. `<!-- run: no -->` leaves a block out.
        """
        steps: list[Step] = []
        is_open = False
        for block in self.blocks:
            if block.directives & {"no", "server"}:
                is_open = False
            elif block.language == "sh":
                steps.append(Step(block))
                is_open = True
            elif block.language in SHOWN_LANGUAGES:
                if not is_open:
                    raise DocumentError(f"{self.path}:{block.line}: an answer without a command; mark an example <!-- run: no -->")
                steps[-1].shown = block
                is_open = False
        return steps


def _blocks(lines: list[str]):
    label, directives, fence = "", set(), None
    body: list[str] = []
    for number, line in enumerate(lines, start=1):
        opening = _FENCE.match(line)
        if fence is not None:
            if line.strip() == fence.group(1):
                yield Block(fence.group(2), start, "\n".join(body) + "\n", directives, label)
                fence, directives = None, set()
            else:
                body.append(line)
        elif opening:
            fence, start, body = opening, number, []
        elif directive := _DIRECTIVE.match(line.strip()):
            directives = {part.strip() for part in directive.group(1).split(",")}
            unknown = directives - {"no", "server", "eventually", "in any order"}
            if unknown:
                raise DocumentError(f"line {number}: unknown run directive {', '.join(sorted(unknown))}")
        elif heading := re.match(r"^#+ (.*)|^\*\*(.+?)\*\*", line):
            label = heading.group(1) or heading.group(2)
    if fence is not None:
        raise DocumentError(f"line {start}: the block is not closed")
