"""What a resource is worth in firm megawatts: EFC and ELCC, each with its standard error.

Both compare energy unserved before the same luck. The error is that of the mean difference between the two systems,
year by year, over what a firm megawatt changes of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from grid_models.quantities import Data, Floats
from services.dispatch.assessment.adequacy import (
    Member,
    Outages,
    Store,
    System,
    enumerated,
    sampled,
    sampled_outages,
)

ENUMERATED_UP_TO = 10
"""Units."""
BISECTED_TO = 1e-6
"""Of the rated power, where energy unserved is known exactly."""
SAMPLED_TO = 2e-3
"""Of the rated power, where it is sampled: finer than its error would be waste."""
SLOPE_OVER = 0.02
"""Of the rated power: over so much it is looked at what a firm megawatt changes."""
Unserved = Callable[[float], Floats]
"""Energy unserved in every sampled year, by firm megawatts on top; of an enumeration there is one."""


class Worth(Data):
    """A resource in firm megawatts."""

    mw: float
    of_rated: float
    eue_without_mwh: float
    eue_with_mwh: float
    error_mw: float = 0.0
    """Standard error of `mw`; 0 where energy unserved is known exactly."""


class NothingShort(ValueError):
    """A system that is never short has no use for more: its worth cannot be measured."""

    status = 422


def equivalent_firm_capacity(system: System, *more: Member, years: int = 1000, seed: int = 1) -> Worth:
    """EFC: the firm megawatts that leave the same energy unserved as these resources, before the same luck."""
    most_mw = rated_mw(more)
    without, improved = _unserved(system, more, years, seed)
    target = improved(0.0)
    before = float(without(0.0).mean())
    _is_short(before)
    found = _bisected(lambda mw: float((without(mw) - target).mean()), 0.0, most_mw, _fineness(system.plus(*more)))
    return Worth(
        mw=found,
        of_rated=found / most_mw,
        eue_without_mwh=before,
        eue_with_mwh=float(target.mean()),
        error_mw=_error_mw(without, found, target, SLOPE_OVER * most_mw),
    )


def effective_load_carrying_capability(system: System, *more: Member, years: int = 1000, seed: int = 1) -> Worth:
    """ELCC: the load that these resources carry at the energy unserved of before, before the same luck."""
    most_mw = rated_mw(more)
    without, improved = _unserved(system, more, years, seed)
    target = without(0.0)
    _is_short(float(target.mean()))
    found = _bisected(lambda mw: float((target - improved(-mw)).mean()), 0.0, most_mw, _fineness(system.plus(*more)))
    return Worth(
        mw=found,
        of_rated=found / most_mw,
        eue_without_mwh=float(target.mean()),
        eue_with_mwh=float(improved(0.0).mean()),
        error_mw=_error_mw(improved, -found, target, SLOPE_OVER * most_mw),
    )


def _error_mw(unserved: Unserved, firm_mw: float, target: Floats, over_mw: float) -> float:
    """How far the crossing moves with the luck: the spread of the difference over the slope."""
    here = unserved(firm_mw)
    if len(here) < 2:
        return 0.0
    slope = float((unserved(firm_mw - over_mw) - here).mean()) / over_mw
    spread = float((here - target).std(ddof=1)) / np.sqrt(len(here))
    return float(spread / slope) if slope > 0 else 0.0


def _is_short(eue_mwh: float) -> None:
    if eue_mwh <= 0:
        raise NothingShort("supply was never short in any sampled year: sample more, or tighten the system first")


def tightened(system: System, lolh_h: float = 2.4, years: int = 1000, seed: int = 1) -> System:
    """The system with so much load added, or firm capacity, that it is short no more than these hours a year.

    2.4 h a year is the usual yardstick of one day in ten years taken as hours; worth is measured at such a margin.
    """
    hours = np.atleast_2d(system.net_load_mw).shape[1]
    outages = sampled_outages(system.units, hours, years, seed)

    def excess(firm_mw: float) -> float:
        moved = replace(system, firm_mw=system.firm_mw + firm_mw)
        return float(sampled(moved, outages=outages).lolh_h.mean()) - lolh_h

    reach_mw = float(np.max(system.net_load_mw)) + sum(one.mw for one in system.units)
    return replace(system, firm_mw=system.firm_mw + _bisected(excess, -reach_mw, reach_mw))


def rated_mw(more: Sequence[Member]) -> float:
    """What they could give at best."""
    return sum(one.discharge_mw if isinstance(one, Store) else one.mw for one in more)


def _unserved(system: System, more: Sequence[Member], years: int, seed: int) -> tuple[Unserved, Unserved]:
    """Without and with the resources: exact where that is possible."""
    better = system.plus(*more)
    if _is_enumerated(better):
        return _exactly(system), _exactly(better)
    return _by_luck(system, better, years, seed)


def _is_enumerated(system: System) -> bool:
    return not system.stores and not system.calls and len(system.units) <= ENUMERATED_UP_TO


def _fineness(system: System) -> float:
    return BISECTED_TO if _is_enumerated(system) else SAMPLED_TO


def _exactly(system: System) -> Unserved:
    return lambda firm_mw: np.array([enumerated(replace(system, firm_mw=system.firm_mw + firm_mw)).eue_mwh])


def _by_luck(system: System, better: System, years: int, seed: int) -> tuple[Unserved, Unserved]:
    hours = np.atleast_2d(system.net_load_mw).shape[1]
    outages = sampled_outages(system.units, hours, years, seed)
    with_more = outages.extended(better.units)

    def unserved(one: System, luck: Outages, firm_mw: float) -> Floats:
        return sampled(replace(one, firm_mw=one.firm_mw + firm_mw), outages=luck).eue_mwh

    return (lambda mw: unserved(system, outages, mw)), (lambda mw: unserved(better, with_more, mw))


def _bisected(excess: Callable[[float], float], low: float, high: float, fineness: float = BISECTED_TO) -> float:
    """Where a falling excess reaches 0, the range's end where it does not."""
    if excess(high) > 0:
        return high
    width = high - low
    while high - low > fineness * width:
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high
