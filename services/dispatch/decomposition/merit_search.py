"""A good plan for a small fleet within seconds: climbs by merit order, and the exact dispatch of where they lead.

In a fleet of few large units prices do not say who runs: what one unit does changes what all others are worth. So here
each unit answers to the fleet as it is, thousands of times a second, and not to prices.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.compiled.climb import climb
from services.dispatch.decomposition.compiled.merit import Need, Pieces, State, Units, state_of
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.merit_fleet import need_of, pieces_of, units_of
from services.dispatch.decomposition.neighbourhoods import NOTHING_MW, missing_mw, surer

Commitment = NDArray[np.int8]
"""Steps x units."""
Over = Callable[[], bool]
"""Whether it is time to end."""

DOUBT = 3e-3
"""A unit-hour with a price gap of this share of the bound is forced e times more seldom than one without any."""
LEGS, TRIES = 5, 20
"""The best commitments are dispatched after so many legs of so many tries each, on every thread: a round."""
KEPT, DISPATCHED = 8, 3
"""Commitments that a climber keeps; how many of all that is kept are dispatched after a round."""
SURER_SHARE = 0.01
"""Where a dispatch was short, this share of the reserve is asked for besides twice what was missing."""


@dataclass(frozen=True)
class Mountain:
    """What all climbers see."""

    units: Units
    pieces: Pieces
    need: Need
    doubt: Floats
    """By unit and step, how likely it is forced the other way."""

    @classmethod
    def of(cls, hunt: Hunt, others: Floats) -> "Mountain":
        generation = hunt.generation
        units, pieces = units_of(generation.pricer), pieces_of(generation.pricer)
        dearer = np.maximum(generation.priced.gap_on, generation.priced.gap_off)
        doubt = np.exp(-dearer / (DOUBT * abs(generation.bound)))
        return cls(units, pieces, need_of(hunt, others, units, pieces), doubt)


@dataclass(frozen=True)
class Climber:
    """A commitment on its way, and the best that it came by."""

    mountain: Mountain
    state: State
    kept: Commitment
    costs: Floats

    @classmethod
    def at(cls, on: Commitment, mountain: Mountain) -> "Climber":
        state = state_of(on, mountain.pieces, mountain.need.depth)
        return cls(mountain, state, np.zeros((KEPT, *on.shape), np.int8), np.full(KEPT, np.inf))

    def go_on(self, seed: int, over: Over) -> None:
        """A round."""
        see = self.mountain
        for leg in range(LEGS):
            if leg == 0 or not over():
                climb(
                    see.units, see.pieces, see.need, self.state, see.doubt, seed + leg, TRIES, self.kept, self.costs
                )  # fmt: skip


@dataclass(frozen=True)
class Party:
    """Climbers on their way, and the plans that they have led to."""

    best: Incumbent
    hunt: Hunt
    others: Floats
    climbers: list[Climber]
    tried: set[bytes]

    def go_on(self, threads: ThreadPoolExecutor, number: int, over: Over) -> None:
        """A round of all, the dispatch of the best, from which all set out again."""
        count = len(self.climbers)
        seeds = self.hunt.settings.seed + LEGS * (number * count + np.arange(count))
        list(threads.map(Climber.go_on, self.climbers, seeds.tolist(), [over] * count))
        for place, on in enumerate(self._chosen()):
            # One plan at least comes of a round, however late it is.
            if place == 0 or not over():
                self._dispatch(on)
        self._gather()

    def _chosen(self) -> list[Commitment]:
        """The best commitments that have not been dispatched yet."""
        costs = np.concatenate([climber.costs for climber in self.climbers])
        kept = np.concatenate([climber.kept for climber in self.climbers])
        found: list[Commitment] = []
        for place in np.argsort(costs).tolist():
            key = kept[place].tobytes()
            if np.isfinite(costs[place]) and key not in self.tried and len(found) < DISPATCHED:
                self.tried.add(key)
                found.append(kept[place])
        return found

    def _gather(self) -> None:
        """All set out from the best commitment that any of them knows."""
        first = min(self.climbers, key=lambda climber: float(climber.costs.min()))
        if np.isfinite(first.costs).any():
            for climber in self.climbers:
                climber.state.on[:] = first.kept[first.costs.argmin()]

    def _dispatch(self, on: Commitment) -> None:
        """The exact plan; where it is short of anything, more is asked for in these steps from now on."""
        hunt = self.hunt
        settings = replace(hunt.settings, seconds=max(hunt.left_s, 0.5))
        found = completed(hunt.matrix, hunt.parts, on.T.astype(float), self.others, settings, hunt.memory_limit_mb)
        if found is None or found.values is None:
            return
        self.best.take(found)
        short = missing_mw(hunt.matrix, found.values, hunt.case.steps)
        if (short > NOTHING_MW).any():
            reserve = self.climbers[0].mountain.need.reserve
            reserve[:] = surer(reserve, short, SURER_SHARE)
            for climber in self.climbers:
                climber.costs[:] = np.inf


def merit_search(best: Incumbent, hunt: Hunt, rounds: int, over: Over) -> None:
    """Better plans than the best, from its commitment on; where there is none yet, from what the master follows most.

    It begins nowhere if the master does not know every unit.
    """
    on = _first(best, hunt)
    if on is None:
        return
    others = hunt.generation.master.others()
    mountain = Mountain.of(hunt, others)
    party = Party(best, hunt, others, [Climber.at(on, mountain) for _ in range(hunt.settings.threads)], set())
    interrupted = Event()
    with ThreadPoolExecutor(len(party.climbers)) as threads:
        try:
            for number in range(rounds):
                party.go_on(threads, number, lambda: over() or interrupted.is_set())
                if best.gap() <= hunt.settings.gap or over():
                    return
        except KeyboardInterrupt:
            interrupted.set()
            raise


def _first(best: Incumbent, hunt: Hunt) -> Commitment | None:
    """Where to begin (steps x units)."""
    master = hunt.generation.master
    heaviest = master.heaviest() if master.values.size else {}
    if not heaviest.keys() >= set(range(hunt.parts.units)):
        return None
    if best.values is not None:
        return np.round(best.values[hunt.parts.decisions["on"]]).astype(np.int8).T
    return np.array([heaviest[unit] for unit in range(hunt.parts.units)]).T
