"""What is asked of a model: for some series and origins, the power of some steps; and what was known of the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.known import Known, Moments

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Questions:
    """One row per series and origin, with as many steps in each."""

    known: Sequence[Known]
    who: Places
    """Of each row: which of `known`."""
    origins: Moments
    """Of each row."""
    times: Moments
    """Rows x steps: their beginnings, rising."""
    step_min: int

    @property
    def lead_h(self) -> Floats:
        """From the origin to the beginning of the step: rows x steps."""
        return hours(self.times - self.origins[:, None])

    @property
    def capacity_mw(self) -> Floats:
        """Rows x steps."""
        return self._of_each(lambda known, times, _: capacity_mw(known, times))

    @property
    def actual_share(self) -> Floats:
        """Output over capacity as far as it is known now, rows x steps; NaN elsewhere."""
        return self._of_each(lambda known, times, _: known.observed.at(times)) / self.capacity_mw

    def rows_of(self, series: int) -> Places:
        return np.flatnonzero(self.who == series)

    def chosen(self, rows: Places) -> "Questions":
        """Some of the rows."""
        return Questions(self.known, self.who[rows], self.origins[rows], self.times[rows], self.step_min)

    def _of_each(self, read) -> Floats:  # type: ignore[no-untyped-def]
        answer = np.full(self.times.shape, np.nan)
        for series in np.unique(self.who):
            mine = self.rows_of(series)
            times = self.times[mine]
            answer[mine] = read(self.known[series], times.ravel(), self.origins[mine]).reshape(times.shape)
        return answer


def now(known: Sequence[Known], times: Moments, step_min: int) -> Questions:
    """One row per series, at its own origin, all about the same times."""
    origins = np.array([one.origin for one in known], dtype="datetime64[s]")
    return Questions(known, np.arange(len(known)), origins, np.tile(times, (len(known), 1)), step_min)


def capacity_mw(known: Known, times: Moments) -> Floats:
    """Installed; where nobody says so, the most that was ever seen, and 1 before anything was."""
    installed = known.capacity_mw(times)
    if np.isfinite(installed).all():
        return installed
    seen = known.observed.values
    most = float(np.nanmax(seen)) if np.isfinite(seen).any() else 1.0
    return np.where(np.isfinite(installed), installed, max(most, 1e-6))


def latest_observed_share(questions: Questions, back_h: float, points: int) -> tuple[Floats, Floats]:
    """The newest values known at each origin, newest first: rows x points, and how old they are in hours.

    NaN where nothing newer than `back_h` was known.
    """
    shape = (len(questions.who), points)
    values, ages_h = np.full(shape, np.nan), np.full(shape, np.nan)
    for series in np.unique(questions.who):
        mine = questions.rows_of(series)
        known = questions.known[series]
        values[mine], ages_h[mine] = _latest(known, questions.origins[mine], points)
    old = ~(ages_h <= back_h)
    return np.where(old, np.nan, values), np.where(old, np.nan, ages_h)


def hours(spans: NDArray[np.timedelta64]) -> Floats:
    whole: Floats = spans.astype("timedelta64[s]").astype(np.float64) / 3600
    return whole


def span(of_h: float) -> np.timedelta64:
    return np.timedelta64(round(of_h * 3600), "s")


def _latest(known: Known, origins: Moments, points: int) -> tuple[Floats, Floats]:
    observed = known.observed
    if not len(observed.times):
        return np.full((len(origins), points), np.nan), np.full((len(origins), points), np.nan)
    # A value that became known late hides those after it until then; what is left of the order is enough.
    shown = np.maximum.accumulate(observed.known_at)
    last = np.searchsorted(shown, origins, side="right") - 1
    place = last[:, None] - np.arange(points)
    there = np.maximum(place, 0)
    share = observed.values[there] / capacity_mw(known, observed.times[there].ravel()).reshape(there.shape)
    ages_h = hours(origins[:, None] - observed.times[there])
    return np.where(place < 0, np.nan, share), np.where(place < 0, np.nan, ages_h)
