"""Total load of tomorrow, with the operator's own forecast at hand: the frame of the protocols that have one.

The last six months of the file are scored; every month learns from all before it. A value of load is taken to be known
an hour after the end of its hour.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.forecast import peer
from benchmarks.forecast.peer import Peer
from benchmarks.forecast.protocol import Row, honesty, seasons
from grid_models.forecast import NINETEEN, SeriesDescription
from services.forecast.known import Known, Observed, Vintages, moment
from services.forecast.models.base import Task
from services.forecast.models.brought_correction import BroughtCorrection
from services.forecast.scoring.scores import mean_absolute_percentage_error, mean_pinball

MONTHS = 6
TOTAL = "total"
OWN, ACTUAL = "iso_da_forecast_mw", "actual_mw"
LEVELS = np.array(NINETEEN)


@dataclass(frozen=True)
class DayAhead:
    """Who forecasts, by which clock, and when the day is forecast."""

    name: str
    timezone: str
    region: str
    issue_utc_h: float
    """On the day before."""
    first_lead_h: float
    """From the issue to the beginning of the day."""

    @property
    def day_start_utc_h(self) -> float:
        return self.issue_utc_h + self.first_lead_h - 24

    def origins(self, month: pd.Timestamp) -> np.ndarray:
        days = pd.date_range(month, month + pd.offsets.MonthBegin(1), freq="D", inclusive="left")
        return (days - pd.Timedelta(hours=24 - self.issue_utc_h)).to_numpy().astype("datetime64[s]")

    def times(self, origin: np.datetime64) -> np.ndarray:
        return origin + ((self.first_lead_h + np.arange(24)) * 3600).astype("timedelta64[s]")


def last_months(table: pd.DataFrame) -> pd.DatetimeIndex:
    last = pd.Timestamp(table.index[-1].tz_localize(None)).to_period("M").start_time
    return pd.date_range(last, periods=MONTHS, freq="-1MS")[::-1]


def scored(
    of: DayAhead, table: pd.DataFrame, months: Sequence[pd.Timestamp], reach: float | None, share: float | None
) -> Iterator[Row]:
    """All methods on these months; the table's columns are (quantity, zone), the total among the zones.

    To reach: a MAPE, or a share of the operator's own.
    """
    hours = np.concatenate([of.times(origin) for month in months for origin in of.origins(month)])
    index = pd.DatetimeIndex(hours, tz="UTC")
    total = table.xs(TOTAL, axis=1, level=1).reindex(index)
    actual, own = total[ACTUAL].to_numpy(), total[OWN].to_numpy()
    windows = f"{len(months)} months to {months[-1]:%Y-%m}"
    own_mape = _mape(actual, own)
    yield Row(of.name, "the operator's own", "MAPE %", own_mape, windows)
    others = [
        ("untuned LightGBM on the operator's error", _untuned),
        *((other.name, partial(_peer, other)) for other in peer.installed()),
    ]
    for name, method in others:
        started_s = time.monotonic()
        points = np.concatenate([method(of, table, month) for month in months])
        yield Row(of.name, name, "MAPE %", _mape(actual, points), windows, seconds=time.monotonic() - started_s)
    started_s = time.monotonic()
    said = np.concatenate([ours(of, table, month) for month in months])
    seconds = time.monotonic() - started_s
    lead = np.where(np.arange(len(hours)) % 24 < 12, "first half of the day", "second half")
    honest = honesty(actual, said[:, 0], said[:, -1], {"season": seasons(hours), "lead": lead})
    must = reach if reach is not None else share and share * own_mape
    mape = _mape(actual, said[:, len(LEVELS) // 2])
    yield Row(of.name, "gridflex", "MAPE %", mape, windows, **honest, must_reach=must, seconds=seconds)
    yield Row(of.name, "gridflex", "pinball19 MW", mean_pinball(actual, said, LEVELS), windows)


def _mape(actual: np.ndarray, point: np.ndarray) -> float:
    return 100 * mean_absolute_percentage_error(actual, point)


def ours(of: DayAhead, table: pd.DataFrame, month: pd.Timestamp) -> np.ndarray:
    """Hours x levels of the total."""
    every = known(of, table)
    origins = of.origins(month)
    task = Task(60, of.first_lead_h, of.first_lead_h + 24, (of.issue_utc_h,), threads=1)
    trained = BroughtCorrection().train([one.as_of(origins[0]) for one in every], task)
    total = next(one for one in every if one.series.name == TOTAL)
    return np.concatenate([trained.quantiles([total.as_of(origin)], of.times(origin), LEVELS)[0] for origin in origins])


def known(of: DayAhead, table: pd.DataFrame) -> list[Known]:
    """Every zone and the total, with what the operator said."""
    times = table.index.tz_localize(None).to_numpy().astype("datetime64[s]")
    zones = table[ACTUAL].columns
    return [_known(of, table.xs(zone, axis=1, level=1), zone, times) for zone in zones]


def _known(of: DayAhead, table: pd.DataFrame, zone: str, times: np.ndarray) -> Known:
    series = SeriesDescription(
        name=zone, kind="load", timezone=of.timezone, region=of.region, step_min=60, delay_min=60.0
    )
    own, load = table[OWN].to_numpy(), table[ACTUAL].to_numpy()
    said, there = np.isfinite(own), np.isfinite(load)
    day = (times - np.timedelta64(round(of.day_start_utc_h * 3600), "s")).astype("datetime64[D]")
    issued = day.astype("datetime64[s]") + np.timedelta64(round((of.issue_utc_h - 24) * 3600), "s")
    brought = Vintages.sorted(times[said], issued[said], issued[said], {"mean": own[said]})
    observed = Observed.promptly(times[there], load[there], delay_min=60.0)
    return Known(series, moment("9999-01-01T00:00:00"), observed, brought={"operator": brought})


def _untuned(of: DayAhead, table: pd.DataFrame, month: pd.Timestamp) -> np.ndarray:
    """The reference measurement: the operator's forecast and LightGBM with default parameters on its error."""
    total = table.xs(TOTAL, axis=1, level=1)
    own, error = total[OWN], total[ACTUAL] - total[OWN]
    opened = (table.index - pd.Timedelta(hours=of.day_start_utc_h)).floor("D") + pd.Timedelta(hours=of.day_start_utc_h)
    # The newest hour that was known at the origin began two hours before it.
    newest = opened - pd.Timedelta(hours=of.first_lead_h + 2)
    hours_ago = {lag: error.shift(freq=pd.Timedelta(hours=lag)).reindex(table.index) for lag in (24, 48, 168)}
    lags = {
        "same hour": hours_ago[24].where(table.index - pd.Timedelta(hours=24) <= newest, hours_ago[48]),
        **hours_ago,
    }
    lags[24] = hours_ago[24].where(table.index - pd.Timedelta(hours=24) <= newest)
    means = {f"mean of {span} h": error.rolling(span).mean().reindex(newest).to_numpy() for span in (1, 6, 24, 168)}
    clock = {"hour": table.index.hour, "weekday": table.index.dayofweek}
    features = pd.DataFrame({"own": own, **lags, **means, **clock})
    origins = of.origins(month)
    learnt = table.index[(table.index < pd.Timestamp(origins[0], tz="UTC") - pd.Timedelta(hours=1)) & error.notna()]
    data = lightgbm.Dataset(features.loc[learnt].to_numpy(dtype=float), error[learnt].to_numpy())
    model = lightgbm.train({"num_threads": 1, "verbose": -1}, data, 100)
    asked = features.reindex(pd.DatetimeIndex(np.concatenate([of.times(one) for one in origins]), tz="UTC"))
    return asked["own"].to_numpy() + model.predict(asked.to_numpy(dtype=float))


def _peer(other: Peer, of: DayAhead, table: pd.DataFrame, month: pd.Timestamp) -> np.ndarray:
    """A peer with the operator's forecast as a column that is known ahead."""
    origins = of.origins(month)
    total = table.xs(TOTAL, axis=1, level=1).interpolate(limit_direction="both")
    series = pd.DataFrame(
        {"ds": total.index.tz_localize(None), "y": total[ACTUAL].to_numpy(), "own": total[OWN].to_numpy()}
    )
    # The newest hour that is known ended an hour before the origin.
    cuts = [str(origin - np.timedelta64(1, "h")) for origin in origins]
    hours = round(of.first_lead_h) + 25
    said = other.said(series, [{"fit_before": cuts[0], "cuts": cuts, "hours": hours, "quantiles": False}])
    return said.groupby("cut", sort=True)["q50"].apply(lambda of_day: of_day.iloc[-24:]).to_numpy()
