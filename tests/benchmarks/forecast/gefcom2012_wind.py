"""GEFCom2012 wind: a farm that was never seen in training, on its first day and after thirty days of its own output.

Every farm is in turn the new one; the others have all their history before the last six months in the file. Forecast
twice a day, at 00 and 12 h, for the next 48 hours, for the five months after the thirty days.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.forecast.gefcom2012_farms import farms
from benchmarks.forecast.protocol import Row, seasons
from grid_models.quantities import Floats
from services.forecast.known import NOTHING_OBSERVED, Known, Moment, Moments, steps_from
from services.forecast.models.base import Model, Task, Trained
from services.forecast.models.physical_wind import PhysicalWind
from services.forecast.models.renewable_boosting import RenewableBoosting
from services.forecast.probabilistic.conformal import covered
from services.forecast.scoring.scores import mean_pinball, root_mean_square_error, width

SET = "GEFCom2012 wind, unseen farm"
LEVELS = np.arange(1, 100) / 100
TASK = Task(step_min=60, first_lead_h=1.0, last_lead_h=48.0, origins_utc_h=(0.0, 12.0), threads=1)
MONTHS, HISTORY_D = 6, 30
EVERY_ORIGIN = 3
"""Of those at 00 and 12 h one in so many is forecast: forecasts half a day apart score alike."""
MUST_REACH = {0: 22.0, HISTORY_D: 18.0}


def rows(data: Path) -> Iterator[Row]:
    known = farms(data)
    begin = _begin(known)
    for history_d in (0, HISTORY_D):
        for model in (RenewableBoosting(points_max=40_000), PhysicalWind()):
            started = time.monotonic()
            said = [one for place in range(len(known)) for one in _of_new(model, known, place, begin, history_d)]
            yield from _rows(model.name, history_d, said, time.monotonic() - started)
    yield from _rows_of_point("climatology of the other farms", 0, list(_climatology(known, begin)))


def _begin(known: Sequence[Known]) -> Moment:
    """The beginning of the last six months in the file."""
    last = known[0].observed.times[-1].astype("datetime64[M]")
    return (last - (MONTHS - 1)).astype("datetime64[s]")


def _of_new(model: Model, known: Sequence[Known], new: int, begin: Moment, history_d: int) -> Iterator[tuple]:
    """What is said about one farm that the others have not seen, and what came: origin after origin."""
    first = begin + np.timedelta64(HISTORY_D, "D")
    others = [one.as_of(begin) for place, one in enumerate(known) if place != new]
    newcomer = _with_history(known[new], begin, first, history_d)
    trained: Trained = model.train([*others, newcomer.as_of(first)] if history_d else others, TASK)
    for origin in _origins(known[new], first):
        times = steps_from(origin + np.timedelta64(1, "h"), 47, 60)
        if history_d == 0:
            # Not even the newest reading is known of a farm that is not metered yet.
            asked = replace(_near(known[new], origin, times), observed=NOTHING_OBSERVED)
        else:
            asked = _near(known[new], origin, times)
        said = trained.quantiles([asked], times, LEVELS)[0]
        yield origin, times, known[new].observed.at(times), said


def _with_history(known: Known, begin: Moment, first: Moment, history_d: int) -> Known:
    since = first - np.timedelta64(history_d, "D")
    seen = known.observed
    keep = seen.times >= max(since, begin)
    return replace(known, observed=type(seen)(seen.times[keep], seen.values[keep], seen.known_at[keep]))


def _near(known: Known, origin: Moment, times: Moments) -> Known:
    reach = np.timedelta64(4, "D")
    near = {
        name: of.rows((of.times >= times[0] - reach) & (of.times <= times[-1] + reach))
        for name, of in known.weather.items()
    }
    return replace(known, weather=near).as_of(origin)


def _origins(known: Known, first: Moment) -> Moments:
    issued = np.unique(known.weather["gfs"].issued)
    whole = (issued >= first) & (issued <= known.observed.times[-1] - np.timedelta64(48, "h"))
    return issued[whole][::EVERY_ORIGIN]


def _climatology(known: Sequence[Known], begin: Moment) -> Iterator[tuple]:
    """The usual output of the other farms, whatever the weather."""
    first = begin + np.timedelta64(HISTORY_D, "D")
    for new, one in enumerate(known):
        others = [of.as_of(begin).observed.values for place, of in enumerate(known) if place != new]
        usual = np.quantile(np.concatenate(others), LEVELS)
        for origin in _origins(one, first):
            times = steps_from(origin + np.timedelta64(1, "h"), 47, 60)
            yield origin, times, one.observed.at(times), np.tile(usual, (47, 1))


def _rows(name: str, history_d: int, said: list[tuple], seconds: float) -> Iterator[Row]:
    target = MUST_REACH[history_d] if name == RenewableBoosting.name else None
    for row in _rows_of_point(f"gridflex {name}", history_d, said):
        mine = target if row.metric.startswith("nRMSE") else None
        yield replace(row, must_reach=mine, seconds=seconds)


def _rows_of_point(name: str, history_d: int, said: list[tuple]) -> Iterator[Row]:
    origins, times, actual, quantiles = _joined(said)
    share = covered(actual, quantiles, LEVELS)
    known = np.isfinite(actual)
    lead = (times - origins) // np.timedelta64(12, "h")
    groups = {"season": seasons(times), "lead": np.array([f"{12 * one:02d}-{12 * one + 12:02d} h" for one in lead])}
    by = {
        group: {str(one): float(np.nanmean(share[of == one])) for one in np.unique(of)} for group, of in groups.items()
    }
    honest = {
        "coverage": float(np.nanmean(share)),
        "width": width(quantiles[known, 4], quantiles[known, 94]),
        "coverage_by": by,
    }
    windows = f"{times.min().astype('datetime64[D]')} to {times.max().astype('datetime64[D]')}"
    after = f"{SET}, {'no history' if history_d == 0 else f'after {history_d} days'}"
    error = 100 * root_mean_square_error(actual, quantiles.mean(axis=1))
    yield Row(set=after, method=name, metric="nRMSE % of capacity", value=error, windows=windows, **honest)
    score = mean_pinball(actual, quantiles, LEVELS)
    yield Row(set=after, method=name, metric="pinball99 of capacity", value=score, windows=windows)


def _joined(said: list[tuple]) -> tuple[Moments, Moments, Floats, Floats]:
    origins = np.repeat([one[0] for one in said], [len(one[1]) for one in said])
    times, actual, quantiles = (np.concatenate([one[part] for one in said]) for part in (1, 2, 3))
    return origins, times, actual, quantiles
