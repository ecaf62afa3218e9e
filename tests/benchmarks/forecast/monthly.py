"""Competition tasks of a month each: learn from all before it, then forecast the month from its weather alone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.forecast.peer import Peer
from benchmarks.forecast.protocol import Row, seasons
from grid_models.quantities import Floats
from services.forecast.known import Known, Moment, Moments, Observed, steps_from
from services.forecast.models.base import Model, Task
from services.forecast.probabilistic.conformal import covered
from services.forecast.probabilistic.quantile_functions import at_levels, rising
from services.forecast.scoring.scores import mean_pinball, width

LEVELS = np.arange(1, 100) / 100
TASKS_MAX = 11
HISTORY_MONTHS = 12
HOUR = np.timedelta64(3600, "s")
UNTUNED_LEVELS = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])


def tasks(times: Moments) -> list[np.datetime64]:
    """The last months that the times hold in full, at most eleven, after a year of history or half of a short file."""
    months = np.unique(times.astype("datetime64[M]"))
    counts = np.array([(times.astype("datetime64[M]") == month).sum() for month in months])
    whole = months[counts >= 0.9 * np.median(counts)]
    history = HISTORY_MONTHS if len(whole) >= HISTORY_MONTHS + 3 else len(whole) // 2
    return list(whole[history:][-TASKS_MAX:])


def month_by_month(times: Moments) -> Moments:
    """When the competition told what had come: at the end of the month."""
    return (times.astype("datetime64[M]") + 1).astype("datetime64[s]")


@dataclass(frozen=True)
class Said:
    """What one method said about all tasks: points, and quantiles at 99 levels."""

    series: np.ndarray
    times: Moments
    lead_h: Floats
    actual: Floats
    quantiles: Floats
    scored: np.ndarray
    """Points on which intervals are judged; solar: daylight."""
    seconds: float

    def pinball(self) -> float:
        """Mean over tasks, as in the competition."""
        month = self.times.astype("datetime64[M]")
        of = [mean_pinball(self.actual[month == one], self.quantiles[month == one], LEVELS) for one in np.unique(month)]
        return float(np.mean(of))

    def windows(self) -> str:
        months = np.unique(self.times.astype("datetime64[M]"))
        return f"{len(months)} months to {months[-1]}"

    def row(self, name: str, method: str, must_reach: float | None = None, honest: bool = True) -> Row:
        share = covered(self.actual, self.quantiles, LEVELS)
        keep = self.scored
        groups = {"season": seasons(self.times), "lead": _lead_groups(self.lead_h)}
        by = {
            group: {str(one): float(share[keep & (labels == one)].mean()) for one in np.unique(labels[keep])}
            for group, labels in groups.items()
        }
        return Row(
            set=name,
            method=method,
            metric="pinball99 of capacity",
            value=self.pinball(),
            windows=self.windows(),
            coverage=float(share[keep].mean()) if honest else None,
            width=width(self.quantiles[keep, 4], self.quantiles[keep, 94]) if honest else None,
            coverage_by=by if honest else {},
            must_reach=must_reach,
            seconds=self.seconds,
        )


def by_model(
    model: Model, known: Sequence[Known], months: Sequence[np.datetime64], task: Task, origin_h: float
) -> Said:
    """Train at the beginning of each month, forecast each of its days at its origin."""
    started, parts = time.monotonic(), []
    for month in months:
        begin = month.astype("datetime64[s]")
        trained = model.train([one.as_of(begin) for one in known], task)
        days = np.arange(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")).astype("datetime64[s]")
        for day in days:
            origin = day + np.timedelta64(round(origin_h * 3600), "s")
            times = steps_from(day, 24, 60)
            cut = [_near(one, origin, times) for one in known]
            said = trained.quantiles(cut, times, LEVELS)
            parts.append((origin, times, said))
    return _gathered(known, parts, time.monotonic() - started)


def _near(known: Known, origin: Moment, times: Moments) -> Known:
    """As of the origin, with weather around the day only: a month of issues need not be copied for every day."""
    reach = np.timedelta64(4, "D")
    near = {
        name: vintages.rows((vintages.times >= times[0] - reach) & (vintages.times <= times[-1] + reach))
        for name, vintages in known.weather.items()
    }
    return replace(known, weather=near).as_of(origin)


def _gathered(known: Sequence[Known], parts: list[tuple[Moment, Moments, Floats]], seconds: float) -> Said:
    series = np.concatenate([np.repeat(np.arange(len(known)), len(times)) for _, times, _ in parts])
    times = np.concatenate([np.tile(times, len(known)) for _, times, _ in parts])
    lead = np.concatenate(
        [np.tile((times - origin) / np.timedelta64(3600, "s"), len(known)) for origin, times, _ in parts]
    )
    quantiles = np.concatenate([said.reshape(-1, len(LEVELS)) for _, _, said in parts])
    actual = np.full(len(times), np.nan)
    for place, one in enumerate(known):
        actual[series == place] = one.observed.at(times[series == place])
    return Said(series, times, lead, actual, quantiles, np.ones(len(times), dtype=bool), seconds)


def _lead_groups(lead_h: Floats) -> np.ndarray:
    first = (lead_h // 8).astype(int) * 8
    return np.array([f"{start:02d}-{start + 8:02d} h" for start in first])


def untuned(table: pd.DataFrame, raw: Sequence[str], months: Sequence[np.datetime64], like: Said) -> Said:
    """LightGBM as it comes, on the weather as it is and the hour: one model per level.

    The table has `series`, `time`, `power` and the raw columns.
    """
    started = time.monotonic()
    month = table["time"].to_numpy().astype("datetime64[M]")
    said = np.full((len(table), len(LEVELS)), np.nan)
    for one in months:
        train, test = table[month < one], month == one
        columns = [_untuned_level(train, table[test], raw, level) for level in UNTUNED_LEVELS]
        said[test] = np.clip(rising(at_levels(rising(np.column_stack(columns)), UNTUNED_LEVELS, LEVELS)), 0, 1)
    return _ordered(table, said, like, time.monotonic() - started)


def _untuned_level(train: pd.DataFrame, test: pd.DataFrame, raw: Sequence[str], level: float) -> Floats:
    data = lightgbm.Dataset(train[list(raw)].to_numpy(), train["power"].to_numpy())
    wish = {"objective": "quantile", "alpha": level, "num_threads": 1, "verbose": -1}
    return np.asarray(lightgbm.train(wish, data, 100).predict(test[list(raw)].to_numpy()))


def by_peer(peer: Peer, table: pd.DataFrame, ahead: Sequence[str], months: Sequence[np.datetime64], like: Said) -> Said:
    """A peer on each plant: its own past, the calendar, and the raw columns as what is known ahead."""
    started = time.monotonic()
    said = np.full((len(table), len(LEVELS)), np.nan)
    for series in np.unique(table["series"]):
        mine = np.flatnonzero(table["series"].to_numpy() == series)
        own = table.iloc[mine].drop_duplicates("time").set_index("time")
        hourly = own[["power", *ahead]].astype(float).asfreq("h").interpolate(limit_direction="both")
        answer = peer.said(hourly.rename_axis("ds").rename(columns={"power": "y"}).reset_index(), _months_ahead(months))
        quantiles = answer.set_index("ds")[[f"q{level:02.0f}" for level in 100 * LEVELS]]
        there = table["time"].iloc[mine].isin(quantiles.index).to_numpy()
        said[mine[there]] = quantiles.loc[table["time"].iloc[mine[there]]].to_numpy()
    return _ordered(table, np.clip(rising(said), 0, 1), like, time.monotonic() - started)


def _months_ahead(months: Sequence[np.datetime64]) -> list[dict[str, Any]]:
    return [
        {"fit_before": str(first), "cuts": [str(first)], "hours": int((last - first) / HOUR), "quantiles": True}
        for first, last in ((month.astype("datetime64[s]"), (month + 1).astype("datetime64[s]")) for month in months)
    ]


def _ordered(table: pd.DataFrame, said: Floats, like: Said, seconds: float) -> Said:
    """The rows of the table in the order of another's points."""
    keys = pd.MultiIndex.from_arrays([table["series"], table["time"]])
    wanted = pd.MultiIndex.from_arrays([like.series, like.times.astype("datetime64[us]")])
    return Said(like.series, like.times, like.lead_h, like.actual, said[keys.get_indexer(wanted)], like.scored, seconds)


def observed(times: Moments, values: Floats) -> Observed:
    return Observed(times, values, month_by_month(times))
