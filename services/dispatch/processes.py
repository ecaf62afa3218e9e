"""A solve as a process that can be stopped at any moment, watched for its memory and its time."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Self

import psutil

from services.dispatch.problems import died, over_memory, over_time
from services.dispatch.solving import MEMORY_EXIT

LOOK_S = 0.1
"""How often its memory is looked at."""
LAST_WORDS_BYTES = 400


@dataclass(frozen=True)
class Limits:
    """What one solve may use."""

    memory_max_mb: int
    seconds: float
    grace_s: float


@dataclass(frozen=True)
class Ended:
    """How a solve ended: with an answer (a plan or an assessment), with a problem, or stopped by whoever watched."""

    answer: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    peak_mb: float = 0.0


class Solve:
    """One solve in a process group of its own."""

    def __init__(self, header: dict[str, Any], case: bytes, limits: Limits):
        self._limits = limits
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the solve
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.dispatch.solving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self._deadline_s = time.monotonic() + limits.seconds + limits.grace_s
        first = json.dumps(header | {"memory_max_mb": limits.memory_max_mb}).encode()
        threading.Thread(target=self._hand_over, args=(first + b"\n" + case + b"\n",), daemon=True).start()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def watch(self, go_on: Callable[[dict[str, Any] | None], bool]) -> Ended | None:
        """How it ended; None where `go_on`, which hears of progress and is asked many times a second, said no."""
        peak_mb = 0.0
        while True:
            message = self._next()
            if message is not None and "progress" not in message:
                return Ended(message.get("answer"), message.get("problem"), peak_mb)
            if self._process.poll() is not None and self._said.empty() and not self._reader.is_alive():
                return Ended(problem=self._how_it_died(), peak_mb=peak_mb)
            if not go_on(message["progress"] if message else None):
                return None
            peak_mb = max(peak_mb, self.resident_mb)
            if peak_mb > self._limits.memory_max_mb:
                return Ended(problem=over_memory(self._limits.memory_max_mb), peak_mb=peak_mb)
            if time.monotonic() > self._deadline_s:
                return Ended(problem=over_time(self._limits.seconds, self._limits.grace_s), peak_mb=peak_mb)

    @property
    def resident_mb(self) -> float:
        """Of the process and of all that it started."""
        return sum(_resident_bytes(one) for one in self._family()) / 1e6

    def end(self) -> None:
        """Whatever it was doing, it is gone afterwards, with all that it started."""
        family = self._family()
        for one in family:
            with contextlib.suppress(psutil.Error):
                one.kill()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        psutil.wait_procs(family, timeout=5)
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # what it never read cannot be flushed
                    stream.close()

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            first = psutil.Process(self._process.pid)
            return [first, *first.children(recursive=True)]
        return []

    def _hand_over(self, lines: bytes) -> None:
        # The pipe stays open behind the lines: its end tells the process that nobody waits for it any more.
        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(OSError, ValueError):
            stream.write(lines)
            stream.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._said.put(json.loads(line))

    def _next(self) -> dict[str, Any] | None:
        try:
            return self._said.get(timeout=LOOK_S)
        except queue.Empty:
            return None

    def _how_it_died(self) -> dict[str, Any]:
        code = self._process.wait()
        words = self._last_words()
        if code == MEMORY_EXIT or "MemoryError" in words or "bad_alloc" in words:
            return over_memory(self._limits.memory_max_mb)
        return died(code, words)

    def _last_words(self) -> str:
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - LAST_WORDS_BYTES))
        return self._stderr.read().decode(errors="replace").strip()


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
