"""Do joint scenarios know how zones and hours go together? Against the same quantiles sampled independently.

Zones' loads (NYISO, ERCOT) and wind farms with area loads (RTS-GMLC): quantiles are the day-ahead forecast in the file
plus the empirical errors of that hour over the 60 days before; the last 60 days in each file are scored, each with a
dependence learned from the surprises of the days before it only. For the loads the same is asked of our own forecasts,
which learn anew every month.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.forecast.day_ahead import TOTAL, DayAhead, known, last_months
from benchmarks.forecast.ercot_nyiso import SETS, read
from benchmarks.forecast.protocol import Row, file_in
from services.forecast.models.base import Task
from services.forecast.models.brought_correction import BroughtCorrection
from services.forecast.scenarios.dependence import Dependence, independent, learned, surprises
from services.forecast.scenarios.sampling import scenarios
from services.forecast.scoring.scores import crps, energy_score, variogram_score

DAYS_SCORED, DAYS_BEFORE, SCENARIOS = 60, 60, 200
RELEARNED_EVERY = 10
LEVELS = np.arange(1, 40) / 40


@dataclass(frozen=True)
class Set:
    """Days x series x 24 hours, from the first full day on."""

    name: str
    kinds: list[str]
    forecast: np.ndarray
    actual: np.ndarray
    last_day: str


def rows(data: Path) -> Iterator[Row]:
    for set_in in (_nyiso, _ercot, _rts):
        of = set_in(data)
        yield from _scored(of, _quantiles(of))
    for operator, file, *_ in SETS:
        yield from _scored(*_forecast_by_us(operator, file_in(data, file)))


def _nyiso(data: Path) -> Set:
    return _zones(data, "nyiso_load_da_vs_actual.parquet", "NYISO zones", "US/Eastern")


def _ercot(data: Path) -> Set:
    return _zones(data, "ercot_load_da_vs_actual.parquet", "ERCOT zones", "US/Central")


def _zones(data: Path, file: str, name: str, timezone: str) -> Set:
    frame = pd.read_parquet(file_in(data, file)).dropna()
    frame = frame[~frame["zone"].str.lower().isin(["total", "sum", "system"])]
    # Winter time all year: every day has 24 hours.
    offset = pd.Timestamp("2019-01-01", tz=timezone).utcoffset()
    frame["t"] = frame["t_utc"].dt.tz_localize(None) + offset
    return _set(name, frame.rename(columns={"zone": "of", "iso_da_forecast_mw": "f", "actual_mw": "a"}), "load")


def _rts(data: Path) -> Set:
    frame = pd.read_parquet(file_in(data, "rts_gmlc_da_vs_rt_hourly.parquet"))
    frame = frame[frame["kind"].isin(["wind", "load"])].dropna(subset=["da_forecast_mw", "rt_actual_mw"])
    frame = frame.rename(columns={"resource": "of", "da_forecast_mw": "f", "rt_actual_mw": "a"})
    frame["of"] = frame["kind"] + " " + frame["of"].astype(str)
    return _set("RTS-GMLC wind and load", frame, None)


def _set(name: str, frame: pd.DataFrame, kind: str | None) -> Set:
    frame["day"], frame["hour"] = frame["t"].dt.normalize(), frame["t"].dt.hour
    wide = frame.pivot_table(index="day", columns=["of", "hour"], values=["f", "a"]).dropna()
    of = list(dict.fromkeys(wide["f"].columns.get_level_values(0)))
    shape = (len(wide), len(of), 24)
    kinds = [kind or series.split()[0] for series in of]
    return Set(
        name,
        kinds,
        wide["f"].to_numpy(dtype=float).reshape(shape),
        wide["a"].to_numpy(dtype=float).reshape(shape),
        str(wide.index[-1].date()),
    )


def _forecast_by_us(operator: DayAhead, file: Path) -> tuple[Set, np.ndarray]:
    """The zones of the last months with what we would have said, day by day."""
    table = read(file)
    every = known(operator, table)
    zones = [one for one in every if one.series.name != TOTAL]
    actual, said = [], []
    for month in last_months(table):
        origins = operator.origins(month)
        hours = operator.first_lead_h, operator.first_lead_h + 24
        task = Task(60, *hours, (operator.issue_utc_h,), threads=1)
        trained = BroughtCorrection().train([one.as_of(origins[0]) for one in every], task)
        for origin in origins:
            times = operator.times(origin)
            actual.append([one.observed.at(times) for one in zones])
            said.append(trained.quantiles([one.as_of(origin) for one in zones], times, LEVELS))
    there = np.isfinite(np.array(actual)).all(axis=(1, 2))
    came, quantiles = np.array(actual)[there], np.array(said)[there]
    name = f"{operator.name} zones, our forecasts"
    return Set(name, ["load"] * len(zones), quantiles.mean(axis=-1), came, str(table.index[-1].date())), quantiles


def _scored(of: Set, quantiles: np.ndarray) -> Iterator[Row]:
    places = surprises(of.actual, quantiles, LEVELS)
    days = range(len(of.actual) - DAYS_SCORED, len(of.actual))
    joint, apart = _Scores(), _Scores()
    nobody = independent(of.kinds, 24, 60)
    for day in days:
        if (day - days.start) % RELEARNED_EVERY == 0:
            dependence = learned(places[:day], of.kinds, 60)
        joint.add(of, quantiles[day], day, dependence)
        apart.add(of, quantiles[day], day, nobody)
    yield from _rows(of, joint, apart)


def _quantiles(of: Set) -> np.ndarray:
    """Day-ahead forecast plus the errors of the same hour over the days before; NaN before there are enough."""
    errors = of.actual - of.forecast
    quantiles = np.full((*of.actual.shape, len(LEVELS)), np.nan)
    for day in range(DAYS_BEFORE, len(errors)):
        moved = np.quantile(errors[day - DAYS_BEFORE : day - 1], LEVELS, axis=0)
        quantiles[day] = of.forecast[day][..., None] + np.moveaxis(moved, 0, -1)
    return quantiles


class _Scores:
    def __init__(self) -> None:
        self.energy: list[float] = []
        self.variogram: list[float] = []
        self.in_time: list[float] = []
        self.of_sum: list[float] = []

    def add(self, of: Set, quantiles: np.ndarray, day: int, dependence: Dependence) -> None:
        drawn = scenarios(quantiles, LEVELS, dependence, SCENARIOS, seed=day)
        scale = np.nanmean(np.abs(of.actual), axis=(0, 2))[:, None]
        rows_of = (drawn / scale[..., None]).reshape(-1, SCENARIOS).T
        came = (of.actual[day] / scale).ravel()
        self.energy.append(energy_score(came, rows_of))
        self.variogram.append(variogram_score(came, rows_of))
        pairs = zip(of.actual[day] / scale, drawn / scale[..., None], strict=True)
        self.in_time += [variogram_score(actual, futures.T) for actual, futures in pairs]
        for kind in set(of.kinds):
            self._add_sum(of, drawn, day, [place for place, other in enumerate(of.kinds) if other == kind])

    def _add_sum(self, of: Set, drawn: np.ndarray, day: int, chosen: list[int]) -> None:
        levels = np.arange(1, 100) / 100
        of_sum = np.moveaxis(np.quantile(drawn[chosen].sum(axis=0), levels, axis=-1), 0, -1)
        came = of.actual[day, chosen].sum(axis=0)
        self.of_sum.append(crps(came, of_sum, levels) / came.mean())


def _rows(of: Set, joint: _Scores, apart: _Scores) -> Iterator[Row]:
    windows = f"{DAYS_SCORED} days to {of.last_day}"
    for metric, ours, reference, target in (
        ("variogram score (p = 0.5) within series, share of independent", joint.in_time, apart.in_time, 0.80),
        ("variogram score (p = 0.5) of all pairs, share of independent", joint.variogram, apart.variogram, None),
        ("CRPS of sums, share of independent", joint.of_sum, apart.of_sum, 0.95),
        ("energy score, share of independent", joint.energy, apart.energy, 1.0),
    ):
        yield Row(of.name, "gridflex", metric, float(np.mean(ours) / np.mean(reference)), windows, must_reach=target)
