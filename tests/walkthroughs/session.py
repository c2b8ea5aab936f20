"""A reader's folder and shell: the server in one terminal, the commands in another."""
from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

BLOCK_SECS = 60
START_SECS = 60

# The ports that documents speak of: API, demo shop, webhook receiver.
DOCUMENTED_PORTS = (9000, 9080, 9100)

# Has a `cargo` that runs the program under test.
BIN = Path(__file__).resolve().parent / "bin"


class SessionError(Exception):
    """The server or the shell did not do what every document needs."""


class Session:
    """A server with an empty data directory, and one shell for all commands."""

    def __init__(self, program: Path, server_command: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="walkthrough-"))
        self.ports = dict(zip(DOCUMENTED_PORTS, _free_ports(len(DOCUMENTED_PORTS))))
        self.work = self.folder / "work"
        self.work.mkdir()
        self.scripts = self.folder / "scripts"
        self.scripts.mkdir()
        self.program = program
        self.log = self.folder / "server.log"
        self.shell: subprocess.Popen | None = None
        self.server: subprocess.Popen | None = None
        self.count = 0
        self.is_stuck = False
        try:
            self._start_server(server_command)
            self._start_shell()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.shell, self.server):
            if process is not None:
                _end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment["PATH"] = f"{BIN}{os.pathsep}{environment['PATH']}"
        environment["LOCAL_SERVER"] = str(self.program)
        environment |= {f"WALK_PORT_{port}": str(own) for port, own in self.ports.items()}
        return environment

    def _start_server(self, command: str) -> None:
        with self.log.open("wb") as log:
            self.server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.work, env=self._environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        health = f"http://localhost:{self.ports[9000]}/v2/system/health"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + START_SECS
        while time.monotonic() < end and self.server.poll() is None:
            try:
                direct.open(health, timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise SessionError(f"the server did not start:\n{self.log.read_text(errors='replace')}")

    def _start_shell(self) -> None:
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=self.work, env=self._environment(), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, text=True,
        )
        self._tell("set -euo pipefail")

    def _tell(self, line: str) -> None:
        self.shell.stdin.write(line + "\n")
        self.shell.stdin.flush()

    def run(self, commands: str) -> tuple[int | None, str]:
        """Runs the commands in the shell; their exit status (none when they did not end) and what they printed."""
        self.count += 1
        script, output, status = (self.scripts / f"{self.count}.{kind}" for kind in ("sh", "out", "status"))
        script.write_text(self._to_own_ports(commands))
        if self.shell.poll() is None:
            self._tell(f". '{script}' >'{output}' 2>&1 </dev/null; echo $? >'{status}.part'; mv '{status}.part' '{status}'")
        end = time.monotonic() + BLOCK_SECS
        while not status.exists() and self.shell.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        printed = output.read_text(errors="replace") if output.exists() else ""
        printed = self._to_documented_ports(printed.replace(f"{script}: line ", "line "))
        if status.exists():
            return int(status.read_text()), printed
        self.is_stuck = True
        return self.shell.poll(), printed

    def is_ready(self) -> bool:
        """Whether the shell takes another command."""
        return not self.is_stuck

    def server_output(self) -> str:
        """What the server printed so far."""
        return self._to_documented_ports(self.log.read_text(errors="replace"))

    def _to_own_ports(self, text: str) -> str:
        return re.sub(r"(localhost|127\.0\.0\.1):(\d+)", lambda found: f"{found[1]}:{self.ports.get(int(found[2]), found[2])}", text)

    def _to_documented_ports(self, text: str) -> str:
        documented = {str(own): port for port, own in self.ports.items()}
        return re.sub(r"(localhost|127\.0\.0\.1):(\d+)", lambda found: f"{found[1]}:{documented.get(found[2], found[2])}", text)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _end(process: subprocess.Popen) -> None:
    """Ends a process and what it started: each is the leader of its own group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            pass
        try:
            process.wait(timeout=5)
            return
        except subprocess.TimeoutExpired:
            continue
