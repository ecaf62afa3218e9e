"""What parties follow in a master: the commitments in it, who does what by which column, and the mixture of it all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats


class Patterns:
    """The commitments that schedules in the master have: one number per unit and commitment."""

    def __init__(self) -> None:
        self.number: dict[tuple[int, bytes], int] = {}
        self.unit: list[int] = []
        self.on: list[NDArray[np.int8]] = []
        self._column: list[NDArray[np.int64]] = []
        self._pattern: list[NDArray[np.int64]] = []

    def note(self, units: NDArray[np.int64], on: NDArray[np.int8], column: NDArray[np.int64]) -> None:
        """Units have these commitments, one row each, in these columns of the master."""
        numbers = np.zeros(len(units), np.int64)
        for row, unit in enumerate(units.tolist()):
            numbers[row] = self.number.setdefault((unit, on[row].tobytes()), len(self.unit))
            if numbers[row] == len(self.unit):
                self.unit.append(unit)
                self.on.append(on[row])
        self._column.append(column)
        self._pattern.append(numbers)

    def weights(self, of_column: Floats) -> Floats:
        """The weight of every pattern where columns have these; columns that came later have none."""
        column, pattern = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in (self._column, self._pattern))
        known = column < len(of_column)
        shares = np.maximum(of_column[column[known]], 0.0)
        found: Floats = np.bincount(pattern[known], shares, minlength=len(self.unit)).astype(float)
        return found


@dataclass(frozen=True)
class Followed:
    """What parties do in columns of the master that came at once."""

    column: NDArray[np.int64]
    """By party, -1 where it has none."""
    places: NDArray[np.int32]
    """Of the matrix's columns, those with a value other than zero."""
    values: Floats
    cost: Floats
    """By party, what it costs the party itself."""

    def weights(self, of_column: Floats) -> Floats:
        """By party, the weight of its column."""
        known = (self.column >= 0) & (self.column < len(of_column))
        found: Floats = np.where(known, np.maximum(of_column[np.where(known, self.column, 0)], 0.0), 0.0)
        return found


@dataclass(frozen=True)
class Mixture:
    """What every party does on the whole in a solution of the master."""

    values: Floats
    """Of all columns of the matrix; what follows from them within a unit is left out."""
    spread: Floats
    """Of all columns: standard deviation over what is mixed."""
    cost: Floats
    """By party: what the mixture costs it at most."""


def mixed(followed: list[Followed], of_column: Floats, party: NDArray[np.int64], parties: int) -> Mixture:
    """All that is followed, by the weights of the master's columns; `party` owns a column of the matrix."""
    values, squares = np.zeros(len(party)), np.zeros(len(party))
    cost, total = np.zeros(parties), np.zeros(parties)
    for one in followed:
        weights = one.weights(of_column)
        if weights.any():
            shares = weights[party[one.places]]
            values[one.places] += shares * one.values
            squares[one.places] += shares * one.values**2
            cost += weights * one.cost
            total += weights
    # The master's rows hold to its tolerance only; a mixture whose weights do not add up to one breaks a unit's rules.
    scale = np.where(total > 0, 1 / np.where(total > 0, total, 1.0), 1.0)
    of_owner = np.where(party >= 0, scale[party], 1.0)
    values, squares = values * of_owner, squares * of_owner
    return Mixture(values, np.sqrt(np.maximum(squares - values**2, 0.0)), cost * scale)
