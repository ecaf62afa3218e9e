"""Wind and solar from forecasts that somebody brought: trees read what they said around the hour, here and next door.

A forecast of the total is told by those of its parts, and a plant by its neighbours: all series that are asked together
lend each other what was brought for them, and a total lies between its own answer and the sum of its parts. Recent
errors count as far as they were known at the origin.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.questions import Questions, capacity_mw, now
from services.forecast.features.table import News, Table, add_clock, add_news, longitudes
from services.forecast.features.weather import Grid, grids, mean_of, odd, read_at, rolling_mean
from services.forecast.known import Known, Moments, Vintages
from services.forecast.models import kept
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.models.boosted import Boosted, boosted
from services.forecast.models.renewable_boosting import calibration_of, honest, raw_quantiles
from services.forecast.models.training_rows import training_questions
from services.forecast.probabilistic.conformal import Calibration

SMALL = {
    "num_leaves": 8,
    "learning_rate": 0.03,
    "rounds": 150,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.4,
    "lambda_l2": 20.0,
}
"""A few thousand hours of one series bear no larger trees."""
AROUND_H = (-6, -3, -2, -1, 1, 2, 3, 6)
EVENLY = np.arange(1, 20) / 20
POINTS_MAX = 30_000
POINTS_MIN = 500
FORGOTTEN_D = 60.0
"""Half-life of errors when quantiles are made honest: the errors of somebody else's forecast change with the season,
and what it rests on is not known, so only their recent size tells."""


@dataclass(frozen=True)
class OfOne:
    """What was learned for one series."""

    features: tuple[str, ...]
    trees: Boosted
    calibration: Calibration


@dataclass(frozen=True)
class TrainedBrought:
    """By name of the series."""

    series: Mapping[str, OfOne]
    step_min: int
    threads: int

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        inner = np.union1d(levels, EVENLY)
        said = np.stack([self._of(one, times, inner) for one in _lent(known)])
        moved = between_parts(said, np.searchsorted(inner, EVENLY), known, times)
        return moved[..., np.searchsorted(inner, levels)]

    def _of(self, known: Known, times: Moments, levels: Floats) -> Floats:
        of = self.series.get(known.series.name)
        if of is None:
            raise NotEnoughHistory(f"{known.series.name} was not among the series that this model learned")
        asked = now([known], times, self.step_min)
        matrix = _table(asked).matrix(of.features, asked.times.shape)
        said = honest(
            of.calibration, raw_quantiles(of.trees, matrix, self.threads, levels), levels, asked.lead_h.ravel()
        )
        answer: Floats = said * asked.capacity_mw[0][:, None]
        return answer

    def to_bytes(self) -> bytes:
        names = list(self.series)
        document = {
            "names": names,
            "features": [self.series[name].features for name in names],
            "levels": [self.series[name].trees.levels.tolist() for name in names],
            "trees": [self.series[name].trees.texts for name in names],
            "step_min": self.step_min,
            "threads": self.threads,
        }
        arrays = {
            f"{place} {part}": of
            for place, name in enumerate(names)
            for part, of in self.series[name].calibration.to_arrays().items()
        }
        return kept.packed(document, arrays)

    @classmethod
    def from_bytes(cls, kept_bytes: bytes) -> Self:
        document, arrays = kept.unpacked(kept_bytes)
        series = {}
        for place, name in enumerate(document["names"]):
            own = {key.split(" ", 1)[1]: of for key, of in arrays.items() if key.split(" ", 1)[0] == str(place)}
            trees = Boosted(np.array(document["levels"][place]), tuple(document["trees"][place]))
            series[name] = OfOne(tuple(document["features"][place]), trees, Calibration.from_arrays(own))
        return cls(series, document["step_min"], document["threads"])


@dataclass(frozen=True)
class RenewableBrought:
    """Learns what the forecasts of others are worth."""

    name: ClassVar[str] = "renewable_brought"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"wind", "solar"})
    needs: ClassVar[frozenset[Need]] = frozenset({"brought"})
    trained: ClassVar[type[Trained]] = TrainedBrought

    def train(self, known: Sequence[Known], task: Task) -> TrainedBrought:
        series = {one.series.name: _learned(one, task) for one in _lent(known)}
        return TrainedBrought(series, task.step_min, task.threads)


def between_parts(said: Floats, evenly: Any, known: Sequence[Known], times: Moments) -> Floats:
    """Of a sum whose members are all asked: moved halfway to the sum of their means, within its capacity.

    The errors of two ways to the same total cancel in part; `evenly` are the places of levels whose mean is the mean.
    """
    place = {one.series.name: number for number, one in enumerate(known)}
    mean, moved = said[..., evenly].mean(axis=-1), said.copy()
    for number, one in enumerate(known):
        if one.series.members and place.keys() >= set(one.series.members):
            of_parts = mean[[place[name] for name in one.series.members]].sum(axis=0)
            wanted = said[number] + 0.5 * (of_parts - mean[number])[:, None]
            moved[number] = np.clip(wanted, 0, capacity_mw(one, times)[:, None])
    return moved


def _learned(known: Known, task: Task) -> OfOne:
    asked = training_questions([known], task, POINTS_MAX)
    table, actual = _table(asked), asked.actual_share.ravel()
    own = table.columns.get("expected", np.full(asked.times.shape, np.nan)).ravel()
    use = np.flatnonzero(np.isfinite(actual) & np.isfinite(own))
    if len(use) < POINTS_MIN:
        raise NotEnoughHistory(
            f"{known.series.name}: {len(use)} observed steps with a brought forecast, {POINTS_MIN} are needed"
        )
    features = tuple(sorted(table.columns))
    matrix = table.matrix(features, asked.times.shape)[use]
    shares = np.clip(actual[use], 0, 1)
    wish: dict[str, Any] = {**SMALL, "seed": task.seed, "threads": task.threads}
    calibration = calibration_of(matrix, shares, asked.times.ravel()[use], asked.lead_h.ravel()[use], wish, FORGOTTEN_D)
    return OfOne(features, boosted(matrix, shares, **wish), calibration)


def _lent(known: Sequence[Known]) -> list[Known]:
    """Every series with what was brought for all of them, as shares of capacity, in the place of weather."""
    lent = {
        f"{one.series.name}/{by}": _shares(one, vintages)
        for one in known
        for by, vintages in one.brought.items()
        if "mean" in vintages.values or "0.5" in vintages.values
    }
    return [replace(one, weather=lent) for one in known]


def _shares(known: Known, vintages: Vintages) -> Vintages:
    said = vintages.values["mean"] if "mean" in vintages.values else vintages.values["0.5"]
    return replace(vintages, values={"said": said / capacity_mw(known, vintages.times)})


def _table(asked: Questions) -> Table:
    """What was said around the hour, for the series itself and the others."""
    table = Table()
    add_clock(table, asked, longitudes(asked))
    sources = tuple(sorted(asked.known[0].weather))
    found = grids(asked, sources)
    own = [source for source in sources if source.split("/")[0] == asked.known[0].series.name]
    for source, grid in found.items():
        _add_said(table, source, asked, grid, around=source in own)
    table.add("expected", _expected(asked, {source: found[source] for source in own}))
    news = News.of(asked)
    add_news(table, asked, news, _expected_then(asked, news, tuple(own)))
    return table


def _add_said(table: Table, source: str, asked: Questions, grid: Grid, around: bool) -> None:
    said, per_h = grid.values["said"], 1 / grid.step_h
    places = grid.places(asked.times)
    table.add(f"{source}:said", read_at(said, places))
    table.add(f"{source}:said_mean_25h", read_at(rolling_mean(said, odd(25 * per_h)), places))
    if not around:
        return
    for hours in AROUND_H:
        table.add(f"{source}:said{hours:+d}h", read_at(said, places + hours * per_h))
    table.add(f"{source}:said_mean_7h", read_at(rolling_mean(said, odd(7 * per_h)), places))


def _expected(asked: Questions, own: Mapping[str, Grid]) -> Floats:
    said = [read_at(grid.values["said"], grid.places(asked.times)) for grid in own.values()]
    return mean_of(said, asked.times.shape)


def _expected_then(asked: Questions, news: News, own: tuple[str, ...]) -> Floats:
    """What was said about the hours of the newest output."""
    expected = np.full(news.shares.shape, np.nan)
    rows = np.flatnonzero(np.isfinite(news.ages_h).any(axis=1))
    if not len(rows):
        return expected
    chosen = asked.chosen(rows)
    back = np.round(np.nan_to_num(news.ages_h[rows], nan=0.0) * 3600).astype("timedelta64[s]")
    then = Questions(
        asked.known, chosen.who, chosen.origins, np.sort(chosen.origins[:, None] - back, axis=1), asked.step_min
    )
    expected[rows] = _expected(then, grids(then, own))[:, ::-1]
    return expected
