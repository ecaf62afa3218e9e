"""Where a search begins: the yes-or-no decisions of a guess or of an earlier plan, as values of columns."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from grid_models.plan import Plan
from grid_models.quantities import Floats
from services.dispatch.extraction import WHOLE
from services.dispatch.model import Matrix, Model
from services.dispatch.solve.guarded import Start


def start_values(model: Model, matrix: Matrix, commitment: dict[str, NDArray[np.int64]]) -> Start | None:
    """Commitment by thermal unit as a partial solution; the solver completes it."""
    return _values(model, matrix, {name: {"on": on.astype(float)} for name, on in commitment.items()})


def from_plan(model: Model, matrix: Matrix, plan: Plan) -> Start | None:
    """What an earlier plan decided, where it is for the same resources and number of steps."""
    known: dict[str, dict[str, Floats]] = {}
    for name, entry in plan.resources.items():
        known[name] = {
            key: np.atleast_2d(np.asarray(value, dtype=float))
            for key, value in entry.items()
            if key in WHOLE and np.asarray(value).shape[-1] == model.case.steps
        }
    return _values(model, matrix, known)


def _values(model: Model, matrix: Matrix, known: dict[str, dict[str, Floats]]) -> Start | None:
    indices: list[NDArray[np.int64]] = []
    values: list[Floats] = []
    for block in model.blocks:
        for name, (linear, resources) in block.published.items():
            if name in WHOLE:
                for row, decided in _decided(resources, name, known):
                    indices.append(linear.matrix.indices.reshape(linear.shape)[row])
                    values.append(decided)
    if not indices:
        return None
    places = np.concatenate(indices).astype(np.int32)
    return places, np.clip(np.round(np.concatenate(values)), matrix.lower[places], matrix.upper[places])


def _decided(
    resources: tuple[str, ...], name: str, known: dict[str, dict[str, Floats]]
) -> Iterator[tuple[int, Floats]]:
    """The rows that are known; the units of a station share its name and come in order."""
    seen: Counter[str] = Counter()
    for row, resource in enumerate(resources):
        rows = np.atleast_2d(known.get(resource, {}).get(name, np.zeros((0, 0))))
        if seen[resource] < rows.shape[0] and rows.size:
            yield row, rows[seen[resource]]
        seen[resource] += 1
