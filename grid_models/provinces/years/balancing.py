"""Load and supply brought together: lines, water, and an exchange with the neighbours that leaves the year tight."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grid_models.provinces.facts import ProvinceFacts
from grid_models.provinces.years.calendar import DAYS
from grid_models.provinces.years.supply import BISECTIONS, lines_mw, peaking, small_plants_mw, water
from grid_models.quantities import Floats

CORRIDOR_SHARE = 0.6
"""Of the AC corridors together, what may be relied on at once (assumed)."""
MARGIN_SHARE = 0.005
"""Of the peak: what is left over reserves at the worst hour, before any response (assumed: tight but sane)."""
SPARED_MOST = 0.8
"""Of its exports over DC lines, what a province in need keeps at most (assumed; as in the southwest in August 2022)."""
REFUSED_MOST = 0.6
"""Of what DC lines bring, what a province with a surplus refuses at most (assumed)."""
DAYS_LOOKED_AT = 40
"""The worst ones, for the level of the exchange."""
RIVER, RESERVOIR = "run-of-river hydro", "reservoir hydro"
SMALL_PLANTS, EXCHANGE = "small plants", "exchange with the neighbours"


@dataclass(frozen=True)
class Tightness:
    """What meets the net load at the worst hour."""

    firm_mw: float
    """Thermal units, forced outages taken off."""
    store_mw: float
    store_mwh: float
    wanted_mw: float
    """Reserves, and the margin over them."""


@dataclass(frozen=True)
class Exchange:
    """What the neighbours do: an export is the same all year, an import follows the net load, a surplus is sent out."""

    level_mw: float
    """At the highest net load of the planned year; an export below 0."""
    highest_mw: float
    """That net load."""
    in_most_mw: float
    out_most_mw: float
    """What the corridors carry, in and out."""

    def at(self, net_load_mw: Floats) -> Floats:
        agreed_mw = np.minimum(self._agreed(net_load_mw), self.in_most_mw)
        surplus_mw = np.maximum(0.0, agreed_mw - net_load_mw)
        return np.asarray(agreed_mw - np.minimum(surplus_mw, self.out_most_mw + np.minimum(agreed_mw, 0.0)))

    def _agreed(self, net_load_mw: Floats) -> Floats:
        if self.level_mw <= 0:
            return np.full_like(net_load_mw, self.level_mw)
        return np.asarray(self.level_mw * np.maximum(net_load_mw, 0.0) / max(self.highest_mw, 1.0))


@dataclass(frozen=True)
class Balance:
    """One year of weather: what is given, and what that leaves to the fleet."""

    renewable_mw: dict[str, Floats]
    given_mw: dict[str, Floats]
    exchange: Exchange


def balanced(
    facts: ProvinceFacts, year: int, load_mw: Floats, wind_and_sun_mw: dict[str, Floats], worst: Tightness,
    exchange: Exchange | None = None,
) -> Balance:  # fmt: skip
    """The year with its lines, water and exchange; the exchange is found where none is agreed yet."""
    lines = lines_mw(facts, year)
    small = np.full(len(load_mw), small_plants_mw(facts, year))
    dry_mw = np.asarray(load_mw - sum(wind_and_sun_mw.values()) - sum(lines.values()) - small)
    rivers = water(facts, year, dry_mw)
    net_mw = np.asarray(dry_mw - rivers.river_mw - rivers.reservoir_mw)
    agreed = exchange or agreed_exchange(facts, year, net_mw, worst)
    exchanged_mw = agreed.at(net_mw)
    lines = taken(spared(lines, net_mw - exchanged_mw, worst), net_mw - exchanged_mw)
    given = {**lines, SMALL_PLANTS: small, RESERVOIR: rivers.reservoir_mw, EXCHANGE: exchanged_mw}
    return Balance(_there({**wind_and_sun_mw, RIVER: rivers.river_mw}), _there(given), agreed)


def _there(series: dict[str, Floats]) -> dict[str, Floats]:
    return {name: values for name, values in series.items() if np.abs(values).max() > 0.05}


def agreed_exchange(facts: ProvinceFacts, year: int, net_load_mw: Floats, worst: Tightness) -> Exchange:
    """Exchange with the neighbours over AC corridors.

    Chosen so that, at the worst hour and before any response, the fleet with its stores has its reserves and a little
    more, and over the worst day what refills the stores; no more than the corridors carry.
    """
    found = Exchange(
        0.0, float(net_load_mw.max()), corridors_mw(facts, year, "import"), corridors_mw(facts, year, "export")
    )
    low, high = -found.out_most_mw, found.in_most_mw
    days = _worst_days(net_load_mw)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        left = (net_load_mw - replace(found, level_mw=middle).at(net_load_mw)).reshape(DAYS, 24)[days]
        at_once = after_stores(left, worst).max() + worst.wanted_mw > worst.firm_mw
        # What stores give in the peak they must take in the other hours: over a day the fleet carries all of it.
        over_the_day = left.mean(axis=1).max() > worst.firm_mw
        short = at_once or over_the_day
        low, high = (middle, high) if short else (low, middle)
    return replace(found, level_mw=high)


def corridors_mw(facts: ProvinceFacts, year: int, direction: str) -> float:
    """What all AC corridors carry that way."""
    there = (tie for tie in facts.ties if tie.kind == "AC" and tie.since <= year)
    usable = (tie for tie in there if tie.direction in (direction, "both"))
    return CORRIDOR_SHARE * sum(tie.mw for tie in usable)


def _worst_days(net_load_mw: Floats) -> NDArray[np.int64]:
    return np.argsort(-net_load_mw.reshape(DAYS, 24).max(axis=1), kind="stable")[:DAYS_LOOKED_AT]


def after_stores(days_mw: Floats, worst: Tightness) -> Floats:
    """What the thermal units see once full stores have cut the peaks of the days; days x hours."""
    count = len(days_mw)
    given = peaking(days_mw, np.full(count, worst.store_mwh), np.zeros(count), np.full(count, worst.store_mw))
    return np.asarray(days_mw - given)


def spared(lines: dict[str, Floats], net_load_mw: Floats, worst: Tightness) -> dict[str, Floats]:
    """The lines, with less sent where the province itself is short: all senders give way in proportion."""
    sent_mw = -np.minimum(0.0, sum(lines.values(), np.zeros(len(net_load_mw))))
    left = after_stores(net_load_mw.reshape(DAYS, 24), worst).ravel()
    short_mw = np.maximum(0.0, left + worst.wanted_mw - worst.firm_mw)
    kept = 1 - np.minimum(SPARED_MOST, np.divide(short_mw, sent_mw, out=np.zeros_like(left), where=sent_mw > 1))
    return {name: np.asarray(np.where(mw < 0, mw * kept, mw)) for name, mw in lines.items()}


def taken(lines: dict[str, Floats], net_load_mw: Floats) -> dict[str, Floats]:
    """The lines, with less received where the province has a surplus of its own."""
    received_mw = np.maximum(0.0, sum((np.maximum(mw, 0.0) for mw in lines.values()), np.zeros(len(net_load_mw))))
    surplus_mw = np.maximum(0.0, -net_load_mw)
    kept = 1 - np.minimum(
        REFUSED_MOST, np.divide(surplus_mw, received_mw, out=np.zeros_like(received_mw), where=received_mw > 1)
    )
    return {name: np.asarray(np.where(mw > 0, mw * kept, mw)) for name, mw in lines.items()}
