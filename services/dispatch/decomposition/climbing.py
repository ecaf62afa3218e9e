"""A climb by merit order beside other searches: in a thread of its own, heard like a search in a process of its own."""

import threading
from dataclasses import replace

import numpy as np

from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.merit_search import merit_search
from services.dispatch.solve.guarded import Heard
from services.dispatch.solve.highs import News, Outcome

ROUNDS = 12


class Climbing:
    """It says every better plan as news and ends with an outcome without one."""

    resident_mb = 0.0
    """Its memory is that of this process."""

    def __init__(self, best: Incumbent, hunt: Hunt, heard: Heard):
        self._heard, self._ended = heard, threading.Event()
        self._hunt = replace(hunt, settings=replace(hunt.settings, threads=1))
        # Only who listens changes the best of all.
        self._best = replace(best, tell=self._say)
        self._thread = threading.Thread(target=self._climb, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """It climbs no further."""
        self._ended.set()
        self._thread.join()

    def _say(self, *_: float | None) -> None:
        self._heard.put((self, News(objective=self._best.objective, values=self._best.values)))

    def _climb(self) -> None:
        try:
            merit_search(self._best, self._hunt, ROUNDS, lambda: self._ended.is_set() or self._hunt.left_s <= 0)
        finally:
            self._heard.put((self, Outcome("stopped", np.inf, -np.inf, None)))
