"""What moved a forecast from climatology: what was seen lately, the weather forecast, what others said.

The same mixture is asked again with less and less at hand; what each step changes in the median is the share of what
was taken away. The shares add up to the difference of the medians, exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grid_models.quantities import Floats
from services.forecast.champions import Champions
from services.forecast.ensemble import Ensemble
from services.forecast.issuing import Question, answers
from services.forecast.known import Known, Moments, Observed
from services.forecast.models.base import NotEnoughHistory
from services.forecast.store import Store

MEDIAN = np.array([0.5])
RECENT_DAYS = 4


@dataclass(frozen=True)
class Explanation:
    """Of one series: the median where it began, and what moved it."""

    series: str
    times: Moments
    climatology: Floats
    moved_by: dict[str, Floats]
    """In the unit of the series, by cause; climatology and these sum to the median."""
    median: Floats


def explained(store: Store, champions: Champions, names: Sequence[str], question: Question) -> list[Explanation]:
    """In the order of the names."""
    found = {
        one.series.name: _explained(some.ensemble, one, some.times)
        for some in answers(store, champions, names, replace(question, levels=(0.5,)))
        for one in some.known
    }
    return [found[name] for name in names]


def _explained(ensemble: Ensemble, known: Known, times: Moments) -> Explanation:
    less = {
        "forecasts of others": replace(known, brought={}),
        "weather forecast": replace(known, brought={}, weather={}),
        "recent observations": replace(known, brought={}, weather={}, observed=_without_recent(known)),
    }
    median = _median(ensemble, known, times, otherwise=None)
    at_hand, moved_by = median, {}
    for cause, rest in less.items():
        without = _median(ensemble, rest, times, otherwise=at_hand)
        if np.abs(at_hand - without).max() > 0:
            moved_by[cause] = at_hand - without
        at_hand = without
    return Explanation(known.series.name, times, at_hand, moved_by, median)


def _median(ensemble: Ensemble, known: Known, times: Moments, otherwise: Floats | None) -> Floats:
    """Where no model can work on so little, what was said with more."""
    try:
        return np.asarray(ensemble.quantiles([known], times, MEDIAN)[0, :, 0])
    except NotEnoughHistory:
        if otherwise is None:
            raise
        return otherwise


def _without_recent(known: Known) -> Observed:
    """As if the meter had been silent for the last days."""
    return known.observed.as_of(known.origin - np.timedelta64(RECENT_DAYS, "D"))
