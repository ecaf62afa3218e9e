"""A command in a process of its own: ended at its limit with everything that it started, its memory watched."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.1
MB = 1e6
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / MB
BURIAL_S = 10.0
"""How long killed processes may take to be gone."""
LAST_WORDS = 300
"""Characters of what a failed command said at the end."""


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    seconds: float
    peak_mb: float
    """Of resident memory, all processes that it started together."""
    killed: bool
    status: int
    last_words: str


@dataclass(frozen=True)
class Process:
    """A process as /proc tells of it; its beginning tells it from a later one of the same number."""

    pid: int
    parent: int
    began: int
    resident_mb: float


def run(command: list[str], limit_s: float, log: Path, environment: dict[str, str]) -> Run:
    """Run the command, its output in `log`, and end it after `limit_s`."""
    began_s = time.monotonic()
    with log.open("wb") as stream:
        root = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        tree = Tree(root.pid)
        try:
            while root.poll() is None and time.monotonic() - began_s < limit_s:
                tree.look()
                time.sleep(POLL_S)
            killed = root.poll() is None
        finally:
            tree.end(root)
    seconds = time.monotonic() - began_s
    return Run(seconds, tree.peak_mb, killed, root.returncode, _last_words(log))


class Tree:
    """A process and all that it started, those in sessions of their own included."""

    def __init__(self, root: int):
        self.root = root
        self.seen: dict[int, int] = {}
        self.peak_mb = 0.0

    def look(self) -> None:
        now = self._living()
        self.seen.update({process.pid: process.began for process in now})
        self.peak_mb = max(self.peak_mb, sum(process.resident_mb for process in now))

    def end(self, root: "subprocess.Popen[bytes]") -> None:
        """Kill whatever of it still lives, and nothing that only has the number of one that ended."""
        if root.poll() is None:
            self.look()
            os.killpg(self.root, signal.SIGKILL)
            root.wait()
        for process in self._left():
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        # The next solve must not share the machine with what is still giving its memory back.
        deadline_s = time.monotonic() + BURIAL_S
        while self._left() and time.monotonic() < deadline_s:
            time.sleep(POLL_S)

    def _left(self) -> list[Process]:
        """What still lives of it; a zombie holds no memory."""
        return [item for item in processes() if self.seen.get(item.pid) == item.began and item.resident_mb > 0]

    def _living(self) -> list[Process]:
        everything = {process.pid: process for process in processes()}
        known = {pid for pid, process in everything.items() if self.seen.get(pid) == process.began}
        mine = {self.root} | known
        while True:
            more = {pid for pid, process in everything.items() if process.parent in mine} - mine
            if not more:
                return [everything[pid] for pid in mine if pid in everything]
            mine |= more


def processes() -> Iterator[Process]:
    """Every process of this machine."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name, in brackets, may hold anything; what follows are plain numbers from the state on.
                facts = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            yield Process(int(folder.name), int(facts[1]), int(facts[19]), int(facts[21]) * PAGE_MB)


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:LAST_WORDS] if lines else ""
