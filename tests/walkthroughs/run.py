#!/usr/bin/env python3
"""Runs the commands of README and docs/walkthroughs against a server, and compares every answer that is shown.

    run.py PROGRAM [DOCUMENT…]

Each document runs alone, against a server with an empty data directory, and then all of them in the order in which a reader meets
them (README, then as docs/walkthroughs/README.md lists them) in one shell against one server. Prints a line for each command
block and the totals, and fails when anything failed. Python's standard library, bash and curl are all it needs.
"""
from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from answers import Mismatch, Names, match
from markdown import Block, Document, DocumentError, Step
from session import Session, SessionError

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
INDEX = ROOT / "docs" / "walkthroughs" / "README.md"
EVENTUALLY_SECS = 30
ALONE_AT_ONCE = 4

# What the requests answer that `cargo dev` prints at its start, a line each: link, preview, ctx and conversion, and then the report.
GREETING = """\
{"handle":"demo","slug":"hello",…}
{"handle":"demo","slug":"hello",…"matched":{…}…}
c1.k1.…
{"accepted":true,"deduped":false,…}
"""
GREETING_REPORT = """\
{"handle":"demo","groupBy":"slug",…{"key":"hello","clicks":1,…"conversions":1,…}
"""


@dataclass
class Outcome:
    """What came of some documents: a line a step, and how many passed and failed."""

    title: str
    lines: list[str] = field(default_factory=list)
    passed: int = 0
    failed: int = 0
    started: float = field(default_factory=time.monotonic)
    secs: float = 0

    def report(self, place: str, what: str, secs: float, trouble: str | None = None) -> None:
        """Adds a line for a step."""
        self.secs = time.monotonic() - self.started
        self.passed += trouble is None
        self.failed += trouble is not None
        self.lines.append(f"{'ok    ' if trouble is None else 'FAILED'} {place:<28} {secs:5.1f} s  {what}")
        if trouble is not None:
            self.lines.extend("       " + line for line in trouble.rstrip("\n").split("\n"))

    def print(self) -> None:
        """Prints all of it."""
        print(f"\n== {self.title} ({self.secs:.0f} s)")
        print("\n".join(self.lines), flush=True)


def walkthroughs() -> list[Path]:
    """README and the walkthroughs in reading order; every file of the folder is in the list."""
    folder = INDEX.parent
    names = re.findall(r"\]\(([\w-]+\.md)\)", INDEX.read_text(encoding="utf-8"))
    listed = list(dict.fromkeys(folder / name for name in names))
    missing = sorted(set(folder.glob("*.md")) - {INDEX} - set(listed))
    if missing:
        raise DocumentError(f"{INDEX} does not list {', '.join(path.name for path in missing)}")
    return [README, *listed]


def run_step(session: Session, step: Step, names: Names) -> str | None:
    """Runs a step; what went wrong, if anything did."""
    end = time.monotonic() + (EVENTUALLY_SECS if "eventually" in step.command.directives else 0)
    while True:
        status, printed = session.run(step.command.text)
        if status != 0:
            ended = "did not end" if status is None else f"ended with status {status}"
            return f"the commands {ended} and printed:\n{printed}"
        if step.shown is None:
            return None
        try:
            match(step.shown.language, step.shown.text, printed, names, "in any order" in step.command.directives)
            return None
        except Mismatch as mismatch:
            if time.monotonic() >= end:
                return f"the answer of line {step.shown.line} is not what was printed, {mismatch}\nall that was printed:\n{printed}"
            time.sleep(0.2)


def run_documents(title: str, program: Path, documents: list[Document], server_command: str) -> Outcome:
    """Runs documents one after the other in one session."""
    outcome = Outcome(title)
    try:
        with Session(program, server_command) as session:
            for document in documents:
                names = Names()
                for step in document.steps():
                    start = time.monotonic()
                    trouble = run_step(session, step, names)
                    place = f"{document.path.name}:{step.command.line}"
                    outcome.report(place, step.command.label, time.monotonic() - start, trouble)
                    if not session.is_ready():
                        outcome.lines.append("       the shell takes no more commands; what follows was not run")
                        return outcome
            if outcome.failed:
                problems = [line for line in session.server_output().split("\n") if " WARN " in line or " ERROR " in line]
                outcome.lines += ["       the server's warnings and errors:", *("       " + line for line in problems[-20:])] if problems else []
    except SessionError as error:
        outcome.report("server", "start", 0, str(error))
    return outcome


def run_greeting(program: Path, server_command: str) -> Outcome:
    """Runs the requests that `cargo dev` prints, as a reader who pastes them."""
    outcome = Outcome("the requests that cargo dev prints")
    try:
        with Session(program, server_command) as session:
            lines = session.server_output().split("\n")
            first = next((at for at, line in enumerate(lines) if line.startswith("TOKEN=")), len(lines))
            end = next((at for at in range(first, len(lines)) if not lines[at].strip()), len(lines))
            for commands, shown, directives in [
                (lines[first : end - 1], GREETING, set()),
                (lines[end - 1 : end], GREETING_REPORT, {"eventually"}),
            ]:
                step = Step(Block("sh", 1, "\n".join(commands) + "\n", directives, ""), Block("text", 1, shown, set(), ""))
                start = time.monotonic()
                trouble = run_step(session, step, Names())
                outcome.report("cargo dev", "the report" if directives else "link, preview, ctx, conversion", time.monotonic() - start, trouble)
    except SessionError as error:
        outcome.report("server", "start", 0, str(error))
    return outcome


def main() -> int:
    program, *chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="walkthroughs-") as folder:
        # A copy: whatever is built meanwhile, this is one program.
        copy = Path(folder) / "local"
        shutil.copy(program, copy)
        return run_all(copy, chosen)


def run_all(program: Path, chosen: list[str]) -> int:
    server_command = Document.read(README).server_command().text.strip()
    paths = walkthroughs()
    if chosen:
        wanted = {Path(path).resolve() for path in chosen}
        if unknown := wanted - set(paths):
            raise DocumentError(f"neither README nor listed in {INDEX}: {', '.join(str(path) for path in unknown)}")
        paths = [path for path in paths if path in wanted]
    documents = [Document.read(path) for path in paths]
    with ThreadPoolExecutor(ALONE_AT_ONCE) as pool:
        alone = [
            pool.submit(run_documents, f"{document.path.relative_to(ROOT)}, alone", program, [document], server_command)
            for document in documents
        ]
        outcomes = []
        for each in alone:
            outcomes.append(each.result())
            outcomes[-1].print()
    if not chosen:
        outcomes.append(run_greeting(program, server_command))
        outcomes[-1].print()
    if len(documents) > 1:
        outcomes.append(run_documents("all of them in reading order", program, documents, server_command))
        outcomes[-1].print()
    passed, failed = sum(outcome.passed for outcome in outcomes), sum(outcome.failed for outcome in outcomes)
    commands = sum(len(document.steps()) for document in documents)
    print(f"\nwalkthroughs: {len(documents)} documents, {commands} command blocks, {len(outcomes)} servers")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DocumentError as error:
        sys.exit(f"error: {error}")
