"""Units that are the same in every number that matters: they are priced once."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.decomposition.split import Split


def unit_classes(arrays: Sequence[NDArray[np.generic]], parts: Split) -> NDArray[np.int64]:
    """For every unit, the first unit that has all its numbers: rows of these arrays, costs, bounds and links."""
    count = len(parts.decisions["on"])
    same_data: dict[bytes, list[int]] = {}
    for unit in range(count):
        same_data.setdefault(b"".join(array[unit].tobytes() for array in arrays), []).append(unit)
    found = np.arange(count)
    for alike in same_data.values():
        seen: dict[bytes, int] = {}
        for unit in alike if len(alike) > 1 else ():
            found[unit] = seen.setdefault(b"".join(_in_the_matrix(parts, unit)), unit)
    return found


def _in_the_matrix(parts: Split, unit: int) -> Iterator[bytes]:
    """Cost, bounds and link entries of all columns of a unit."""
    matrix, links = parts.matrix, parts.links
    for name, columns in _columns_of(parts, unit):
        yield name.encode()
        for numbers in (matrix.cost, matrix.lower, matrix.upper):
            yield np.ascontiguousarray(numbers[columns]).tobytes()
        for column in columns:
            entries = slice(links.indptr[column], links.indptr[column + 1])
            order = np.argsort(links.indices[entries], kind="stable")
            rows = links.indices[entries][order]
            values: Floats = links.data[entries][order]
            yield rows.tobytes() + values.tobytes() + b"|"


def _columns_of(parts: Split, unit: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
    for name, columns in parts.decisions.items():
        yield name, columns[unit]
    for name, awards in (("on", parts.awards), ("off", parts.offline)):
        for award in awards:
            for row in np.flatnonzero(award.units == unit):
                yield f"{award.product} while {name}", award.columns[row]
