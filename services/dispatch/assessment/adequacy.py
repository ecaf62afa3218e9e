"""Whether supply suffices, in probabilities: LOLE, LOLH, EUE.

Exact by enumeration for a few units, and by sequential Monte Carlo for a province. LOLH counts short hours, LOLE short
days, EUE what is not served, all per year of the load. Both agree on LOLH and EUE; days need the sequence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.assessment.document.risk import Adequacy
from services.dispatch.assessment.sampling import DAY_H, SHORT_MW, available_mw, unserved_mw

STATES_AT_MOST = 1 << 16
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
