"""Weather as it was forecast at each origin, on an even grid of time around the steps that are asked for.

Names of variables carry their unit and, for wind, the height: `wind_speed_100m_m_per_s`, `wind_direction_100m_deg`,
`wind_u_100m_m_per_s`, `wind_v_100m_m_per_s`, `irradiance_w_per_m2` (of a level plane, mean over the step that begins
at its time), `cloud_cover` (a share), `temperature_c`, `pressure_pa`; every other variable serves as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.features.questions import Places, Questions, hours, span
from services.forecast.known import Moments, Vintages

BEFORE_H, AFTER_H = 13.0, 13.0
"""How far the grid reaches beyond the steps: rolling means look half a day to either side."""
MEAN_OVER_STEP = ("irradiance", "radiation", "precipitation")
"""Variables with one of these in the name are means over the step that begins at their time, others hold at it."""


@dataclass(frozen=True)
class Grid:
    """Variables of one source, rows x grid points, at equal steps from the row's own beginning."""

    starts: Moments
    step_h: float
    values: Mapping[str, Floats]
    former: Mapping[str, Floats]
    """The same as the issue before the newest one had it."""

    @property
    def times(self) -> Moments:
        """Rows x points."""
        points = next(iter(self.values.values())).shape[1]
        times: Moments = self.starts[:, None] + (np.arange(points) * self.step_h * 3600).astype("timedelta64[s]")
        return times

    def places(self, times: Moments) -> Floats:
        """Where on the grid these times are, in grid steps: rows x steps."""
        return hours(times - self.starts[:, None]) / self.step_h

    def chosen(self, rows: Places) -> "Grid":
        """Some of the rows."""
        of = ({name: values[rows] for name, values in kind.items()} for kind in (self.values, self.former))
        return Grid(self.starts[rows], self.step_h, *of)


def read_at(values: Floats, places: Floats) -> Floats:
    """Values on the grid read at places between its points; NaN beyond its ends."""
    last = values.shape[1] - 1
    lower = np.clip(np.floor(places + 1e-9), 0, last).astype(np.intp)
    share = places - lower
    read = np.take_along_axis(values, lower, axis=1)
    if (np.abs(share) > 1e-6).any():
        upper = np.take_along_axis(values, np.minimum(lower + 1, last), axis=1)
        read = read + share * (upper - read)
    return np.where((places < -1e-6) | (places > last + 1e-6), np.nan, read)


def rolling_mean(values: Floats, points: int) -> Floats:
    """Centred mean over so many grid points, of what is there of them."""
    half = points // 2
    padded = np.pad(np.nan_to_num(values), ((0, 0), (half + 1, half)))
    there = np.pad(np.isfinite(values).astype(float), ((0, 0), (half + 1, half)))
    total, count = (np.cumsum(of, axis=1) for of in (padded, there))
    sums, counts = total[:, points:] - total[:, :-points], count[:, points:] - count[:, :-points]
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def mean_of(found: Sequence[Floats], shape: tuple[int, ...]) -> Floats:
    """Mean of those that are known, element by element; NaN where none is."""
    if not found:
        return np.full(shape, np.nan)
    there = np.isfinite(found)
    count = there.sum(axis=0)
    mean: Floats = np.where(count > 0, np.nan_to_num(np.array(found)).sum(axis=0) / np.maximum(count, 1), np.nan)
    return mean


def odd(points: float) -> int:
    """The nearest odd number of grid points: a window with a middle."""
    return max(round(points) // 2 * 2 + 1, 1)


def grids(questions: Questions, sources: Sequence[str]) -> dict[str, Grid]:
    """The newest weather that was known at each origin, by source.

    What one source lacks another one fills in, if it has the same variable.
    """
    found = {source: grid for source in sources if (grid := _grid(questions, source)).values}
    return {
        source: _filled(grid, [other for name, other in found.items() if name != source])
        for source, grid in found.items()
    }


def sources_of(questions: Questions) -> tuple[str, ...]:
    return tuple(sorted({source for known in questions.known for source in known.weather}))


def deaccumulated(accumulated: Floats, step_h: float, starts: NDArray[np.bool_]) -> Floats:
    """Mean rate per second from what an issue has summed up since its beginning, such as J/m2 into W/m2.

    `starts` marks the first step of each issue, whose sum is its own.
    """
    before = np.where(starts, 0.0, np.roll(accumulated, 1))
    # Packing of the files makes sums fall by a hair at night.
    rate: Floats = np.maximum(accumulated - before, 0.0) / (step_h * 3600)
    return rate


def _grid(questions: Questions, source: str) -> Grid:
    step_h = _step_h(questions, source)
    starts = questions.times[:, 0] - span(BEFORE_H)
    # The grid begins on a whole step of the weather, so that its own points are met.
    starts = (starts.astype(np.int64) // round(step_h * 3600) * round(step_h * 3600)).astype("datetime64[s]")
    ends = questions.times[:, -1] + span(AFTER_H)
    points = int(np.ceil(hours(ends - starts).max(initial=0) / step_h)) + 1
    times = starts[:, None] + (np.arange(points) * round(step_h * 3600)).astype("timedelta64[s]")
    names = sorted(
        {name for known in questions.known if source in known.weather for name in known.weather[source].values}
    )
    values, former = ({name: np.full(times.shape, np.nan) for name in names} for _ in range(2))
    for vintages, mine in _by_vintages(questions, source):
        newest, older = _newest(vintages, questions.origins[mine], times[mine])
        for name, of in vintages.values.items():
            values[name][mine] = np.where(newest >= 0, of[newest], np.nan)
            former[name][mine] = np.where(older >= 0, of[older], np.nan)
    return Grid(starts, step_h, {name: _between_gaps(of) for name, of in values.items()}, former)


def _by_vintages(questions: Questions, source: str) -> list[tuple[Vintages, Places]]:
    """Rows that share a weather forecast, as plants at one point do, are looked up together."""
    groups: dict[int, tuple[Vintages, list[Places]]] = {}
    for series in np.unique(questions.who):
        vintages = questions.known[series].weather.get(source)
        if vintages is not None and len(vintages.times):
            groups.setdefault(id(vintages), (vintages, []))[1].append(questions.rows_of(series))
    return [(vintages, np.concatenate(rows)) for vintages, rows in groups.values()]


def _newest(vintages: Vintages, origins: Moments, times: Moments) -> tuple[Places, Places]:
    """Row of the newest issue, and of the one before, that was known at the origin about each time; -1 for none."""
    rows = np.arange(*np.searchsorted(vintages.times, [times.min(), times.max() + np.timedelta64(1, "s")]))
    order = rows[np.lexsort((vintages.known_at[rows], vintages.times[rows]))]
    if not len(order):
        return np.full(times.shape, -1), np.full(times.shape, -1)
    moments, place = np.unique(vintages.times[order], return_inverse=True)
    known_s = vintages.known_at[order].astype(np.int64)
    first_s, reach_s = known_s.min(), known_s.max() - known_s.min() + 2
    # Time and moment of knowledge in one number: one search finds the newest row of the time that was known.
    keys = place * reach_s + (known_s - first_s) + 1
    asked = np.minimum(np.searchsorted(moments, times), len(moments) - 1)
    until = np.clip(origins.astype(np.int64) - first_s + 1, 0, reach_s - 1)
    found = np.searchsorted(keys, asked * reach_s + until[:, None], side="right") - 1
    there = (found >= 0) & (moments[asked] == times) & (place[found] == asked)
    before = there & (found >= 1) & (place[np.maximum(found - 1, 0)] == asked)
    return np.where(there, order[found], -1), np.where(before, order[np.maximum(found - 1, 0)], -1)


def _step_h(questions: Questions, source: str) -> float:
    """Step of the source's grid: the usual distance of its times, at most an hour."""
    for known in questions.known:
        if source in known.weather and len(known.weather[source].times) > 1:
            gaps = hours(np.diff(known.weather[source].times[:2000]))
            usual = gaps[gaps > 0]
            return float(min(np.median(usual), 1.0)) if len(usual) else 1.0
    return 1.0


HELD_POINTS = 4


def _between_gaps(values: Floats, longest: int = 6) -> Floats:
    """Gaps of a few points on the line between their ends: some sources speak every three or six hours only."""
    missing = ~np.isfinite(values)
    if not missing.any() or missing.all():
        return values
    points = np.arange(values.shape[1])
    last = np.maximum.accumulate(np.where(missing, -1, points), axis=1)
    following = np.minimum.accumulate(np.where(missing, len(points), points)[:, ::-1], axis=1)[:, ::-1]
    inside = missing & (last >= 0) & (following < len(points)) & (following - last <= longest)
    left = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    right = np.take_along_axis(values, np.minimum(following, len(points) - 1), axis=1)
    share = (points - last) / np.maximum(following - last, 1)
    filled = np.where(inside, left + share * (right - left), values)
    # An issue ends where it ends; the neighbours of its last hours are as the last one that it has.
    after, before = missing & (last >= 0) & (following == len(points)), missing & (last < 0) & (following < len(points))
    filled = np.where(after & (points - last <= HELD_POINTS), left, filled)
    return np.where(before & (following - points <= HELD_POINTS), right, filled)


def _filled(grid: Grid, others: Sequence[Grid]) -> Grid:
    values = dict(grid.values)
    for other in others:
        for name in values.keys() & other.values.keys():
            gaps = ~np.isfinite(values[name])
            if gaps.any():
                values[name] = np.where(gaps, read_at(other.values[name], other.places(grid.times)), values[name])
    return Grid(grid.starts, grid.step_h, values, grid.former)
