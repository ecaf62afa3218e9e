"""What is given besides the thermal fleet: water by the month, lines to other provinces, small plants."""

from dataclasses import dataclass

import numpy as np

from grid_models.provinces.facts import ProvinceFacts, TieFact, at
from grid_models.provinces.years.calendar import DAYS, month_of_day
from grid_models.quantities import Floats

SMALL_PLANTS_SHARE = 0.6
"""Of the capacity of biomass, waste and small heat and power, what runs (assumed)."""
RESERVOIR_LEAST = 0.25
"""Of the mean of the day: ecological flow and navigation (assumed)."""
DAY_LEVEL, NIGHT_LEVEL = 0.88, 0.62
"""Of the rating of a DC line, by day and by night (assumed, near usual schedules)."""
DAY_HOURS = (8, 23)
SUN_HOURS, SUN_LEVELS = (9, 18), (0.8, 0.1)
"""When a line from sun and wind carries much, and what by day and else (assumed)."""
WATER_LINE = (0.3, 0.27, 0.28, 0.35, 0.5, 0.85, 1.0, 1.0, 1.0, 0.85, 0.45, 0.32)
"""By month, a line from rivers carries this share of the usual schedule (assumed)."""
BISECTIONS = 50


def small_plants_mw(facts: ProvinceFacts, year: int) -> float:
    return SMALL_PLANTS_SHARE * at(facts.other_thermal_mw, year)


def line_mw(tie: TieFact, year: int) -> Floats:
    """The schedule of a DC line over the year, an export below 0."""
    hour = np.arange(24)
    by_day = np.where((hour >= DAY_HOURS[0]) & (hour < DAY_HOURS[1]), DAY_LEVEL, NIGHT_LEVEL)
    if tie.kind == "DC renewable":
        by_day = np.where((hour >= SUN_HOURS[0]) & (hour < SUN_HOURS[1]), *SUN_LEVELS)
    by_month = np.array(WATER_LINE if tie.kind == "DC hydro" else np.ones(12))
    values = by_month[month_of_day(year)][:, None] * by_day[None, :] * tie.mw * tie.own_share
    return np.asarray(values.ravel() * (-1 if tie.direction == "export" else 1))


def lines_mw(facts: ProvinceFacts, year: int) -> dict[str, Floats]:
    """Every DC line that is in operation."""
    ties = [tie for tie in facts.ties if tie.kind != "AC" and tie.since <= year]
    return {tie.name or f"{tie.kind} {tie.to}": line_mw(tie, year) for tie in ties}


@dataclass(frozen=True)
class Water:
    """Conventional hydro over the year."""

    river_mw: Floats
    reservoir_mw: Floats


def water(facts: ProvinceFacts, year: int, net_load_mw: Floats) -> Water:
    """Rivers give what comes; reservoirs give the energy of the day where the net load is highest."""
    none = np.zeros(DAYS * 24)
    if facts.hydro is None:
        return Water(none, none)
    mw = at(facts.hydro.mw, year)
    monthly = month_of_day(year)
    # More plants than the mean of the year of the figures bring more water.
    growth = mw / max(at(facts.hydro.mw, 2024), 1e-9)
    days = np.bincount(monthly, minlength=12)
    mean_mw = (np.array(facts.hydro.months_twh) * 1e6 * growth / days / 24)[monthly]
    share = facts.hydro.river_share
    most = np.maximum((1 - share) * mw, (1 - share) * mean_mw)
    reservoir = peaking(
        net_load_mw.reshape(DAYS, 24), (1 - share) * mean_mw * 24, RESERVOIR_LEAST * (1 - share) * mean_mw, most
    )
    return Water(np.repeat(np.minimum(share * mean_mw, mw), 24), reservoir.ravel())


def peaking(net_load_mw: Floats, energy_mwh: Floats, least_mw: Floats, most_mw: Floats) -> Floats:
    """Days x hours: so much energy a day, given where the load is highest: what is left is as flat as can be."""
    low = net_load_mw.min(axis=1) - most_mw
    high = net_load_mw.max(axis=1)
    for _ in range(BISECTIONS):
        level = (low + high) / 2
        given = np.clip(net_load_mw - level[:, None], least_mw[:, None], most_mw[:, None])
        too_much = given.sum(axis=1) > energy_mwh
        low, high = np.where(too_much, level, low), np.where(too_much, high, level)
    return np.asarray(np.clip(net_load_mw - high[:, None], least_mw[:, None], most_mw[:, None]))
