"""Does what was asked for and what the clock asks for: jobs from the store, forecasts on schedule.

`python -m services.forecast.worker` may run as often as one likes and be killed at any moment: a job that it leaves
behind is taken up again once its heartbeat has been silent for a minute.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

import numpy as np
import structlog

from services.forecast.calendars.days import check_overrides
from services.forecast.known import Moment
from services.forecast.schedule import due
from services.forecast.settings import Settings
from services.forecast.store import Store
from services.forecast.store.jobs import JobRecord
from services.forecast.work import JOBS
from services.web import logs

log = structlog.get_logger(__name__)
BEAT_S = 1.0
LOST_AFTER_S = 60


class Worker:
    """One job at a time, and the schedule in between."""

    def __init__(self, store: Store, settings: Settings):
        self._store = store
        self._settings = settings
        self._stop = threading.Event()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ends after what is in hand; a running job goes back to the queue."""
        self._stop.set()

    def run(self) -> None:
        while not self._stop.is_set():
            self._take_up_lost()
            due(self._store, self._settings, _now())
            job = self._store.jobs.take(*JOBS)
            if job is None:
                self._stop.wait(self._settings.poll_s)
            else:
                self._do(job)

    def _take_up_lost(self) -> None:
        for job in self._store.jobs.waiting("running"):
            if _now() - job.changed_at > np.timedelta64(LOST_AFTER_S, "s") and self._store.jobs.requeue(job.id):
                log.warning("job taken up again", job=job.id, kind=job.kind)

    def _do(self, job: JobRecord) -> None:
        log.info("job begins", job=job.id, kind=job.kind)
        environment = os.environ | {"GRIDFLEX_FORECAST_DATABASE_URL": self._settings.url}
        process = subprocess.Popen([sys.executable, "-m", "services.forecast.work", job.id], env=environment)
        try:
            self._watch(job, process)
        finally:
            _ended(process)

    def _watch(self, job: JobRecord, process: "subprocess.Popen[bytes]") -> None:
        """Until it ends, is cancelled, or we are to stop."""
        while process.poll() is None:
            now = self._store.jobs.get(job.id)
            self._store.jobs.report(job.id, now.progress or {})
            if now.status == "cancelled":
                log.info("job cancelled", job=job.id, kind=job.kind)
                return
            if self._stop.wait(BEAT_S):
                _ended(process)
                self._store.jobs.requeue(job.id)
                return
        if process.returncode != 0:
            told = f"its process ended with code {process.returncode}, for want of memory perhaps; ask for less at once"
            self._store.jobs.end(job.id, "failed", error=told)
        log.info("job ended", job=job.id, kind=job.kind, status=self._store.jobs.get(job.id).status)


def _ended(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _now() -> Moment:
    return np.datetime64("now", "s")


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level, settings.log_json, "forecast")
    check_overrides()
    with Store.open(settings.url) as store:
        worker = Worker(store, settings)
        signal.signal(signal.SIGTERM, worker.stop)
        signal.signal(signal.SIGINT, worker.stop)
        worker.run()


if __name__ == "__main__":
    main()
