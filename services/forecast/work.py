"""Long work: training and backtests, each job in a process of its own that can be stopped at any moment.

`python -m services.forecast.work JOB` does one job against the database of the settings.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import structlog

from services.forecast.backtest import Rolling, Said, backtested
from services.forecast.champions import models_for
from services.forecast.errors import ForecastError, Unusable
from services.forecast.horizons import HORIZONS
from services.forecast.known import Moment, moment
from services.forecast.models.base import NotEnoughHistory
from services.forecast.scoring.skill import Row, skill_against, table
from services.forecast.settings import Settings
from services.forecast.stacking import trained
from services.forecast.store import Store
from services.forecast.store.jobs import JobRecord
from services.forecast.training import Wish, train

log = structlog.get_logger(__name__)
SERVICE = "service"
"""In a backtest: the mixture that the service would have trained, not one model."""
Tell = Callable[[str], None]


def do(store: Store, job: JobRecord) -> dict[str, Any]:
    """The result of the job; tells of its progress in the store."""

    def tell(words: str) -> None:
        store.jobs.report(job.id, {"phase": words})

    return JOBS[job.kind](store, job.request, tell)


def _train(store: Store, request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    wish = Wish(
        request["kind"],
        HORIZONS[request["horizon"]],
        tuple(request.get("series") or ()),
        tuple(request.get("models") or ()),
        request.get("holdout_days", 28),
    )
    records = train(store, wish, _moment_of(request["origin"]), tell)
    told = [{"slot": one.slot, "version": one.version, "status": one.status, "scores": one.scores} for one in records]
    return {"models": told}


def _backtest(store: Store, request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Folds that are kept already are not run again."""
    identity = request["backtest"]
    rolling = rolling_of(request)
    end = rolling.times(rolling.origins[-1])[-1] + np.timedelta64(4, "D")
    known = store.known_many(request["series"], min(end, np.datetime64("now", "s")))
    kept = {int(part): Said.from_bytes(bytes_of) for part, bytes_of in store.backtests.parts(identity).items()}
    total = len(rolling.parts())
    store.backtests.change(identity, "running")

    def keep(fold: int, said: Said) -> None:
        store.backtests.keep(identity, str(fold), said.to_bytes())
        tell(f"fold {fold + 1} of {total} is done")

    tell(f"{total - len(kept)} of {total} folds to do")
    said = backtested(_trainer(request, known[0].series.kind), known, rolling, done=kept, keep=keep)
    result: dict[str, Any] = {"rows": [rounded(row) for row in table(said, timezone=known[0].series.timezone)]}
    result["skill_against_climatology"] = _skill(known, rolling, said, tell)
    store.backtests.change(identity, "done", result=result)
    return {"backtest": identity}


def rolling_of(request: Mapping[str, Any]) -> Rolling:
    """What a backtest's request means in origins."""
    horizon = HORIZONS[request["horizon"]]
    step = np.timedelta64(round(request["every_h"] * 3600), "s")
    if _moment_of(request["last"]) < _moment_of(request["first"]):
        raise Unusable("last: lies before first", field="last")
    origins = np.arange(_moment_of(request["first"]), _moment_of(request["last"]) + np.timedelta64(1, "s"), step)
    task = horizon.task(request["step_min"])
    return Rolling(origins.astype("datetime64[s]"), task, np.array(request["levels"]), request["folds"])


def _trainer(request: Mapping[str, Any], kind: Any) -> Any:
    name = request["model"]
    return partial(trained, models_for(kind)) if name == SERVICE else models_for(kind, frozenset({name}))[name].train


def _skill(known: Any, rolling: Rolling, said: Said, tell: Tell) -> dict[str, float]:
    """Share of climatology's pinball loss that is saved, by group."""
    tell("comparing with climatology")
    try:
        reference = backtested(models_for(known[0].series.kind)["climatology"].train, known, rolling)
    except NotEnoughHistory:
        return {}
    of = known[0].series.timezone
    skill = skill_against(table(said, timezone=of), table(reference, timezone=of))
    return {f"{group} {value}": round(share, 4) for (group, value), share in skill.items()}


def rounded(row: Row) -> dict[str, Any]:
    """As JSON: six digits, and null where there is no number."""
    return {name: _number(value) if isinstance(value, float) else value for name, value in asdict(row).items()}


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _moment_of(text: str) -> Moment:
    return moment(text.removesuffix("Z"))


JOBS: Mapping[str, Callable[[Store, dict[str, Any], Tell], dict[str, Any]]] = {
    "training": _train,
    "backtest": _backtest,
}


def main(identity: str) -> int:
    """Does one job and writes down its outcome; the exit code is 0 whenever that succeeded."""
    with Store.open(Settings().url) as store:
        job = store.jobs.get(identity)
        try:
            store.jobs.end(identity, "done", do(store, job))
        except (ForecastError, ValueError) as fault:
            _failed(store, job, str(fault))
        except Exception as fault:
            log.exception("job failed", job=identity, kind=job.kind)
            _failed(store, job, f"the fault is ours: {type(fault).__name__}: {fault}")
    return 0


def _failed(store: Store, job: JobRecord, words: str) -> None:
    store.jobs.end(job.id, "failed", error=words)
    if job.kind == "backtest":
        store.backtests.change(job.request["backtest"], "failed", error=words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
