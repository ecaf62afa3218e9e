"""RTS-GMLC wind: the data set's own day-ahead forecast of four farms, and the total that we make of it.

Issued at noon of the day before, for the hours 0 to 24 of the day; the last quarter in the file is scored.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.forecast.protocol import Row, file_in, seasons
from grid_models.forecast import CapacityFrom, SeriesDescription
from grid_models.quantities import Floats
from services.forecast.known import Known, Moments, Observed, Vintages, steps_from
from services.forecast.models.base import Model, Task
from services.forecast.models.climatology import Climatology
from services.forecast.models.persistence import Persistence
from services.forecast.models.renewable_brought import RenewableBrought
from services.forecast.probabilistic.conformal import covered
from services.forecast.probabilistic.quantile_functions import at_levels, rising
from services.forecast.scoring.scores import mean_pinball, root_mean_square_error, width

SET = "RTS-GMLC wind total"
LEVELS = np.arange(1, 100) / 100
TASK = Task(step_min=60, first_lead_h=12.0, last_lead_h=36.0, origins_utc_h=(12.0,), threads=1)
TRAINED_DAYS = 31
"""The model learns anew so often."""
# The targets of the official window, Q4 of the year, as shares of what the data set's own forecast and the untuned
# post-processing score there; elsewhere as far below those.
NRMSE_TO_OWN, PINBALL_TO_UNTUNED = 0.175 / 0.1913, 0.0435 / 0.0455


def rows(data: Path) -> Iterator[Row]:
    table = pd.read_parquet(file_in(data, "rts_gmlc_da_vs_rt_hourly.parquet"))
    known = farms_and_total(table[table["kind"] == "wind"])
    total = known[-1]
    times = total.observed.times
    last = times[-1].astype("datetime64[M]") - 2
    days = np.arange(last.astype("datetime64[D]"), times[-1].astype("datetime64[D]") + 1).astype("datetime64[s]")
    scored = (days[:, None] + np.arange(24) * np.timedelta64(3600, "s")).ravel()
    capacity = total.capacity_mw(scored)
    actual = total.observed.at(scored) / capacity
    own = total.brought["own"].latest(scored)["mean"] / capacity
    yield _point("data set's own", actual, own, scored)
    reference = untuned(total, scored, days[0])
    yield from _scores("LightGBM untuned on own", actual, reference, scored, None)
    for model in (RenewableBrought(), Climatology(), Persistence()):
        started = time.monotonic()
        said = by_model(model, known, days) / capacity[:, None]
        targets = None
        if isinstance(model, RenewableBrought):
            error = root_mean_square_error(actual, own)
            targets = 100 * NRMSE_TO_OWN * error, PINBALL_TO_UNTUNED * mean_pinball(actual, reference, LEVELS)
        for row in _scores(f"gridflex {model.name}", actual, said, scored, targets):
            yield replace(row, seconds=time.monotonic() - started)


def farms_and_total(table: pd.DataFrame) -> list[Known]:
    """Every farm, and their sum as the last."""
    farms = [(str(name), of.sort_values("t")) for name, of in table.groupby("resource")]
    columns = ["da_forecast_mw", "rt_actual_mw", "capacity_mw"]
    total = farms[0][1][["t"]].assign(
        **{name: sum(of[name].to_numpy(dtype=float) for _, of in farms) for name in columns}
    )
    return [_known(name, of, ()) for name, of in farms] + [_known("total", total, tuple(name for name, _ in farms))]


def _known(name: str, of: pd.DataFrame, members: tuple[str, ...]) -> Known:
    times = of["t"].to_numpy().astype("datetime64[s]")
    installed = CapacityFrom(since=datetime(2000, 1, 1, tzinfo=UTC), capacity_mw=float(of["capacity_mw"].max()))
    series = SeriesDescription(
        name=name, kind="wind", members=members, step_min=60, timezone="UTC", capacity_mw=(installed,)
    )
    issued = times.astype("datetime64[D]").astype("datetime64[s]") - np.timedelta64(12, "h")
    said = Vintages.sorted(times, issued, issued, {"mean": of["da_forecast_mw"].to_numpy(dtype=float)})
    observed = Observed.promptly(times, of["rt_actual_mw"].to_numpy(dtype=float))
    return Known(series, np.datetime64("2100-01-01", "s"), observed, brought={"own": said})


def by_model(model: Model, known: list[Known], days: Moments) -> Floats:
    """Quantiles of the total, day after day."""
    said = []
    for place, day in enumerate(days):
        cut = [one.as_of(day - np.timedelta64(12, "h")) for one in known]
        if place % TRAINED_DAYS == 0:
            trained = model.train(cut, TASK)
        said.append(trained.quantiles(cut, steps_from(day, 24, 60), LEVELS)[-1])
    return np.concatenate(said)


def untuned(total: Known, scored: Moments, begin: np.datetime64) -> Floats:
    """LightGBM as it comes on the own forecast and the hour, learned once."""
    times = total.observed.times
    said = total.brought["own"].latest(times)["mean"] / total.capacity_mw(times)
    table = np.column_stack([said, (times.astype(np.int64) // 3600) % 24])
    actual, train = total.observed.values / total.capacity_mw(times), times < begin
    levels = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])
    wish = {"objective": "quantile", "num_threads": 1, "verbose": -1}
    columns = [
        lightgbm.train({**wish, "alpha": level}, lightgbm.Dataset(table[train], actual[train]), 100).predict(
            table[np.searchsorted(times, scored)]
        )
        for level in levels
    ]
    return np.clip(rising(at_levels(rising(np.column_stack(columns)), levels, LEVELS)), 0, 1)


def _windows(scored: Moments) -> str:
    return f"{scored[0].astype('datetime64[D]')} to {scored[-1].astype('datetime64[D]')}"


def _point(method: str, actual: Floats, point: Floats, scored: Moments) -> Row:
    error = 100 * root_mean_square_error(actual, point)
    return Row(set=SET, method=method, metric="nRMSE % of capacity", value=error, windows=_windows(scored))


def _scores(
    method: str, actual: Floats, said: Floats, scored: Moments, targets: tuple[float, float] | None
) -> Iterator[Row]:
    row = _point(method, actual, said.mean(axis=1), scored)
    yield replace(row, must_reach=targets[0]) if targets else row
    share = covered(actual, said, LEVELS)
    lead = (scored.astype(np.int64) // 3600) % 24 // 8
    groups = {"season": seasons(scored), "lead": np.array([f"{12 + 8 * one}-{20 + 8 * one} h" for one in lead])}
    by = {name: {str(one): float(share[of == one].mean()) for one in np.unique(of)} for name, of in groups.items()}
    yield Row(
        set=SET,
        method=method,
        metric="pinball99 of capacity",
        value=mean_pinball(actual, said, LEVELS),
        windows=_windows(scored),
        coverage=float(share.mean()),
        width=width(said[:, 4], said[:, 94]),
        coverage_by=by,
        must_reach=targets[1] if targets else None,
    )
