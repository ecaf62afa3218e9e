"""One year of outages and one year of short hours, compiled: what the Monte Carlo of adequacy repeats.

Outages are two-state Markov processes in continuous time that begin in their steady state and are looked at on the
hour, so that every hour by itself has exactly the probabilities that an enumeration has. Stores discharge only where
supply is short, those that can last longest first, and refill from any surplus: without a forecast this order, taken
step by step, leaves the least energy unserved (Evans, Tindemans, Angeli 2019, Minimizing unserved energy using
heterogeneous storage units). Calls of load come after the stores.
"""

import numpy as np
from numba import njit

from grid_models.quantities import Floats

POWER, CHARGE, ENERGY, KEPT = 0, 1, 2, 3
"""Columns of a store: discharge MW, charge MW, usable MWh as given to the grid, and what is left of energy charged."""
SHED, LONGEST, PER_DAY, PER_YEAR, REST = 0, 1, 2, 3, 4
"""Columns of a call: MW, longest call in hours, calls per day and per year, hours of rest."""
SHORT_MW = 1e-6
DAY_H = 24


@njit(cache=True)  # type: ignore[untyped-decorator]
def available_mw(units: Floats, hours: int, seed: int) -> Floats:
    """Capacity that is not on outage, hour by hour; a unit is (MW, hours to failure, hours to repair)."""
    np.random.seed(seed)
    change = np.zeros(hours + 1)
    total = 0.0
    for one in range(units.shape[0]):
        mw, to_failure, to_repair = units[one, 0], units[one, 1], units[one, 2]
        total += mw
        moment = 0.0
        up = np.random.random() * (to_failure + to_repair) < to_failure
        while moment < hours:
            length = np.random.exponential(to_failure if up else to_repair)
            if not up:
                first, end = int(np.ceil(moment)), min(hours, int(np.ceil(moment + length)))
                if end > first:
                    change[first] -= mw
                    change[end] += mw
            moment += length
            up = not up
    return total + np.cumsum(change[:hours])


@njit(cache=True)  # type: ignore[untyped-decorator]
def unserved_mw(margin: Floats, stores: Floats, calls: Floats) -> Floats:
    """What stays unserved, hour by hour, of a margin (supply less load, MW) after stores and calls."""
    hours = margin.shape[0]
    short = np.zeros(hours)
    held = stores[:, ENERGY].copy()
    used = np.zeros((calls.shape[0], 4))  # hours in the call, calls today, calls this year, hour at which it ended
    used[:, 3] = -1e9
    day, at_rest = -1, True
    for hour in range(hours):
        # Most hours of a year: nothing is short, every store is full, nobody is called.
        if at_rest and margin[hour] >= -SHORT_MW:
            continue
        if hour // DAY_H != day:
            day = hour // DAY_H
            used[:, 1] = 0.0
        left, full = margin[hour], False
        if left >= 0.0:
            full = _refill(left, stores, held)
            left = 0.0
        else:
            left = -_discharged(-left, stores, held)
        left = -_called(-left, hour, calls, used)
        short[hour] = -left if left < -SHORT_MW else 0.0
        at_rest = full and not used[:, 0].any()
    return short


@njit(cache=True)  # type: ignore[untyped-decorator]
def _refill(surplus: float, stores: Floats, held: Floats) -> bool:
    """Whether all are full then."""
    full = True
    for one in range(stores.shape[0]):
        kept = stores[one, KEPT]
        room = (stores[one, ENERGY] - held[one]) / kept
        take = min(surplus, stores[one, CHARGE], room)
        if take > 0.0:
            held[one] += take * kept
            surplus -= take
        full = full and held[one] >= stores[one, ENERGY] * (1.0 - 1e-12)
    return full


@njit(cache=True)  # type: ignore[untyped-decorator]
def _discharged(short: float, stores: Floats, held: Floats) -> float:
    """What is still short after the stores, the longest-lasting first."""
    count = stores.shape[0]
    done = np.zeros(count, dtype=np.bool_)
    while short > 0.0:
        best, longest = -1, 0.0
        for one in range(count):
            if not done[one] and held[one] > longest * stores[one, POWER]:
                best, longest = one, held[one] / stores[one, POWER]
        if best < 0:
            break
        give = min(short, stores[best, POWER], held[best])
        held[best] -= give
        short -= give
        done[best] = True
    return short


@njit(cache=True)  # type: ignore[untyped-decorator]
def _called(short: float, hour: int, calls: Floats, used: Floats) -> float:
    """What is still short after calls of load; every call that is not needed now ends."""
    for one in range(calls.shape[0]):
        running = used[one, 0] > 0.0
        may_go_on = running and used[one, 0] + 1.0 <= calls[one, LONGEST]
        fresh = used[one, 1] < calls[one, PER_DAY] and used[one, 2] < calls[one, PER_YEAR]
        rested = not running and hour - used[one, 3] >= calls[one, REST]
        if short > SHORT_MW and (may_go_on or (fresh and rested)):
            if not running:
                used[one, 1] += 1.0
                used[one, 2] += 1.0
            used[one, 0] += 1.0
            short -= min(short, calls[one, SHED])
        elif running:
            used[one, 0] = 0.0
            used[one, 3] = hour
    return short
