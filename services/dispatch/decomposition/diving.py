"""From fractions of schedules to whole ones: a dive through the master, with new prices on the way.

In the last solution of the master all but a few units (at most as many as there are linking rows) follow one commitment
only. The others are fixed to their weightiest one, a few at a time, and so are the yes-or-no decisions of other kinds;
units that are still free are priced anew whenever that has cost something, so they make good what the rounding broke.
Source: Joncour, Michel, Sadykov, Sverdlov, Vanderbeck (2010), Column generation based primal heuristics,
doi 10.1016/j.endm.2010.05.088.
"""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.master import DUAL_SIMPLEX, PRIMAL_SIMPLEX, Master

WHOLE = 0.999
"""A unit whose weightiest commitment has at least this weight follows it."""
WHOLE_NUMBER = 1e-6
USED = 1e-6
"""A pattern of at least this weight is in use."""
SHARE = 0.5
"""Of what is still between, how much is fixed at once."""
FEW = 4
"""So few are fixed all at once."""
BLOCK_GAP, BLOCK_SHARE = 0.1, 0.2
"""What making blocks whole may cost, of the room up to `enough`, and take, of the time that is left."""
MOST_ROUNDS = 5
"""Of pricing after each fixing."""
NEAR = 8
"""With so few between it looks where rounding them all would end."""
RISE, JUMP = 0.05, 0.3
"""Rise of the master's objective, in the room from the bound to `enough`, that is worth pricing for, and that is not
put up with."""
CALM = 2.0
"""How far from those of the bound, relative, prices may go on the way."""


@dataclass(frozen=True)
class Found:
    """Where a dive came out."""

    on: Floats
    """Commitment, units x steps."""
    others: Floats
    """Every column of the matrix but those of thermal units; whole as far as the dive came."""
    prices: Floats
    """Of the master's rows."""
    objective: float
    """Of the master; infinite where units are still between commitments."""


def dive(generation: Generation, deadline: float, enough: float) -> Found | None:
    """A commitment of every unit, as soon as the master with it costs no more than `enough`, else the best on the way.

    None where the master was never solved. Where time runs out, units between commitments take their weightiest.
    """
    if not generation.master.values.size:
        return None
    way = Dive(generation, deadline, enough)
    way.down()
    return way.best


class Dive:
    """One way down: what is fixed by now."""

    def __init__(self, generation: Generation, deadline: float, enough: float):
        self.generation, self.deadline, self.enough = generation, deadline, enough
        self.master = generation.master
        self.room = max(enough - generation.bound, 1e-6 * abs(generation.bound))
        parts, pricer = generation.parts, generation.pricer
        self.lower, self.upper = pricer.lower.copy(), pricer.upper.copy()
        self.patterns: dict[int, int] = {}
        """By unit, the pattern that it is fixed to."""
        self.numbers = np.flatnonzero(parts.matrix.integer[parts.kept])
        """Whole numbers of other kinds, by their place in the master."""
        self.given = np.zeros(len(self.numbers), dtype=bool)
        """Those that are fixed, or that no fixing fits."""
        self.priced_at = -np.inf
        """What the master's objective was when the fleet was last priced."""
        self.best = self._here(np.inf)

    def down(self) -> None:
        """Fix and mend until everything is whole or time is up; the master is left as it was found."""
        master, parts = self.master, self.generation.parts
        master.unbox()
        alive = self._mend() and self._settle_blocks()
        while alive and self.best.objective > max(self.enough, master.objective):
            units, numbers = self._units_between(), self._numbers_between()
            if units.size <= NEAR and not numbers.size:
                self._round_up(units)
            if not units.size and not numbers.size:
                break
            alive = self._fix(_some(units), _some(numbers))
        if np.isinf(self.best.objective):
            self.best = self._here(np.inf)
        self.generation.blocks.release()
        master.keep_only({})
        kept = parts.kept[self.numbers]
        master.bound_kept(self.numbers, parts.matrix.lower[kept], parts.matrix.upper[kept])
        master.unbox(open_box=False)

    def _settle_blocks(self) -> bool:
        """Make the whole numbers of blocks whole, half of them at a time; all others answer to it."""
        generation, blocks, master = self.generation, self.generation.blocks, self.master
        tried: set[int] = set()
        while broken := [number for number in blocks.broken(master.others()) if number not in tried]:
            batch = broken[: int(np.ceil(SHARE * len(broken)))]
            tried |= set(batch)
            values, gap, left_s = master.others(), BLOCK_GAP * self.room / len(broken), self.deadline - time.monotonic()
            seconds = BLOCK_SHARE * left_s / len(batch)
            held = [number for number in batch if blocks.hold_whole(number, values, master.prices, gap, seconds)]
            priced = generation.price(self._calm(master.prices), self.lower, self.upper)
            generation.take(priced)
            known, first = master.patterns.number, generation.parts.units
            patterns = {first + number: known[first + number, self._held_pattern(number)] for number in held}
            if left_s < 0 or not self._follow(patterns):
                return False
        return True

    def _held_pattern(self, number: int) -> bytes:
        """How a block's schedules are marked once it is held."""
        mark = np.zeros(self.generation.pricer.steps, np.int8)
        mark[0] = self.generation.blocks.held[number]
        return mark.tobytes()

    def _here(self, objective: float) -> Found:
        """Every unit at its weightiest commitment."""
        self.heaviest, self.weight = _heaviest(self.master)
        units = self.heaviest[: self.generation.parts.units].tolist()
        on = np.array([self.master.patterns.on[pattern] for pattern in units], dtype=float)
        return Found(on, self.master.others(), self.master.prices, objective)

    def _round_up(self, units: NDArray[np.int64]) -> None:
        """Look where it would end if every unit between commitments took the one with the most hours on."""
        master = self.master
        basis = master.solver.getBasis()
        used = master.weights() > USED
        longest = {unit: self._longest(unit, used) for unit in units.tolist()}
        master.keep_only({**dict(enumerate(self.heaviest.tolist())), **longest})
        if master.solve(self.deadline, DUAL_SIMPLEX) and master.objective < self.best.objective:
            self.best = self._here(master.objective)
        master.keep_only(self.patterns)
        master.solver.setBasis(basis)
        master.solve(self.deadline, DUAL_SIMPLEX)
        self._units_between()

    def _longest(self, unit: int, used: NDArray[np.bool_]) -> int:
        patterns = self.master.patterns
        mine = [number for number in np.flatnonzero(used).tolist() if patterns.unit[number] == unit]
        return max(mine, key=lambda number: int(patterns.on[number].sum()))

    def _units_between(self) -> NDArray[np.int64]:
        """Units between commitments in the last solution, the least undecided first."""
        self.heaviest, self.weight = _heaviest(self.master)
        order = np.argsort(-self.weight)
        free = np.array([unit not in self.patterns for unit in order.tolist()], dtype=bool)
        units: NDArray[np.int64] = order[(self.weight[order] < WHOLE) & free]
        return units

    def _numbers_between(self) -> NDArray[np.int64]:
        """Whole numbers of other kinds that are not whole, the nearest to it first."""
        value = self.master.kept_values[self.numbers]
        distance = np.where(self.given, 0.0, np.abs(value - np.round(value)))
        order = np.argsort(distance)
        numbers: NDArray[np.int64] = order[distance[order] > WHOLE_NUMBER]
        return numbers

    def _fix(self, units: NDArray[np.int64], numbers: NDArray[np.int64]) -> bool:
        """Fix these units and numbers and mend the rest; whether the master could be solved in time."""
        places = self.numbers[numbers]
        value = np.round(self.master.kept_values[places])
        self.given[numbers] = True
        self.master.bound_kept(places, value, value)
        if self._follow({unit: int(self.heaviest[unit]) for unit in units.tolist()}):
            return True
        # Whole numbers that do not fit together are left to whoever completes the plan.
        kept = self.generation.parts.kept[places]
        matrix = self.generation.parts.matrix
        self.master.bound_kept(places, matrix.lower[kept], matrix.upper[kept])
        return bool(numbers.size) and self._mend()

    def _follow(self, chosen: dict[int, int]) -> bool:
        """Hold these units (or blocks) to these patterns and mend the rest."""
        for unit, pattern in chosen.items():
            self.patterns[unit] = pattern
            if unit < self.generation.parts.units:
                self.lower[unit] = self.upper[unit] = self.master.patterns.on[pattern]
        self.master.keep_only(self.patterns)
        return self._mend()

    def _mend(self) -> bool:
        """Solve the master and price what is free, as long as that pays."""
        master = self.master
        # No news, but a sign of life: whoever watches hears the bound again.
        self.generation.tell(self.generation.bound)
        if not master.solve(self.deadline, DUAL_SIMPLEX):
            return False
        if master.objective < self.priced_at + RISE * self.room:
            return True
        # A price that only the rounding made is no price to plan by; it is looked at where nothing else helps.
        for read in (self._calm, master.signed):
            for _ in range(MOST_ROUNDS):
                before = master.objective
                priced = self.generation.price(read(master.prices), self.lower, self.upper)
                if not self.generation.take(priced) or not master.solve(self.deadline, PRIMAL_SIMPLEX):
                    break
                if before - master.objective < RISE * self.room:
                    break
            if master.objective < max(self.priced_at, self.generation.bound) + JUMP * self.room:
                break
        self.priced_at = master.objective
        return True

    def _calm(self, prices: Floats) -> Floats:
        """Prices of the links held near those of the bound."""
        calm, rows = self.master.signed(prices), self.generation.boxed
        known = self.generation.prices[rows]
        room = np.maximum(CALM * np.abs(known), CALM * np.abs(known).mean())
        calm[rows] = np.clip(calm[rows], known - room, known + room)
        return calm


def _some(candidates: NDArray[np.int64]) -> NDArray[np.int64]:
    return candidates[: int(np.ceil(max(FEW, SHARE * candidates.size)))]


def _heaviest(master: Master) -> tuple[NDArray[np.int64], Floats]:
    """Of every unit the pattern with the most weight in the master, and that weight."""
    patterns, weights = master.patterns, master.weights()
    unit = np.array(patterns.unit)
    order = np.lexsort((weights, unit))
    last = np.flatnonzero(np.r_[unit[order][1:] != unit[order][:-1], True])
    best = order[last]
    return best, weights[best]
