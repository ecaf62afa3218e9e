"""Column generation: prices from the master, schedules from the units, until bound and master meet.

The bound is Lagrangian, valid for the whole model at any prices (Dantzig, Wolfe 1960; Geoffrion 1974). Prices are
stabilised by a box around the best prices so far and by smoothing towards them (du Merle et al. 1999; Wentges 1997).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

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

TARGET = 1e-4
"""Relative distance of bound and master at which it stops."""
SMOOTHING = 0.3
BOX = 0.05
GROW, SHRINK, ENLARGE = 2.0, 0.7, 3.0


@dataclass(frozen=True)
class Bound:
    """What column generation leaves behind."""

    value: float
    """Lower bound on the cost of any plan."""
    prices: Floats
    """Of the master's rows, at the bound."""
    priced: Priced
    """The fleet at those prices, with the price gaps by unit and step."""
    master: Master
    rounds: int
    seconds: float


def generate(case: Case, parts: Split, seconds: float, tell: Callable[[float], None], target: float = TARGET) -> Bound:
    """Run until the bound is within the target of the master, or time is up."""
    began = time.monotonic()
    pricer = Pricer(case, parts)
    boxed = _boxed(parts)
    master = Master(parts, len(pricer.room), boxed)
    centre = _first_prices(case, parts)
    width = np.maximum(BOX * np.abs(centre[boxed]), 1e-3 * max(1.0, float(np.abs(centre).max(initial=0.0))))
    best, best_prices, prices, rounds = -np.inf, centre, centre, 0
    seen: set[tuple[int, bytes]] = set()
    while True:
        prices = master.signed(prices)
        priced = pricer(prices)
        value = float(priced.value.sum()) + master.rest_value(prices)
        improved = value > best + 1e-9 * abs(best) if np.isfinite(best) else True
        if improved:
            best, best_prices = value, prices
            tell(best)
        master.add(priced.schedules, _fresh(priced, parts, seen))
        master.centre(best_prices[boxed], width)
        objective, duals, slack = master.solve()
        rounds += 1
        close = np.isfinite(best) and objective - best < target * abs(best)
        if (close and slack < 1e-4) or time.monotonic() - began > seconds:
            break
        width = width * _step(close, improved, slack)
        prices = SMOOTHING * best_prices + (1 - SMOOTHING) * duals if np.isfinite(best) else duals
    final = pricer(best_prices, gaps=True)
    return Bound(best, best_prices, final, master, rounds, time.monotonic() - began)


def _step(close: bool, improved: bool, slack: float) -> float:
    if close:
        return ENLARGE
    if not improved:
        return SHRINK
    return GROW if slack > 1e-4 else 1.0


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


def _fresh(priced: Priced, parts: Split, seen: set[tuple[int, bytes]]) -> NDArray[np.int64]:
    """The units whose schedule has not been in the master yet."""
    schedules = priced.schedules
    power = np.round(schedules.values[parts.decisions["above_mw"]], 4)
    keys = np.concatenate([schedules.on, power], axis=1)
    for award in parts.awards:
        table = np.zeros(schedules.on.shape)
        table[award.units] = np.round(schedules.values[award.columns], 4)
        keys = np.concatenate([keys, table], axis=1)
    fresh = [unit for unit in range(len(keys)) if (unit, keys[unit].tobytes()) not in seen]
    seen.update((unit, keys[unit].tobytes()) for unit in fresh)
    return np.array(fresh, dtype=np.int64)
