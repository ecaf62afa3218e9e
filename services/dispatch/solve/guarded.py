"""A search under guard: whatever happens to it, the best plan and the best bound so far are kept.

HiGHS can overshoot its time limit by minutes and cannot limit its memory, so a large search runs in a process of its
own that is ended from outside. A small one cannot do harm and is solved in place.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.model import Matrix
from services.dispatch.solve.highs import News, Outcome, Settings, search
from services.dispatch.solve.worker import receive, send

SMALL_NONZEROS = 20_000
"""Below this a search takes well under a second, and starting a process would take longer than solving."""
GRACE_S = 1.5
"""How long past its limit a search may take to stop by itself."""
POLL_S = 0.2
SILENCE_S = 2.0
"""After so long without news, whoever listens hears the old news again."""
WORKER = "services.dispatch.solve.worker"
DIED, INTERRUPTED = "the search process died", "interrupted"
"""Why a search ended early, besides its limits."""

Start = tuple[NDArray[np.int32], Floats]
Message = News | Outcome | None
"""What a search says: something better, how it ended, or nothing more (None: it is gone)."""


@dataclass
class Best:
    """The best that has been heard so far."""

    tell: Callable[[float | None, float | None], None]
    objective: float = np.inf
    bound: float = -np.inf
    values: Floats | None = None
    reason: str = ""
    peak_mb: float = 0.0
    outcome: Outcome | None = field(default=None)

    def hear(self, news: News) -> bool:
        if news.bound is not None:
            self.bound = max(self.bound, news.bound)
        if news.values is not None and news.objective is not None and news.objective < self.objective:
            self.objective, self.values = news.objective, news.values
        found = np.isfinite(self.objective)
        self.tell(self.objective if found else None, self.bound if np.isfinite(self.bound) else None)
        return False

    def result(self) -> Outcome:
        last = self.outcome
        if last is not None and last.values is not None and last.objective <= self.objective:
            return replace(last, bound=max(last.bound, min(self.bound, last.objective)))
        end = last.end if last is not None and last.end == "infeasible" else "stopped"
        return Outcome(end, self.objective, min(self.bound, self.objective), self.values)


class Guarded:
    """A search in a process of its own, from its beginning until somebody ends it.

    What it says is put into `heard`, with the search itself, so that several may be listened to at once.
    """

    def __init__(self, matrix: Matrix, settings: Settings, start: Start | None, heard: "Heard"):
        self.deadline = time.monotonic() + settings.seconds + GRACE_S
        self._heard = heard
        self._process = subprocess.Popen(
            [sys.executable, "-m", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )
        job = (_bare(matrix), settings, start)
        self._thread = threading.Thread(target=self._converse, args=(job,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def overdue(self) -> bool:
        return time.monotonic() > self.deadline

    @property
    def resident_mb(self) -> float:
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return 0.0
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self) -> None:
        """Whatever it was doing, it is gone afterwards."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what it never read cannot be flushed
                    stream.close()

    def _converse(self, job: Any) -> None:
        try:
            send(self._process.stdin, job)  # type: ignore[arg-type]
            while (message := receive(self._process.stdout)) is not None:  # type: ignore[arg-type]
                self._heard.put((self, message))
        except (OSError, ValueError, EOFError):
            pass  # it died or was ended; whoever follows it is told so
        self._heard.put((self, None))


Heard = queue.Queue[tuple[Guarded | None, Message]]


def quiet(_: float | None, __: float | None) -> None:
    return None


def guarded_search(
    matrix: Matrix,
    settings: Settings,
    tell: Callable[[float | None, float | None], None] = quiet,
    start: Start | None = None,
    memory_limit_mb: float | None = None,
) -> tuple[Outcome, str]:
    """The outcome, and why it stopped early ("" where it did not); `tell` hears incumbent and bound."""
    best = Best(tell)
    if matrix.rows.nnz < SMALL_NONZEROS and memory_limit_mb is None:
        # One process must not change the number of threads between solves, so small ones use one.
        best.outcome = search(matrix, replace(settings, threads=1), best.hear, start)
        return best.result(), ""
    heard: Heard = queue.Queue()
    try:
        with Guarded(matrix, settings, start, heard) as searching:
            _follow(best, searching, heard, memory_limit_mb)
    except KeyboardInterrupt:
        # It may come at any moment, also while the process is begun or ended.
        best.reason = INTERRUPTED
        _drain(best, heard)
    return best.result(), best.reason


def _bare(matrix: Matrix) -> Matrix:
    # Names are made lazily from families; the worker has no use for them.
    return replace(matrix, column_names=None, row_names=None)  # type: ignore[arg-type]


def next_word(heard: Heard) -> tuple[Guarded | None, Message]:
    """The next word of any search, and whose it is; after some silence an empty one of nobody."""
    try:
        return heard.get(timeout=POLL_S)
    except queue.Empty:
        return None, News()


def _follow(best: Best, searching: Guarded, heard: Heard, memory_limit_mb: float | None) -> None:
    spoke = time.monotonic()
    while True:
        speaker, message = next_word(heard)
        if message is None:
            best.reason = DIED if best.outcome is None else ""
            return
        if isinstance(message, Outcome):
            best.outcome = message
            return
        if speaker is not None or time.monotonic() - spoke > SILENCE_S:
            spoke = time.monotonic()
            best.hear(message)
        used_mb = searching.resident_mb
        best.peak_mb = max(best.peak_mb, used_mb)
        if memory_limit_mb is not None and used_mb > memory_limit_mb:
            best.reason = f"its memory limit of {memory_limit_mb:g} MB"
            return
        if searching.overdue:
            best.reason = "its time limit"
            return


def _drain(best: Best, heard: Heard) -> None:
    while not heard.empty():
        _, message = heard.get_nowait()
        if isinstance(message, News):
            best.hear(message)
