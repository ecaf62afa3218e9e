"""Column generation: prices from the master, schedules from the units, until bound and master meet.

The bound is Lagrangian, valid for the whole model at any prices (Dantzig, Wolfe 1960; Geoffrion 1974). Prices are
stabilised by a box around the best prices so far and by smoothing towards them (du Merle et al. 1999; Wentges 1997).
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.master import Master
from services.dispatch.decomposition.pricing import Priced, Pricer
from services.dispatch.decomposition.split import Split
from services.dispatch.merit import full_load_prices
from services.dispatch.reserves import REQUIREMENT

SMOOTHING = 0.3
BOX = 0.05
GROW, SHRINK, ENLARGE = 2.0, 0.7, 3.0
IMPOSSIBLE = 1e20
"""The value of a unit that has no schedule."""
IDLE_ROUNDS = 5
"""Rounds without anything new after which it will not come nearer: what pricing only bounds keeps them apart."""
TAKEN = 1e-4
"""Slack of the box above which its prices are not yet those of the master."""


class Generation:
    """What column generation knows: its master, the best bound and the prices that prove it.

    It may be run again to a finer target, and goes on from where it was.
    """

    def __init__(self, case: Case, parts: Split, tell: Callable[[float], None]):
        self.parts, self.tell = parts, tell
        self.pricer = Pricer(case, parts)
        self.boxed = _boxed(parts)
        self.master = Master(parts, len(self.pricer.room), self.boxed)
        self.bound = -np.inf
        """Lower bound on the cost of any plan."""
        self.prices = _first_prices(case, parts)
        """Of the master's rows, at the bound."""
        centre = np.abs(self.prices)
        self._width = np.maximum(BOX * centre[self.boxed], 1e-3 * max(1.0, float(centre.max(initial=0.0))))
        self._next = self.prices
        self._seen: set[tuple[int, bytes]] = set()
        self._gaps: Priced | None = None
        self.rounds = 0

    @property
    def priced(self) -> Priced:
        """The fleet at the prices of the bound, with the price gaps by unit and step."""
        if self._gaps is None:
            self._gaps = self.pricer(self.prices, gaps=True)
        return self._gaps

    def run(self, target: float, deadline: float) -> None:
        """Until the bound is within the target (relative) of the master, or time is up."""
        master, idle = self.master, 0
        while idle < IDLE_ROUNDS and time.monotonic() < deadline:
            improved, fresh = self._price(master.signed(self._next))
            idle = 0 if improved or fresh else idle + 1
            master.centre(self.prices[self.boxed], self._width)
            if not master.solve(deadline):
                return
            self.rounds += 1
            close = np.isfinite(self.bound) and master.objective - self.bound < target * abs(self.bound)
            if close and master.slack < TAKEN:
                return
            self._width = self._width * _step(close, improved, master.slack)
            # With nothing new at smoothed prices, only the master's own can still say something.
            smooth = SMOOTHING if np.isfinite(self.bound) and not idle else 0.0
            self._next = smooth * self.prices + (1 - smooth) * master.prices

    def _price(self, prices: Floats) -> tuple[bool, int]:
        """Price the fleet and keep what is new; whether the bound has become better, and how much is new."""
        priced = self.pricer(prices)
        value = float(priced.value.sum()) + self.master.rest_value(prices)
        fresh = self.take(priced)
        if np.isfinite(self.bound) and value <= self.bound + 1e-9 * abs(self.bound):
            return False, fresh
        self.bound, self.prices, self._gaps = value, prices, None
        if np.isfinite(value):
            self.tell(value)
        return True, fresh

    def take(self, priced: Priced) -> int:
        """The schedules that the master does not have yet go into it; how many."""
        units = self._fresh(priced)
        if units.size:
            self.master.add(priced.schedules, units)
        return int(units.size)

    def _fresh(self, priced: Priced) -> NDArray[np.int64]:
        """The units whose schedule has not been in the master yet."""
        schedules, parts = priced.schedules, self.parts
        power = np.round(schedules.values[parts.decisions["above_mw"]], 4)
        keys = np.concatenate([schedules.on, power], axis=1)
        for award in parts.awards:
            table = np.zeros(schedules.on.shape)
            table[award.units] = np.round(schedules.values[award.columns], 4)
            keys = np.concatenate([keys, table], axis=1)
        possible = np.flatnonzero(priced.value < IMPOSSIBLE)
        fresh = [unit for unit in possible.tolist() if (unit, keys[unit].tobytes()) not in self._seen]
        self._seen.update((unit, keys[unit].tobytes()) for unit in fresh)
        return np.array(fresh, dtype=np.int64)


def _step(close: bool, improved: bool, slack: float) -> float:
    if close:
        return ENLARGE
    if not improved:
        return SHRINK
    return GROW if slack > TAKEN else 1.0


def _boxed(parts: Split) -> NDArray[np.int64]:
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
