"""A search under guard: whatever happens to it, the best plan and the best bound so far are kept.

HiGHS can overshoot its time limit by minutes and cannot limit its memory, so a large search runs in a process of its
own that is ended from outside. A small one cannot do harm and is solved in place.
"""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

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

Start = tuple[NDArray[np.int32], Floats]


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
    _in_own_process(best, matrix, settings, start, memory_limit_mb)
    return best.result(), best.reason


def _in_own_process(
    best: Best, matrix: Matrix, settings: Settings, start: Start | None, memory_limit_mb: float | None
) -> None:
    deadline = time.monotonic() + settings.seconds + GRACE_S
    process = subprocess.Popen(
        [sys.executable, "-m", "services.dispatch.solve.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    heard: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True).start()
    try:
        _hand_over(process.stdin, (_bare(matrix), settings, start))
        _follow(best, heard, process.pid, deadline, memory_limit_mb)
    except KeyboardInterrupt:
        best.reason = "interrupted"
        _drain(best, heard)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _bare(matrix: Matrix) -> Matrix:
    # Names are made lazily from families; the worker has no use for them.
    return replace(matrix, column_names=None, row_names=None)  # type: ignore[arg-type]


def _hand_over(stream: IO[bytes], job: Any) -> None:
    try:
        send(stream, job)  # type: ignore[arg-type]
    except BrokenPipeError:
        return  # it died at once; `_follow` says so


def _listen(stream: IO[bytes], heard: "queue.Queue[Any]") -> None:
    try:
        while (message := receive(stream)) is not None:  # type: ignore[arg-type]
            heard.put(message)
    except (OSError, ValueError, EOFError):
        pass
    heard.put(None)


def _follow(best: Best, heard: "queue.Queue[Any]", pid: int, deadline: float, memory_limit_mb: float | None) -> None:
    spoke = time.monotonic()
    while True:
        try:
            message = heard.get(timeout=POLL_S)
        except queue.Empty:
            message = ...
        if message is None:
            best.reason = "the search process died" if best.outcome is None else ""
            return
        if isinstance(message, Outcome):
            best.outcome = message
            return
        if message is ... and time.monotonic() - spoke > SILENCE_S:
            message = News()  # nothing new, but still at work
        if isinstance(message, News):
            spoke = time.monotonic()
            best.hear(message)
        used_mb = _resident_mb(pid)
        best.peak_mb = max(best.peak_mb, used_mb)
        if memory_limit_mb is not None and used_mb > memory_limit_mb:
            best.reason = f"its memory limit of {memory_limit_mb:g} MB"
            return
        if time.monotonic() > deadline:
            best.reason = "its time limit"
            return


def _drain(best: Best, heard: "queue.Queue[Any]") -> None:
    while not heard.empty():
        message = heard.get_nowait()
        if isinstance(message, News):
            best.hear(message)


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
