"""Column generation: prices from the master, schedules from the units, until bound and master meet.

The bound is Lagrangian, valid for the whole model at any prices (Dantzig, Wolfe 1960; Geoffrion 1974). Prices are
stabilised by a box around the best prices so far and by smoothing towards them (du Merle et al. 1999; Wentges 1997).
"""

import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.blocks import IMPOSSIBLE, Blocks, Offers
from services.dispatch.decomposition.master import Master
from services.dispatch.decomposition.parties import together
from services.dispatch.decomposition.pricing import Priced, Pricer
from services.dispatch.decomposition.recalling import recalled_plan, recalled_prices
from services.dispatch.decomposition.split import Schedules, Split
from services.dispatch.memory import Memory
from services.dispatch.merit import full_load_prices
from services.dispatch.reserves import REQUIREMENT

SMOOTHING = 0.5
BOX, NEAR = 0.05, 0.02
"""How wide the box is at first, relative: around prices of the merit order, and around prices of a like problem."""
KNOWN, LEAST_SHARE = 0.01, 0.02
"""The same around prices that a neighbour's solve found; where they are small, from this share of the largest."""
IDLE_ROUNDS = 5
"""Rounds without anything new after which it will not come nearer: what pricing only bounds keeps them apart."""
NEAR_ROUNDS = 4
"""Rounds within the target after which it ends even though some prices still press against their box."""
COARSE, FINE = 0.25, 0.02
"""How near to the master the bound comes before the dive and, where that did not suffice, after it: of the gap."""
TAKEN = 1e-4
"""Slack of the box above which its prices are not yet those of the master."""


@dataclass(frozen=True)
class Pace:
    """How fast the box changes: where the bound becomes better, where it does not, and within the target."""

    grow: float = 2.0
    shrink: float = 0.7
    enlarge: float = 3.0


GENTLE = Pace(grow=1.5, shrink=0.5, enlarge=1.5)
"""Where most rows of a long horizon have their prices already: a wide box would have the master mix them all anew.

It may end with its box still in the way, some 0.04 % too low; a run to a finer target goes on from there."""


class Generation:
    """What column generation knows: its master, the best bound and the prices that prove it.

    It may be run again to a finer target, and goes on from where it was.
    """

    def __init__(self, case: Case, parts: Split, tell: Callable[[float], None], memory: Memory | None = None):
        self.case, self.parts, self.tell = case, parts, tell
        self.pricer, self.blocks = Pricer(case, parts), Blocks(parts)
        self.group = together(case, parts)
        """Of every party, the group with which it has a part in the master."""
        self.boxed = boxed_rows(parts)
        self._shown = _shown(parts)
        self.pace = Pace()
        self._begin(np.ones(parts.parties), np.zeros(parts.matrix.shape[1]))
        if memory is not None and memory.knows(case):
            self._begin_from(memory, case)

    def _begin(self, counts: Floats, given: Floats) -> None:
        self.counts = counts
        """How many of its kind each unit (and block) stands for; 0 where it has no part."""
        self.master = Master(self.parts, self.boxed, counts, self.group, given)
        self.bound = -np.inf
        """Lower bound on the cost of any plan."""
        self.prices = _first_prices(self.case, self.parts)
        """Of the master's rows, at the bound."""
        centre = np.abs(self.prices)
        self._width = np.maximum(BOX * centre[self.boxed], 1e-3 * max(1.0, float(centre.max(initial=0.0))))
        self._next = self.prices
        self._seen: set[tuple[int, bytes]] = set()
        self._gaps: Priced | None = None
        self.rounds = 0
        self.recalled: Floats | None = None
        """Of all columns, what the remembered plan says of them; nan where it says nothing."""

    def among(self, counts: Floats) -> "Generation":
        """Another one over the same parts, at its beginning, in which each party counts so many times."""
        return self._other(counts, np.zeros(self.parts.matrix.shape[1]))

    def around(self, values: Floats, held: NDArray[np.bool_]) -> "Generation":
        """Another one in which these parties do what they do in these values of all columns, and the rest goes on."""
        owned = (self.parts.party >= 0) & held[self.parts.party]
        other = self._other(np.where(held, 0.0, self.counts), np.where(owned, values, 0.0))
        other.prices, other._width = self.prices, self._width
        other._next = self.prices
        other.master.again(self.master)
        return other

    def _other(self, counts: Floats, given: Floats) -> "Generation":
        other = copy(self)
        other.tell = lambda _: None
        other._begin(counts, given)
        return other

    def start_at(self, prices: Floats, pace: Pace | None = None) -> None:
        """Begin near these prices instead; before the first run only."""
        self.pace = pace or self.pace
        self.prices = self._next = prices
        level = np.abs(prices[self.boxed])
        self._width = np.maximum(NEAR * level, NEAR * max(1.0, float(level.mean())))

    def _begin_from(self, memory: Memory, case: Case) -> None:
        """Remembered prices, the remembered commitment at its best for them, and what all other kinds did."""
        known = recalled_prices(memory, case, self.parts)
        self.start_at(np.where(np.isnan(known), self.prices, known))
        level = np.abs(self.prices[self.boxed])
        self._width = KNOWN * np.maximum(level, LEAST_SHARE * max(1.0, float(level.max(initial=0.0))))
        self.recalled = recalled_plan(memory, case, self.parts)
        planned = self.recalled[self.parts.decisions["on"]]
        # Units that are not known are asked for what cannot be, and so are left out.
        lower, upper = np.nan_to_num(planned, nan=1.0), np.nan_to_num(planned, nan=0.0)
        units = self.pricer(self.master.signed(self.prices), lower=lower, upper=upper)
        self.take(self._with(units, self.blocks.followed(self.recalled)))

    @property
    def priced(self) -> Priced:
        """The fleet at the prices of the bound, with the price gaps by unit and step."""
        if self._gaps is None:
            self._gaps = self.pricer(self.prices, gaps=True)
        return self._gaps

    @property
    def row_prices(self) -> Floats:
        """The prices of the bound by row of the matrix; nan for rows that are the business of one party."""
        prices = np.full(self.parts.matrix.shape[0], np.nan)
        prices[self.parts.master_rows] = self.prices
        return prices

    def run(self, target: float, deadline: float, enough: float = np.inf) -> None:
        """Until the bound is within the target (relative) of the master, or is enough, or time is up."""
        master, idle, near = self.master, 0, 0
        while idle < IDLE_ROUNDS and near < NEAR_ROUNDS and time.monotonic() < deadline:
            improved, fresh = self._price(master.signed(self._next))
            if self.bound >= enough:
                return
            idle = 0 if improved or fresh else idle + 1
            master.centre(self.prices[self.boxed], self._width)
            if not master.solve(deadline):
                return
            self.rounds += 1
            close = np.isfinite(self.bound) and master.objective - self.bound < target * abs(self.bound)
            pressed = master.slack > TAKEN
            if close and not pressed.any():
                return
            near = near + 1 if close else 0
            self._width = self._width * _step(self.pace, close, improved, pressed)
            # With nothing new at smoothed prices, only the master's own can still say something.
            smooth = SMOOTHING if np.isfinite(self.bound) and not idle else 0.0
            self._next = smooth * self.prices + (1 - smooth) * master.prices

    def _price(self, prices: Floats) -> tuple[bool, int]:
        """Price the fleet and keep what is new; whether the bound has become better, and how much is new."""
        priced = self.price(prices)
        value = float(self.counts @ priced.value) + self.master.rest_value(prices)
        fresh = self.take(priced)
        if np.isfinite(self.bound) and value <= self.bound + 1e-9 * abs(self.bound):
            return False, fresh
        self.bound, self.prices, self._gaps = value, prices, None
        if np.isfinite(value):
            self.tell(value)
        return True, fresh

    def price(self, prices: Floats) -> Priced:
        """Thermal units and blocks at these prices of the master's rows; nothing of those that have no part."""
        present = self.counts > 0
        units, blocks = np.split(present, [self.parts.units])
        both = self._with(self.pricer(prices, only=units), self.blocks(prices, blocks))
        return replace(both, value=np.where(present, both.value, 0.0))

    def _with(self, units: Priced, offers: Offers) -> Priced:
        """What units and blocks do, together."""
        schedules, rest = units.schedules, np.zeros((len(offers.value), self.pricer.steps))
        both = Schedules(
            schedules.values + offers.values, np.vstack([schedules.on, rest]), np.r_[schedules.cost, offers.cost]
        )
        return replace(units, value=np.r_[units.value, offers.value], schedules=both)

    def take(self, priced: Priced) -> int:
        """The schedules that the master does not have yet go into it; how many groups have one."""
        groups = self._fresh(priced)
        if groups.size:
            self.master.add(priced.schedules, groups)
        return int(groups.size)

    def _fresh(self, priced: Priced) -> NDArray[np.int64]:
        """The groups in which somebody does what has not been in the master yet, and everybody can do something."""
        priced_parties = np.arange(len(priced.value))
        present = self.counts[priced_parties] > 0
        known = np.abs(priced.value) < IMPOSSIBLE
        keys = [(party, self._key(party, priced.schedules)) for party in np.flatnonzero(known & present).tolist()]
        fresh = [key for key in keys if key not in self._seen]
        self._seen.update(fresh)
        groups = self.group[[party for party, _ in fresh]]
        found: NDArray[np.int64] = np.setdiff1d(groups, self.group[priced_parties[~known & present]])
        return found

    def _key(self, party: int, schedules: Schedules) -> bytes:
        shown: Floats = np.round(schedules.values[self._shown[party]], 4)
        # A digest: the numbers themselves would be most of what a long run holds.
        return blake2b(schedules.on[party].tobytes() + shown.tobytes(), digest_size=16).digest()


def _shown(parts: Split) -> list[NDArray[np.int64]]:
    """By unit and block, the columns by which its schedules differ."""
    by_unit = [[parts.decisions["above_mw"][unit]] for unit in range(parts.units)]
    for award in parts.awards + parts.offline:
        for unit, columns in zip(award.units.tolist(), award.columns, strict=True):
            by_unit[unit].append(columns)
    return [np.concatenate(columns) for columns in by_unit] + [block.columns for block in parts.blocks]


def _step(pace: Pace, close: bool, improved: bool, pressed: NDArray[np.bool_]) -> Floats:
    """By row, how the box changes: wider where the master presses against it, unless the bound says that is wrong."""
    if close:
        return np.where(pressed, pace.enlarge, 1.0)
    return np.where(pressed, pace.grow, 1.0) if improved else np.full(len(pressed), pace.shrink)


def boxed_rows(parts: Split) -> NDArray[np.int64]:
    """The rows whose prices are stabilised: balances and reserve requirements, by their place in the master."""
    names = parts.matrix.row_names
    chosen = [
        np.arange(family.first, family.first + family.size)
        for family in names.families
        if family.name in (BALANCE, REQUIREMENT)
    ]
    return np.searchsorted(parts.master_rows, np.concatenate(chosen))


def _first_prices(case: Case, parts: Split) -> Floats:
    """Balances at the full-load cost of the merit order; everything else free."""
    prices = np.zeros(len(parts.master_rows))
    by_step = full_load_prices(case) * case.horizon.step_h
    for family in parts.matrix.row_names.families:
        if family.name == BALANCE:
            rows = np.searchsorted(parts.master_rows, np.arange(family.first, family.first + family.size))
            prices[rows] = np.tile(by_step, len(case.zones))
    return prices
