"""ERCOT and NYISO, total load of tomorrow: the operator's own forecast, corrected; issued at 18:00 UTC the day before.

The last six months of the file are scored; every month learns from all before it. A value of load is taken to be known
an hour after the end of its hour.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.forecast.protocol import Row, file_in, honesty, seasons
from grid_models.forecast import NINETEEN, SeriesDescription
from services.forecast.known import Known, Observed, Vintages, moment
from services.forecast.models.base import Task
from services.forecast.models.brought_correction import BroughtCorrection
from services.forecast.scoring.scores import mean_absolute_percentage_error, mean_pinball

MONTHS = 6
TOTAL = "total"
ISSUE_UTC_H = 18.0
FIRST_LEAD_H, LAST_LEAD_H = 12.0, 36.0
LEVELS = np.array(NINETEEN)
SETS = {
    "ERCOT": ("ercot_load_da_vs_actual.parquet", "America/Chicago", pd.Timestamp("2018-12-01"), 2.0, 2.0 / 2.27),
    "NYISO": ("nyiso_load_da_vs_actual.parquet", "America/New_York", pd.Timestamp("2019-12-01"), 1.5, 1.5 / 2.70),
}
"""File, clock, last month of the official windows, MAPE to reach there; elsewhere as far below the operator's own."""


def rows(data: Path) -> Iterator[Row]:
    for name, (file, timezone, official_last, reach, share_of_own) in SETS.items():
        table = read(file_in(data, file))
        last = pd.Timestamp(table.index[-1].tz_localize(None)).to_period("M").start_time
        months = pd.date_range(last, periods=MONTHS, freq="-1MS")[::-1]
        yield from scored(name, table, timezone, months, reach if last == official_last else None, share_of_own)


def read(path: Path) -> pd.DataFrame:
    """Forecast and load by hour: columns are (quantity, zone), the total among the zones."""
    table = pd.read_parquet(path)
    wide = table.pivot(index="t_utc", columns="zone", values=["iso_da_forecast_mw", "actual_mw"]).astype(float)
    for quantity in ("iso_da_forecast_mw", "actual_mw"):
        zones = wide[quantity]
        wide[quantity, TOTAL] = zones.sum(axis=1).where(zones.notna().all(axis=1))
    return wide


def scored(
    name: str, table: pd.DataFrame, timezone: str, months: Sequence[pd.Timestamp], reach: float | None, share: float
) -> Iterator[Row]:
    """All methods on these months."""
    origins = _origins(months)
    hours = (
        origins[:, None] + (FIRST_LEAD_H + np.arange(24)) * np.timedelta64(3600, "s").astype("timedelta64[s]")
    ).ravel()
    index = pd.DatetimeIndex(hours, tz="UTC")
    total = table.xs(TOTAL, axis=1, level=1).reindex(index)
    actual, own = total["actual_mw"].to_numpy(), total["iso_da_forecast_mw"].to_numpy()
    windows = f"{len(months)} months to {months[-1]:%Y-%m}"
    own_mape = 100 * mean_absolute_percentage_error(actual, own)
    yield Row(name, "the operator's own", "MAPE %", own_mape, windows)
    started_s = time.monotonic()
    untuned = np.concatenate([_untuned(table, month) for month in months])
    yield Row(
        name,
        "untuned LightGBM on the operator's error",
        "MAPE %",
        100 * mean_absolute_percentage_error(actual, untuned),
        windows,
        seconds=time.monotonic() - started_s,
    )
    started_s = time.monotonic()
    said = np.concatenate([ours(table, timezone, month) for month in months])
    seconds = time.monotonic() - started_s
    lead = np.where((index.hour - 6) % 24 < 12, "12-24 h", "24-36 h")
    honest = honesty(actual, said[:, 0], said[:, -1], {"season": seasons(hours), "lead": lead})
    mape = 100 * mean_absolute_percentage_error(actual, said[:, len(LEVELS) // 2])
    yield Row(
        name, "gridflex", "MAPE %", mape, windows, **honest, must_reach=reach or share * own_mape, seconds=seconds
    )
    yield Row(name, "gridflex", "pinball19 MW", mean_pinball(actual, said, LEVELS), windows)


def _origins(months: Sequence[pd.Timestamp]) -> np.ndarray:
    """Of all days of these months: the issues of the day before."""
    return np.concatenate([_origins_of(month) for month in months])


def _origins_of(month: pd.Timestamp) -> np.ndarray:
    days = pd.date_range(month, month + pd.offsets.MonthBegin(1), freq="D", inclusive="left")
    return (days - pd.Timedelta(hours=24 - ISSUE_UTC_H)).to_numpy().astype("datetime64[s]")


def ours(table: pd.DataFrame, timezone: str, month: pd.Timestamp) -> np.ndarray:
    """Hours x levels of the total."""
    every = known(table, timezone)
    origins = _origins_of(month)
    task = Task(60, FIRST_LEAD_H, LAST_LEAD_H, (ISSUE_UTC_H,), threads=1)
    trained = BroughtCorrection().train([one.as_of(origins[0]) for one in every], task)
    total = next(one for one in every if one.series.name == TOTAL)
    said = []
    for origin in origins:
        times = origin + (FIRST_LEAD_H * 3600 + 3600 * np.arange(24)).astype("timedelta64[s]")
        said.append(trained.quantiles([total.as_of(origin)], times, LEVELS)[0])
    return np.concatenate(said)


def known(table: pd.DataFrame, timezone: str) -> list[Known]:
    """Every zone and the total, with what the operator said."""
    times = table.index.tz_localize(None).to_numpy().astype("datetime64[s]")
    return [_known(table.xs(zone, axis=1, level=1), zone, times, timezone) for zone in table["actual_mw"].columns]


def _known(of: pd.DataFrame, zone: str, times: np.ndarray, timezone: str) -> Known:
    series = SeriesDescription(name=zone, kind="load", timezone=timezone, region="US", step_min=60, delay_min=60.0)
    six_h, day = np.timedelta64(6, "h"), np.timedelta64(24, "h")
    issued = (times - six_h).astype("datetime64[D]").astype("datetime64[s]") + np.timedelta64(18, "h") - day
    own = of["iso_da_forecast_mw"].to_numpy()
    said = np.isfinite(own)
    brought = Vintages.sorted(times[said], issued[said], issued[said], {"mean": own[said]})
    there = of["actual_mw"].notna().to_numpy()
    load = Observed.promptly(times[there], of["actual_mw"].to_numpy()[there], delay_min=60.0)
    return Known(series, moment("9999-01-01T00:00:00"), load, brought={"operator": brought})


def _untuned(table: pd.DataFrame, month: pd.Timestamp) -> np.ndarray:
    """The reference measurement: the operator's forecast and LightGBM with default parameters on its error."""
    total = table.xs(TOTAL, axis=1, level=1)
    own, error = total["iso_da_forecast_mw"], total["actual_mw"] - total["iso_da_forecast_mw"]
    lags = {lag: error.shift(freq=pd.Timedelta(hours=lag)).reindex(table.index) for lag in (48, 72, 96, 168)}
    means = {"day": error.rolling(24).mean().shift(48), "week": error.rolling(168).mean().shift(48)}
    clock = {"hour": table.index.hour, "weekday": table.index.dayofweek, "day": table.index.dayofyear}
    features = pd.DataFrame({"own": own, **lags, **{f"mean {of}": values for of, values in means.items()}, **clock})
    start = pd.Timestamp(month, tz="UTC") + pd.Timedelta(hours=6)
    cut = start - pd.Timedelta(hours=FIRST_LEAD_H + 1)
    learnt = table.index[(table.index < cut) & error.notna()]
    data = lightgbm.Dataset(features.loc[learnt].to_numpy(dtype=float), error[learnt].to_numpy())
    model = lightgbm.train({"num_threads": 1, "verbose": -1}, data, 100)
    hours = pd.date_range(start, start + pd.offsets.MonthBegin(1), freq="h", inclusive="left")
    asked = features.reindex(hours)
    return asked["own"].to_numpy() + model.predict(asked.to_numpy(dtype=float))
