"""Whether supply suffices, in probabilities: LOLE, LOLH, EUE, and what a resource is worth in firm megawatts.

Exact by enumeration for a few units, and by sequential Monte Carlo for a province. LOLH counts short hours, LOLE short
days, EUE what is not served, all per year of the load. Both agree on LOLH and EUE; days need the sequence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from grid_models.quantities import Data, Floats
from services.dispatch.assessment.document.risk import Adequacy
from services.dispatch.assessment.sampling import DAY_H, SHORT_MW, available_mw, unserved_mw

STATES_AT_MOST = 1 << 16
ENUMERATED_UP_TO = 10
"""Units."""
BISECTED_TO = 1e-6
"""Of the rated power, where energy unserved is known exactly."""
SAMPLED_TO = 2e-3
"""Of the rated power, where it is sampled: finer than its error would be waste."""
MORE_SEED = 7919
"""Added to the seed where units come on top: their luck is their own."""
NO_STORES: Floats = np.zeros((0, 4))
NO_CALLS: Floats = np.zeros((0, 5))


@dataclass(frozen=True)
class Unit:
    """A generator, or anything that is wholly there or not at all."""

    mw: float
    outage_rate: float
    """Share of time on forced outage."""
    repair_h: float = 50.0
    """Mean time to repair (MTTR); an assumption where a fleet does not say its own."""

    @property
    def failure_h(self) -> float:
        """Mean time to failure (MTTF), which gives the outage rate."""
        return self.repair_h * (1 - self.outage_rate) / max(self.outage_rate, 1e-12)


@dataclass(frozen=True)
class Store:
    """A battery or a pumped-hydro station."""

    discharge_mw: float
    charge_mw: float
    energy_mwh: float
    """As given to the grid from full."""
    cycle_efficiency: float = 1.0


@dataclass(frozen=True)
class CalledLoad:
    """A contract to shed, an hour at a time."""

    mw: float
    longest_h: float = np.inf
    per_day: float = np.inf
    per_year: float = np.inf
    rest_h: float = 0.0


Member = Unit | Store | CalledLoad


@dataclass(frozen=True)
class System:
    """A fleet before one or more weather years of net load (load less wind, sun and whatever is given)."""

    units: tuple[Unit, ...]
    net_load_mw: Floats
    """Weather years x hours."""
    stores: tuple[Store, ...] = ()
    calls: tuple[CalledLoad, ...] = ()
    firm_mw: float = 0.0
    """Never fails; below 0 it is load added."""

    def plus(self, *more: Member) -> "System":
        """The same with more resources, last, so that the outages of the others stay as they are."""
        return replace(
            self,
            units=(*self.units, *(one for one in more if isinstance(one, Unit))),
            stores=(*self.stores, *(one for one in more if isinstance(one, Store))),
            calls=(*self.calls, *(one for one in more if isinstance(one, CalledLoad))),
        )


def enumerated(system: System) -> Adequacy:
    """Exact, over every combination of units; stores and calls remember, so they have no place here.

    LOLE is that of the daily peak hour, as the classical index has it.
    """
    if system.stores or system.calls:
        raise ValueError("an enumeration has no memory: sample a system with stores or calls")
    if 2 ** len(system.units) > STATES_AT_MOST:
        raise ValueError(f"{len(system.units)} units have too many states to enumerate: sample them")
    capacity_mw, probability = _states(system.units)
    load_mw = np.atleast_2d(system.net_load_mw)
    short_mw = np.maximum(0.0, load_mw[..., None] - system.firm_mw - capacity_mw)
    risk = (short_mw > SHORT_MW) @ probability
    return Adequacy(
        lolh_h=float(risk.sum(axis=1).mean()),
        lole_days=float(np.mean([_by_day(one).max(axis=1).sum() for one in risk])),
        eue_mwh=float((short_mw @ probability).sum(axis=1).mean()),
    )


def _states(units: Sequence[Unit]) -> tuple[Floats, Floats]:
    up = np.array(list(product((0.0, 1.0), repeat=len(units)))).reshape(-1, len(units))
    rate = np.array([one.outage_rate for one in units])
    probability = np.where(up > 0, 1 - rate, rate).prod(axis=1)
    return np.asarray(up @ np.array([one.mw for one in units])), np.asarray(probability)


def _by_day(hours: Floats) -> Floats:
    """Whole days by 24 hours; what is left of a last day counts as one."""
    missing = -len(hours) % DAY_H
    return np.concatenate((hours, np.zeros(missing))).reshape(-1, DAY_H)


@dataclass(frozen=True)
class Outages:
    """Capacity of the units in so many sampled years: kept, so that systems are compared before the same luck."""

    units: tuple[Unit, ...]
    capacity_mw: Floats
    """Years x hours."""
    seed: int

    def extended(self, units: tuple[Unit, ...]) -> "Outages":
        """The same luck for these units, of which ours are the first."""
        if units == self.units:
            return self
        more = units[len(self.units) :]
        years, hours = self.capacity_mw.shape
        added = sampled_outages(more, hours, years, self.seed + MORE_SEED)
        return Outages(units, self.capacity_mw + added.capacity_mw, self.seed)


def sampled_outages(units: Sequence[Unit], hours: int, years: int, seed: int = 1) -> Outages:
    """Draw the outages of every year."""
    table = np.array([(one.mw, one.failure_h, one.repair_h) for one in units]).reshape(-1, 3)
    rows = [available_mw(table, hours, (seed * 1_000_003 + year) % 2**31) for year in range(years)]
    return Outages(tuple(units), np.array(rows), seed)


@dataclass(frozen=True)
class Sample:
    """Short hours, short days and unserved energy of every sampled year."""

    lolh_h: Floats
    lole_days: Floats
    eue_mwh: Floats
    unserved_by_hour_mwh: Floats = field(repr=False)
    """Mean over the years, hour by hour: when the risk is."""

    @property
    def adequacy(self) -> Adequacy:
        figures = {}
        for name, error, values in (
            ("lolh_h", "lolh_error_h", self.lolh_h),
            ("lole_days", "lole_error_days", self.lole_days),
            ("eue_mwh", "eue_error_mwh", self.eue_mwh),
        ):
            figures[name] = float(values.mean())
            figures[error] = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
        return Adequacy(**figures, years=len(self.eue_mwh))


def sampled(system: System, years: int = 1000, seed: int = 1, outages: Outages | None = None) -> Sample:
    """Sequential Monte Carlo: every year its own outages, the weather years in turn."""
    load_mw = np.atleast_2d(system.net_load_mw)
    drawn = outages or sampled_outages(system.units, load_mw.shape[1], years, seed)
    stores, calls = _stores(system.stores), _calls(system.calls)
    indices = np.zeros((len(drawn.capacity_mw), 3))
    by_hour = np.zeros(load_mw.shape[1])
    for year, capacity_mw in enumerate(drawn.capacity_mw):
        margin = capacity_mw + system.firm_mw - load_mw[year % len(load_mw)]
        if margin.min() >= -SHORT_MW:
            continue
        short_mw = unserved_mw(margin, stores, calls)
        is_short = (short_mw > SHORT_MW).astype(float)
        indices[year] = is_short.sum(), _by_day(is_short).max(axis=1).sum(), short_mw.sum()
        by_hour += short_mw
    return Sample(indices[:, 0], indices[:, 1], indices[:, 2], by_hour / len(indices))


def _stores(stores: Sequence[Store]) -> Floats:
    rows = [(one.discharge_mw, one.charge_mw, one.energy_mwh, one.cycle_efficiency) for one in stores]
    return np.array([row for row in rows if row[0] > 0]).reshape(-1, 4) if rows else NO_STORES


def _calls(calls: Sequence[CalledLoad]) -> Floats:
    rows = [(one.mw, one.longest_h, one.per_day, one.per_year, one.rest_h) for one in calls]
    return np.array(rows).reshape(-1, 5) if rows else NO_CALLS


class Worth(Data):
    """A resource in firm megawatts."""

    mw: float
    of_rated: float
    eue_without_mwh: float
    eue_with_mwh: float


def equivalent_firm_capacity(system: System, *more: Member, years: int = 1000, seed: int = 1) -> Worth:
    """EFC: the firm megawatts that leave the same energy unserved as these resources, before the same luck."""
    most_mw = rated_mw(more)
    without, improved = _eue(system, more, years, seed)
    target = improved(0.0)
    _is_short(without(0.0))
    firm_mw = _bisected(lambda mw: without(mw) - target, 0.0, most_mw, _fineness(system.plus(*more)))
    return Worth(
        mw=firm_mw, of_rated=firm_mw / most_mw, eue_without_mwh=without(0.0), eue_with_mwh=target
    )  # fmt: skip


def effective_load_carrying_capability(system: System, *more: Member, years: int = 1000, seed: int = 1) -> Worth:
    """ELCC: the load that these resources carry at the energy unserved of before, before the same luck."""
    most_mw = rated_mw(more)
    without, improved = _eue(system, more, years, seed)
    target = without(0.0)
    _is_short(target)
    load_mw = _bisected(lambda mw: target - improved(-mw), 0.0, most_mw, _fineness(system.plus(*more)))
    return Worth(mw=load_mw, of_rated=load_mw / most_mw, eue_without_mwh=target, eue_with_mwh=improved(0.0))


class NothingShort(ValueError):
    """A system that is never short has no use for more: its worth cannot be measured."""

    status = 422


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


def _eue(
    system: System, more: Sequence[Member], years: int, seed: int
) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Energy unserved without and with the resources, by firm megawatts on top: exact where that is possible."""
    better = system.plus(*more)
    if _is_enumerated(better):
        return _eue_exactly(system), _eue_exactly(better)
    return _eue_by_luck(system, better, years, seed)


def _is_enumerated(system: System) -> bool:
    return not system.stores and not system.calls and len(system.units) <= ENUMERATED_UP_TO


def _fineness(system: System) -> float:
    return BISECTED_TO if _is_enumerated(system) else SAMPLED_TO


def _eue_exactly(system: System) -> Callable[[float], float]:
    return lambda firm_mw: enumerated(replace(system, firm_mw=system.firm_mw + firm_mw)).eue_mwh


def _eue_by_luck(
    system: System, better: System, years: int, seed: int
) -> tuple[Callable[[float], float], Callable[[float], float]]:
    hours = np.atleast_2d(system.net_load_mw).shape[1]
    outages = sampled_outages(system.units, hours, years, seed)
    with_more = outages.extended(better.units)

    def eue(one: System, luck: Outages, firm_mw: float) -> float:
        return float(sampled(replace(one, firm_mw=one.firm_mw + firm_mw), outages=luck).eue_mwh.mean())

    return (lambda mw: eue(system, outages, mw)), (lambda mw: eue(better, with_more, mw))


def _bisected(excess: Callable[[float], float], low: float, high: float, fineness: float = BISECTED_TO) -> float:
    """Where a falling excess reaches 0, the range's end where it does not."""
    if excess(high) > 0:
        return high
    width = high - low
    while high - low > fineness * width:
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high
