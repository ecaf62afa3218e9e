"""How much of a plant is there: the capacity on line, as its output shows it over weeks."""

from collections.abc import Iterator

import numpy as np

from grid_models.quantities import Floats
from services.forecast.known import Moments
from services.forecast.quality.flags import Flag
from services.forecast.quality.sample import Doubted, Sample

WINDOW_DAYS = 28
"""Within four weeks there is a fine day with wind or sun enough to show what is there."""
PARTLY_BELOW = 0.6
"""Of what the plant made before."""
SHOWN_MIN = 0.6
"""A plant that never came near its capacity shows nothing by not reaching it."""
DAY_S = 86_400
HOURS_MAX = 24 * 366 * 20


def partly_available(sample: Sample) -> Iterator[Doubted]:
    """A plant that for weeks makes no more than part of what it made before."""
    if not sample.is_plant or np.isnan(sample.capacity_mw).all() or sample.span_h() > HOURS_MAX:
        return
    times = np.concatenate([sample.before.times, sample.times])
    values = np.concatenate([sample.before.values, sample.values])
    share = online_share(times, values / _capacity(sample, len(values)))
    rows = (share < PARTLY_BELOW)[len(values) - len(sample.values) :]
    if rows.any():
        online_mw = float(np.nanmin(share) * np.nanmax(sample.capacity_mw))
        detail = (
            f"no more than {online_mw:.3g} MW for {WINDOW_DAYS} days: part of the plant is out; say so in capacity_mw"
        )
        yield Doubted(Flag.PARTLY_AVAILABLE, rows & sample.told, detail)


def _capacity(sample: Sample, rows: int) -> Floats:
    largest: Floats = np.full(rows, np.nanmax(sample.capacity_mw))
    largest[rows - len(sample.values) :] = sample.capacity_mw
    return largest


def online_share(times: Moments, output: Floats) -> Floats:
    """The share of the capacity that is on line at each time; `output` is a share of it as well.

    The most that a plant makes within a window around a day, against the most that it ever made. A share that a
    window before or after contradicts is none: calm weeks pass.
    """
    share = np.ones(len(times))
    if not len(times) or not np.isfinite(output).any():
        return share
    day = (times.astype(np.int64) - int(times[0].astype(np.int64))) // DAY_S
    most = _daily_most(day, output)
    ever = np.nanmax(most, initial=0.0)
    if len(most) < 2 * WINDOW_DAYS or ever < SHOWN_MIN:
        return share
    # A day belongs to an outage if every day of some window that contains it stayed below.
    within = np.array([most[begin : begin + WINDOW_DAYS].max() for begin in range(len(most) - WINDOW_DAYS + 1)]) / ever
    by_day = np.ones(len(most))
    for begin in np.flatnonzero(within < PARTLY_BELOW):
        window = slice(begin, begin + WINDOW_DAYS)
        by_day[window] = np.minimum(by_day[window], within[begin])
    return by_day[day]


def _daily_most(day: np.ndarray, output: Floats) -> Floats:
    most = np.zeros(int(day[-1]) + 1)
    np.maximum.at(most, day, np.nan_to_num(output))
    return most
