"""Holding on to a job while it is worked on: a thread that renews the lease, and knows when it is lost."""

import threading
import time
from collections.abc import Callable
from typing import Any, Self

import structlog

from services.dispatch.store import Store
from services.dispatch.store.jobs import Claim

log = structlog.get_logger(__name__)
BEATS_PER_LEASE = 5
BEAT_MAX_S = 1.0
"""A cancellation is heard of within so long."""


class Lease:
    """Renewed until it is lost, or no longer needed."""

    def __init__(self, store: Store, claim: Claim):
        self._store = store
        self._claim = claim
        self._progress: dict[str, Any] | None = None
        self._over = threading.Event()
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def tell(self, progress: dict[str, Any] | None) -> None:
        """To be written down with the next beat."""
        self._progress = progress or self._progress

    def insist(self, write: Callable[[], bool]) -> bool:
        """What the store says to this; asked again while the database is away and the lease may still be held."""
        while not self.lost.is_set():
            try:
                return write()
            except Exception as error:
                log.warning("database away", job=self._claim.key, error=type(error).__name__)
                self.lost.wait(self._pause_s)
        return False

    @property
    def _pause_s(self) -> float:
        return min(BEAT_MAX_S, self._claim.lease_s / BEATS_PER_LEASE)

    def _beat(self) -> None:
        held_until_s = time.monotonic() + self._claim.lease_s
        while not self._over.wait(self._pause_s):
            asked_s = time.monotonic()
            try:
                held = self._store.jobs.renew(self._claim, self._progress)
            except Exception as error:
                # While the database is away nobody else can take the job either, until the lease runs out.
                log.warning("lease not renewed", job=self._claim.key, error=type(error).__name__)
                held = time.monotonic() < held_until_s
            else:
                held_until_s = asked_s + self._claim.lease_s
            if not held:
                self.lost.set()
                return
