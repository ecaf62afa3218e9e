"""How often supply falls short in a year, without response and with it, and what each class is worth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.dispatch.assessment.adequacy import Member, Outages, Sample, System, sampled, sampled_outages
from services.dispatch.assessment.document.risk import ClassWorth, Risk
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.sampling import SHORT_MW
from services.dispatch.assessment.worth import (
    NothingShort,
    effective_load_carrying_capability,
    equivalent_firm_capacity,
    rated_mw,
    tightened,
)

YARDSTICK_H = 2.4
"""Short hours a year at which worth is measured: one day in ten years, taken as hours."""
DAY_H = 24
TOGETHER = "all"
"""The name of everybody together, among the classes."""


@dataclass(frozen=True)
class Supply:
    """What the risk is worked out of."""

    base: System
    answering: Mapping[str, tuple[Member, ...]]
    net: LoadYear
    """Of one weather year, for the calendar of the risk."""


def risk(supply: Supply, years: int = 1000, seed: int = 1, tell: Callable[[str], None] = lambda _: None) -> Risk:
    """LOLE, LOLH and EUE by sequential Monte Carlo before the same luck, and the worth of each class."""
    hours = np.atleast_2d(supply.base.net_load_mw).shape[1]
    outages = sampled_outages(supply.base.units, hours, years, seed)
    everyone = _everyone(supply.answering)
    tell(f"adequacy: {years} years of outages")
    without = _sampled(supply.base.plus(*_not_called(supply.answering)), outages)
    answered = _sampled(supply.base.plus(*everyone), outages)
    worth, moved_mw, notes = _worth(supply, years, seed, tell)
    return Risk(
        hours=hours,
        weather_years=len(np.atleast_2d(supply.base.net_load_mw)),
        sampled_years=years,
        units=len(supply.base.units),
        capacity_mw=sum(one.mw for one in supply.base.units),
        without=without.adequacy,
        answered=answered.adequacy,
        yardstick_h=YARDSTICK_H,
        moved_mw=moved_mw,
        worth=worth,
        shortage_h=_shortage_h(supply.base, moved_mw, outages) if worth else 0.0,
        unserved_by_hour_mwh=_by_hour(without, supply.net),
        unserved_by_month_mwh=_by_month(without, supply.net),
        notes=notes,
    )


def _sampled(system: System, outages: Outages) -> Sample:
    """Units of virtual power plants come last: those before them fail at the same moments."""
    return sampled(system, outages=outages.extended(system.units))


def _everyone(answering: Mapping[str, Sequence[Member]]) -> list[Member]:
    return [one for members in answering.values() for one in members]


def _not_called(answering: Mapping[str, Sequence[Member]]) -> list[Member]:
    """Stores on the grid's side and pumped hydro work whether anybody is called or not."""
    return [one for name, members in answering.items() if not name.startswith("D") for one in members]


def _worth(
    supply: Supply, years: int, seed: int, tell: Callable[[str], None]
) -> tuple[tuple[ClassWorth, ...], float, tuple[str, ...]]:
    """Each class on top of all others, where supply is as short as the yardstick."""
    whole = supply.base.plus(*_everyone(supply.answering))
    if not supply.answering or not whole.units:
        return (), 0.0, ("nobody answers, so nothing has a worth",) if whole.units else ("no unit can fail",)
    tight = tightened(whole, YARDSTICK_H, years, seed)
    moved_mw = whole.firm_mw - tight.firm_mw
    found, notes = [], []
    for name in (*supply.answering, *([TOGETHER] if len(supply.answering) > 1 else [])):
        tell(f"adequacy: worth of {name}")
        try:
            found.append(_class_worth(name, supply, tight.firm_mw, years, seed))
        except NothingShort:
            notes.append(f"{name}: nothing is short with or without it, so its worth cannot be measured")
    return tuple(found), moved_mw, tuple(notes)


def _class_worth(name: str, supply: Supply, firm_mw: float, years: int, seed: int) -> ClassWorth:
    members = _everyone(supply.answering) if name == TOGETHER else supply.answering[name]
    others = [one for other, kept in supply.answering.items() if name not in (other, TOGETHER) for one in kept]
    system = replace(supply.base.plus(*others), firm_mw=firm_mw)
    firm = equivalent_firm_capacity(system, *members, years=years, seed=seed)
    carried = effective_load_carrying_capability(system, *members, years=years, seed=seed)
    return ClassWorth(
        name=name,
        rated_mw=rated_mw(members),
        firm_mw=firm.mw,
        carried_mw=carried.mw,
        firm_error_mw=firm.error_mw,
        carried_error_mw=carried.error_mw,
    )


def _shortage_h(base: System, moved_mw: float, outages: Outages) -> float:
    """The mean length of what is short before stores and calls, each stretch by its missing energy."""
    load_mw = np.atleast_2d(base.net_load_mw) + moved_mw - base.firm_mw
    hours = missing = 0.0
    for year, capacity_mw in enumerate(outages.capacity_mw):
        short_mw = np.maximum(0.0, load_mw[year % len(load_mw)] - capacity_mw)
        edges = np.flatnonzero(np.diff(short_mw > SHORT_MW, prepend=False, append=False))
        for first, end in edges.reshape(-1, 2):
            energy = float(short_mw[first:end].sum())
            hours += energy * float(end - first)
            missing += energy
    return hours / missing if missing else 0.0


def _by_hour(sample: Sample, net: LoadYear) -> tuple[float, ...]:
    hours = [net.moment(step).hour for step in range(len(sample.unserved_by_hour_mwh))]
    return tuple(np.bincount(hours, sample.unserved_by_hour_mwh, minlength=DAY_H).tolist())


def _by_month(sample: Sample, net: LoadYear) -> tuple[float, ...]:
    months = [net.moment(step).month - 1 for step in range(len(sample.unserved_by_hour_mwh))]
    return tuple(np.bincount(months, sample.unserved_by_hour_mwh, minlength=12).tolist())
