"""One schedule for each: what the master mixes for a group is handed out among its members.

A group of thirty that follows two schedules half and half comes out the same where fifteen follow each. Who follows
which is chosen one after the other, so that what all have left over so far is made good by the next: in a large fleet
hardly anything is left over in the end, and nobody is torn between commitments any more.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from grid_models.quantities import Floats
from services.dispatch.decomposition.following import Followed, Mixture
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import Split
from services.dispatch.decomposition.whole_blocks import dearer

FOLLOWED = 1e-6
"""The weight from which something is followed."""


@dataclass(frozen=True)
class Way:
    """One schedule of a unit in the master."""

    weight: float
    followed: Followed
    rows: NDArray[np.int32]
    """Of the master: where the schedule counts, and with how much."""
    values: Floats


def one_each(generation: Generation, chosen: NDArray[np.bool_], mixture: Mixture) -> Mixture:
    """The mixture in which each of these parties follows one of the schedules that are mixed for it."""
    ways = _ways(generation, chosen)
    weight = dearer(generation.parts, generation.prices) ** 2
    owed = np.zeros(len(weight))
    taken: dict[int, list[int]] = defaultdict(list)
    by_number = {id(way.followed): way.followed for some in ways.values() for way in some}
    for party in sorted(ways, key=lambda party: -_size(ways[party])):
        way = _next(ways[party], weight, owed)
        taken[id(way.followed)].append(party)
    for number, parties in taken.items():
        mixture = _with(mixture, generation.parts, by_number[number], np.array(parties))
    return mixture


def _size(ways: list[Way]) -> float:
    return max(float(np.abs(way.values).sum()) for way in ways)


def _next(ways: list[Way], weight: Floats, owed: Floats) -> Way:
    """The way that leaves least over, rows weighed by their prices; what is owed is brought up to date."""
    total = sum(way.weight for way in ways)
    for way in ways:
        owed[way.rows] += way.weight / total * way.values
    left = [float(weight[way.rows] @ (way.values * (way.values - 2 * owed[way.rows]))) for way in ways]
    best = ways[int(np.argmin(left))]
    owed[best.rows] -= best.values
    return best


def _ways(generation: Generation, chosen: NDArray[np.bool_]) -> dict[int, list[Way]]:
    """By party, what it follows in the master's last solution."""
    master, found = generation.master, defaultdict[int, list[Way]](list)
    for followed in master.followed:
        weights = followed.weights(master.values)
        parties = np.flatnonzero(chosen & (weights > FOLLOWED))
        if parties.size:
            counted = _counted(generation.parts, followed, parties)
            for place, party in enumerate(parties.tolist()):
                mine = slice(counted.indptr[place], counted.indptr[place + 1])
                way = Way(float(weights[party]), followed, counted.indices[mine], counted.data[mine])
                found[party].append(way)
    return found


def _counted(parts: Split, followed: Followed, parties: NDArray[np.int64]) -> csc_array:
    """What these parties' schedules put into the master's rows: rows x parties."""
    place = np.full(parts.parties, -1)
    place[parties] = np.arange(len(parties))
    owner = place[parts.party[followed.places]]
    columns, values = followed.places[owner >= 0], followed.values[owner >= 0]
    by_owner = csr_array((values, (np.arange(len(columns)), owner[owner >= 0])), shape=(len(columns), len(parties)))
    return csc_array(parts.links[:, columns] @ by_owner)


def _with(mixture: Mixture, parts: Split, followed: Followed, parties: NDArray[np.int64]) -> Mixture:
    """The mixture in which these parties do what they follow there."""
    theirs = np.zeros(parts.parties + 1, dtype=bool)
    theirs[parties] = True
    values, cost = np.where(theirs[parts.party], 0.0, mixture.values), mixture.cost.copy()
    mine = theirs[parts.party[followed.places]]
    values[followed.places[mine]] = followed.values[mine]
    cost[parties] = followed.cost[parties]
    return replace(mixture, values=values, cost=cost)
