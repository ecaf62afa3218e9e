"""What is usual at this hour of this season: quantiles of the past, for any kind of series.

Values of the same hour of the local day within some weeks around the day of the year, all years alike; load also by
workday and weekend. Solar looks at output over what a clear sky would give where the place is known, so that a longer
day is not a surprise. The oldest of all forecasts, and the one that every other must beat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

import numpy as np

from grid_models.forecast import SeriesDescription, SeriesKind
from grid_models.quantities import Floats
from services.forecast.features.questions import capacity_mw
from services.forecast.known import Known, Moments, aware
from services.forecast.models import kept
from services.forecast.models.base import Need, NotEnoughHistory, Task, Trained
from services.forecast.physical.sun import clear_sky_over_step_w_per_m2
from services.forecast.probabilistic.quantile_functions import at_levels

LEVELS = np.array([0.01, *np.arange(0.05, 0.96, 0.05), 0.99])
WEEKS_AROUND = 6
"""Half the window of the season, in weeks."""
POINTS_MIN = 15
"""Fewer values than this tell no quantiles; then those of every day of the year count."""
SHARE_OF_DOUBT = 0.6
"""Of the mean load or inflow."""
CLEAR_MIN_W_PER_M2 = 20.0
WEEKS = 52


@dataclass(frozen=True)
class Usual:
    """Quantiles of one series: weeks of the year x kinds of day x hours x levels, relative to its scale."""

    quantiles: Floats
    by_capacity: bool
    by_sun: bool


@dataclass(frozen=True)
class TrainedClimatology:
    """The usual values of each series by name."""

    usual: Mapping[str, Usual]
    step_min: int

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        return np.stack([self._of(one, times, levels) for one in known])

    def _of(self, known: Known, times: Moments, levels: Floats) -> Floats:
        usual = self.usual.get(known.series.name) or _all_together(list(self.usual.values()))
        week, kind, hour = _when(known.series, times)
        said = at_levels(usual.quantiles[week, kind, hour], LEVELS, levels)
        scaled = np.maximum(said, 0) * _scale(known, times, self.step_min, usual.by_capacity, usual.by_sun)[:, None]
        if not usual.by_capacity:
            return scaled
        return np.minimum(scaled, capacity_mw(known, times)[:, None])

    def to_bytes(self) -> bytes:
        names = list(self.usual)
        flags = [[self.usual[name].by_capacity, self.usual[name].by_sun] for name in names]
        arrays = {str(place): self.usual[name].quantiles.astype(np.float32) for place, name in enumerate(names)}
        return kept.packed({"names": names, "flags": flags, "step_min": self.step_min}, arrays)

    @classmethod
    def from_bytes(cls, kept_bytes: bytes) -> Self:
        document, arrays = kept.unpacked(kept_bytes)
        usual = {
            name: Usual(arrays[str(place)].astype(np.float64), *document["flags"][place])
            for place, name in enumerate(document["names"])
        }
        return cls(usual, document["step_min"])


@dataclass(frozen=True)
class Climatology:
    """Learns what is usual."""

    name: ClassVar[str] = "climatology"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"load", "wind", "solar", "hydro_inflow"})
    needs: ClassVar[frozenset[Need]] = frozenset()
    trained: ClassVar[type[Trained]] = TrainedClimatology

    def train(self, known: Sequence[Known], task: Task) -> TrainedClimatology:
        usual = {one.series.name: of for one in known if (of := _usual(one, task)) is not None}
        if not usual:
            raise NotEnoughHistory("no series has a single observed value: climatology is made of the past")
        return TrainedClimatology(usual, task.step_min)


def _usual(known: Known, task: Task) -> Usual | None:
    times, values = known.observed.times, known.observed.values
    use = np.isfinite(values) & (times >= task.train_from if task.train_from is not None else True)
    times, values = times[use], values[use]
    if not len(times):
        return None
    by_capacity = known.series.kind in ("wind", "solar")
    by_sun = known.series.kind == "solar" and known.series.latitude is not None
    scale = _scale(known, times, task.step_min, by_capacity, by_sun)
    lit = scale > 0
    week, kind, hour = _when(known.series, times[lit])
    shares = values[lit] / scale[lit]
    return Usual(_table(shares, week, kind, hour, _doubt(known.series.kind, shares)), by_capacity, by_sun)


def _doubt(kind: SeriesKind, shares: Floats) -> float | None:
    """How far apart the ends of a distribution may lie that hardly any value has told of; None: twice what is usual."""
    if kind == "solar":
        return None
    return 1.0 if kind == "wind" else SHARE_OF_DOUBT * float(np.abs(shares).mean()) if len(shares) else 0.0


def _table(shares: Floats, week: Any, kind: Any, hour: Any, doubt: float | None) -> Floats:
    """Quantiles of every cell from the weeks around it: weeks x kinds of day x hours x levels."""
    by_week, counts = _by_week(shares, (week * 2 + kind) * 24 + hour)
    every = np.array([_quantiles_of_hour(shares[hour == one], shares, doubt) for one in range(24)])
    table = np.tile(every, (WEEKS, 2, 1, 1))
    for centre in range(WEEKS):
        around = np.arange(centre - WEEKS_AROUND, centre + WEEKS_AROUND + 1) % WEEKS
        near = np.moveaxis(by_week[around], 0, -2).reshape(2, 24, -1)
        count = counts[around].sum(axis=0)
        enough = count >= POINTS_MIN
        table[centre][enough] = _quantiles(np.sort(near[enough], axis=-1), count[enough])
    return table


def _by_week(shares: Floats, cell: Any) -> tuple[Any, Any]:
    """The values of every cell side by side, infinite where it has no more: weeks x kinds x hours x places; how many.

    In single precision: numpy sorts that ten times as fast.
    """
    shape = (WEEKS, 2, 24)
    counts = np.bincount(cell, minlength=int(np.prod(shape)))
    order = np.argsort(cell, kind="stable")
    place = np.arange(len(cell)) - (np.cumsum(counts) - counts)[cell[order]]
    table = np.full((len(counts), int(counts.max(initial=1))), np.inf, dtype=np.float32)
    table[cell[order], place] = shares[order]
    return table.reshape(*shape, -1), counts.reshape(shape)


def _quantiles(rising: Any, count: Any) -> Floats:
    """Of the first so many of the values in each row: rows x levels."""
    place = LEVELS * (count[:, None] - 1)
    lower = place.astype(np.intp)
    upper = np.minimum(lower + 1, count[:, None] - 1)
    left, right = (np.take_along_axis(rising, at, axis=1).astype(np.float64) for at in (lower, upper))
    between: Floats = left + (place - lower) * (right - left)
    return between


def _quantiles_of_hour(shares: Floats, of_all_hours: Floats, doubt: float | None) -> Floats:
    """Of an hour that was seen a few times only, wider; of one that was never seen, those of all hours, wider still."""
    told = shares if len(shares) else of_all_hours
    if not len(told):
        return np.zeros(len(LEVELS))
    missing = max(1 - len(shares) / POINTS_MIN, 0.0)
    apart = 2 * float(told.mean()) if doubt is None else doubt
    wide: Floats = np.maximum(np.quantile(told, LEVELS) + missing * apart * (LEVELS - 0.5), 0.0)
    return wide


def _when(series: SeriesDescription, times: Moments) -> tuple[Any, Any, Any]:
    """Week of the year, 1 for a weekend's load, and hour, by the clock that people live by."""
    local = times + _offsets(series.timezone, times)
    day = local.astype("datetime64[D]")
    week = (day - local.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.intp) // 7
    weekend = (day.astype(np.int64) + 3) % 7 >= 5
    kind = weekend.astype(np.intp) if series.kind == "load" else np.zeros(len(times), dtype=np.intp)
    hour = (local - day).astype("timedelta64[h]").astype(np.intp)
    return np.minimum(week, WEEKS - 1), kind, hour


def _offsets(timezone: str, times: Moments) -> Any:
    """From UTC to the local clock, looked up once a day at noon."""
    days, place = np.unique(times.astype("datetime64[D]"), return_inverse=True)
    zone = ZoneInfo(timezone)
    noons = [aware(day.astype("datetime64[s]") + np.timedelta64(12, "h")).astimezone(zone) for day in days]
    seconds = [round(of.total_seconds()) if (of := noon.utcoffset()) else 0 for noon in noons]
    return np.array(seconds, dtype="timedelta64[s]")[place]


def _scale(known: Known, times: Moments, step_min: int, by_capacity: bool, by_sun: bool) -> Floats:
    scale = capacity_mw(known, times) if by_capacity else np.ones(len(times))
    if not by_sun:
        return scale
    place = known.series.latitude or 0.0, known.series.longitude or 0.0
    clear = clear_sky_over_step_w_per_m2(times, step_min, *place)
    # Where the sun hardly shows, a ratio to it says nothing: output is then as good as none.
    lit: Floats = np.where(clear > CLEAR_MIN_W_PER_M2, clear / 1000, 0.0) * scale
    return lit


def _all_together(usual: Sequence[Usual]) -> Usual:
    """For a series never seen: the mean of the others, which only makes sense where all are relative to capacity."""
    if not all(one.by_capacity for one in usual):
        raise NotEnoughHistory("a series without history has no climatology of its own")
    alike = [one for one in usual if one.by_sun == usual[0].by_sun]
    return Usual(np.mean([one.quantiles for one in alike], axis=0), True, alike[0].by_sun)
