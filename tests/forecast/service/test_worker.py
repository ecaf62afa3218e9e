"""Long work in processes of its own: done once, stopped when asked, taken up again after a kill."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from province import FARMS

from services.forecast import worker as working
from services.forecast.backtest import Said
from services.forecast.champions import Champions
from services.forecast.horizons import HORIZONS
from services.forecast.issuing import Question, forecasts
from services.forecast.known import moment
from services.forecast.schedule import due
from services.forecast.settings import Settings
from services.forecast.store import Store
from services.forecast.store.jobs import ENDED, JobRecord
from services.forecast.training import Wish, train
from services.forecast.worker import Worker

DEADLINE_S = 120
BACKTEST: dict[str, Any] = {
    "series": list(FARMS),
    "model": "persistence",
    "horizon": "day-ahead",
    "first": "2024-07-16T00:30:00",
    "last": "2024-07-21T00:30:00",
    "every_h": 24.0,
    "folds": 3,
    "levels": [0.1, 0.5, 0.9],
    "step_min": 15,
}


@pytest.fixture
def settings(store: Store, tmp_path) -> Settings:
    return Settings(
        data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'forecast.db'}", poll_s=0.05, scheduled=("day-ahead",)
    )


@contextmanager
def at_work(store: Store, settings: Settings) -> Iterator[None]:
    worker = Worker(store, settings.model_copy(update={"scheduled": ()}))
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(DEADLINE_S)


def ended(store: Store, identity: str) -> JobRecord:
    return waited(lambda: store.jobs.get(identity), lambda job: job.status in ENDED)


def waited(look, enough):
    deadline = time.monotonic() + DEADLINE_S
    while not enough(seen := look()):
        assert time.monotonic() < deadline, seen
        threading.Event().wait(0.05)
    return seen


def asked_backtest(store: Store, **changes: Any) -> JobRecord:
    request = BACKTEST | changes
    run = store.backtests.begin(request, 3)
    return store.jobs.submit("backtest", request | {"backtest": run.id})


def test_a_backtest_is_done_and_scored(store: Store, settings: Settings):
    job = asked_backtest(store)
    with at_work(store, settings):
        assert "done" == ended(store, job.id).status
    run = store.backtests.get(job.request["backtest"])
    assert ("done", 3) == (run.status, run.done)
    (whole,) = [row for row in run.result["rows"] if row["group"] == "all"]
    assert 6 * 192 * 3 == whole["points"]
    assert "all all" in run.result["skill_against_climatology"]


def test_a_fold_that_is_kept_is_not_run_again(store: Store, settings: Settings):
    first = asked_backtest(store)
    with at_work(store, settings):
        ended(store, first.id)
    parts = store.backtests.parts(first.request["backtest"])
    job = asked_backtest(store)
    marked = Said.from_bytes(parts["0"])
    doubled = Said(**{**vars(marked), "quantiles": marked.quantiles + 1000})
    store.backtests.keep(job.request["backtest"], "0", doubled.to_bytes())
    with at_work(store, settings):
        ended(store, job.id)
    (whole,) = [row for row in store.backtests.get(job.request["backtest"]).result["rows"] if row["group"] == "all"]
    assert whole["bias"] > 300


def test_a_model_is_trained(store: Store, settings: Settings):
    request = {
        "kind": "wind",
        "horizon": "day-ahead",
        "series": list(FARMS),
        "models": ["climatology"],
        "origin": "2024-07-28T00:30:00",
        "holdout_days": 7,
    }
    job = store.jobs.submit("training", request)
    with at_work(store, settings):
        done = ended(store, job.id)
    assert "done" == done.status
    assert 2 == done.result["models"][0]["version"]


def test_what_cannot_be_done_fails_in_words(store: Store, settings: Settings):
    job = asked_backtest(store, model="oracle")
    with at_work(store, settings):
        failed = ended(store, job.id)
    assert "failed" == failed.status
    assert "there is no oracle for wind" in failed.error
    assert "failed" == store.backtests.get(job.request["backtest"]).status


def test_a_cancelled_job_stops(store: Store, settings: Settings):
    job = asked_backtest(store, model="service")
    with at_work(store, settings):
        waited(lambda: store.jobs.get(job.id), lambda one: one.status == "running")
        store.jobs.cancel(job.id)
    assert "cancelled" == store.jobs.get(job.id).status


def test_after_a_kill_the_job_is_taken_up_again(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """A worker process dies by SIGKILL with a job in hand; another one finds it and finishes it."""
    job = asked_backtest(store)
    environment = os.environ | {
        "GRIDFLEX_FORECAST_DATABASE_URL": settings.url,
        "GRIDFLEX_FORECAST_SCHEDULED": "[]",
        "GRIDFLEX_FORECAST_POLL_S": "0.05",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.forecast.worker"], env=environment, start_new_session=True
    )
    waited(lambda: store.jobs.get(job.id), lambda one: one.status == "running")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert "running" == store.jobs.get(job.id).status
    monkeypatch.setattr(working, "LOST_AFTER_S", 0)
    with at_work(store, settings):
        assert "done" == ended(store, job.id).status


def test_tomorrow_is_issued_once_by_the_clock(store: Store, settings: Settings):
    """Half past midnight UTC is 08:30 in Beijing; a second look half an hour later issues nothing."""
    at = moment("2024-07-28T00:31:00")
    issued = due(store, settings, at)
    assert issued >= len(FARMS) + 1
    assert 0 == due(store, settings, at + np.timedelta64(1800, "s"))
    newest = store.forecasts.newest(FARMS[0])
    assert moment("2024-07-28T00:30:00") == newest.issued


def test_calibration_learns_every_day_from_what_came(store: Store, settings: Settings):
    """A champion of 20 July has seen the steps of the 22nd come by the 24th: it learns once, and says so."""
    wish = Wish("wind", HORIZONS["day-ahead"], FARMS, ("climatology", "persistence"), holdout_days=7, threads=1)
    (record,) = train(store, wish, moment("2024-07-20T00:30:00"))
    store.models.promote(record.slot, record.version)
    asked = Question(HORIZONS["day-ahead"], moment("2024-07-24T00:30:00"), (0.1, 0.5, 0.9))
    before = forecasts(store, Champions(store), FARMS[:1], asked)[0].quantiles
    for _ in range(2):
        due(store, settings, moment("2024-07-24T10:00:00"))
        learned = store.models.get(record.slot, record.version).scores["adapted"]
        assert "2024-07-22T00:30:00" == learned["until"]
    after = forecasts(store, Champions(store), FARMS[:1], asked)[0].quantiles
    assert 0 < np.abs(after - before).max() < 100
