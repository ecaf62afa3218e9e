"""Takes jobs from the store and has Dask run them: `python -m services.dispatch.worker`.

As many of these may run as one likes, and any of them may be killed at any moment, as may the scheduler and the workers
of Dask and the database: leases that run out bring every job back.
"""

import os
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any

import structlog
from distributed import Client, Future, LocalCluster

from services.dispatch import jobs
from services.dispatch.leases import BEAT_MAX_S, BEATS_PER_LEASE
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.jobs import Claim
from services.web import logs

log = structlog.get_logger(__name__)
CONNECT_S = 5
TIDY_EVERY_S = 3600.0


@dataclass
class InHand:
    """A job that was handed to Dask."""

    claim: Claim
    future: Future
    held_s: float = field(default_factory=time.monotonic)
    begun: bool = False
    """From then on its run keeps the lease itself."""


class Dispatcher:
    """From the queue to Dask, as many at once as there is room for."""

    def __init__(self, store: Store, settings: Settings):
        self._store = store
        self._settings = settings
        self._stop = threading.Event()
        self._client: Client | None = None
        self._cluster: LocalCluster | None = None
        self._in_hand: list[InHand] = []
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._tidied_s = -TIDY_EVERY_S

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ends soon; what runs in this process goes back to the queue."""
        jobs.STOPPING.set()
        self._stop.set()

    def run(self) -> None:
        try:
            while not self._stop.is_set():
                self._round()
                self._stop.wait(self._settings.poll_s)
        finally:
            self._let_go()

    def _round(self) -> None:
        try:
            self._connect()
            self._look_after_what_is_in_hand()
            self._tidy()
            self._take_up()
        except Exception as error:
            # The database or the scheduler is away. Leases see to it that nothing is lost or done twice meanwhile.
            log.warning("cannot work at the moment", error=f"{type(error).__name__}: {error}"[:300])
            self._drop_client_if_broken()
            self._stop.wait(min(1.0, self._settings.lease_s / BEATS_PER_LEASE))

    def _connect(self) -> None:
        if self._client is not None and self._client.status == "running":
            return
        self._drop_client()
        if self._settings.scheduler:
            self._client = Client(self._settings.scheduler, timeout=CONNECT_S, set_as_default=False)
        else:
            self._cluster = LocalCluster(
                n_workers=1,
                threads_per_worker=self._settings.slots,
                processes=False,
                dashboard_address="127.0.0.1:0",  # any free port: several workers may live on one machine
            )
            self._client = Client(self._cluster, set_as_default=False)
        log.info("scheduler found", scheduler=self._client.scheduler.address)

    def _look_after_what_is_in_hand(self) -> None:
        self._in_hand = [one for one in self._in_hand if not self._is_over(one)]
        for one in self._in_hand:
            self._keep_its_place(one)

    def _is_over(self, one: InHand) -> bool:
        if not one.future.done():
            return False
        if one.future.status == "finished":
            return True
        log.warning("run lost", job=one.claim.key, status=one.future.status)
        if one.future.status == "error":
            # It died before it began or with its worker. Its lease decides, and it counts as a loss: a task that can
            # never begin must not be handed over for ever.
            self._store.jobs.begin(one.claim, "given up")
        elif self._store.jobs.hold(one.claim):
            self._store.jobs.release(one.claim, f"Dask gave it up: {one.future.status}")
        return True

    def _keep_its_place(self, one: InHand) -> None:
        pause_s = min(BEAT_MAX_S, one.claim.lease_s / BEATS_PER_LEASE)
        if one.begun or time.monotonic() - one.held_s < pause_s:
            return
        one.held_s = time.monotonic()
        one.begun = not self._store.jobs.hold(one.claim)

    def _take_up(self) -> None:
        for key in self._store.jobs.take_up_lost():
            log.warning("job taken up again", job=key)
        while len(self._in_hand) < self._places() and not self._stop.is_set():
            claim = self._store.jobs.claim(self._owner, self._settings.lease_s)
            if claim is None:
                return
            self._hand_over(claim)

    def _places(self) -> int:
        assert self._client is not None
        return sum(self._client.nthreads().values())

    def _hand_over(self, claim: Claim) -> None:
        assert self._client is not None
        task: Any = jobs.attempt_here if self._settings.scheduler else partial(jobs.attempt, self._settings)
        # Dask must not try again by itself: the token of this attempt would be refused, and the lease knows better.
        future = self._client.submit(task, claim, key=f"{claim.key}-{claim.number}", pure=False, retries=0)
        self._in_hand.append(InHand(claim, future))
        log.info("job handed over", job=claim.key, attempt=claim.number)

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_s >= TIDY_EVERY_S:
            self._tidied_s = time.monotonic()
            self._store.retain(self._settings.retention_days)

    def _let_go(self) -> None:
        """Runs in threads of ours see that they are to stop; those elsewhere keep their leases and go on."""
        if self._cluster is not None:
            for one in self._in_hand:
                one.future.cancel() if not one.begun else None
            self._wait_for_runs()
        self._drop_client()

    def _wait_for_runs(self) -> None:
        deadline_s = time.monotonic() + 10
        for one in self._in_hand:
            while not one.future.done() and time.monotonic() < deadline_s:
                threading.Event().wait(0.05)

    def _drop_client_if_broken(self) -> None:
        if self._client is not None and self._client.status != "running":
            self._drop_client()

    def _drop_client(self) -> None:
        for closing in (self._client, self._cluster):
            if closing is not None:
                try:
                    closing.close(timeout=2)
                except Exception as error:
                    log.warning("closing failed", error=type(error).__name__)
        self._client, self._cluster, self._in_hand = None, None, []


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level, settings.log_json, "dispatch")
    with Store.open(settings.url) as store:
        dispatcher = Dispatcher(store, settings)
        signal.signal(signal.SIGTERM, dispatcher.stop)
        signal.signal(signal.SIGINT, dispatcher.stop)
        dispatcher.run()


if __name__ == "__main__":
    main()
