"""Prices and what binds, from the duals of the dispatch at fixed commitment.

The dual of a zone's balance is what one more MWh there would cost at that step; the dual of a requirement, what one
more MW of that reserve would.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from grid_models.plan import Binding
from grid_models.quantities import Floats
from services.dispatch.balance import BALANCE
from services.dispatch.model import Family, Matrix, Model
from services.dispatch.reserves import REQUIREMENT
from services.dispatch.solve.highs import Outcome

LIMITS = {
    ("thermal", "above_mw"): "output limit",
    ("thermal", "capacity over a start and a stop"): "output limit",
    ("thermal", "capacity over a start"): "output limit after a start",
    ("thermal", "capacity at a start"): "output limit",
    ("thermal", "capacity at a stop"): "output limit",
    ("thermal", "ramp up"): "ramp up",
    ("thermal", "ramp down"): "ramp down",
    ("thermal", "energy per day"): "energy per day",
    ("thermal", "fuel per day"): "fuel per day",
    ("thermal", "below the zone"): "forbidden zone",
    ("thermal", "above the zone"): "forbidden zone",
    ("renewable", "least utilisation"): "least utilisation",
    ("battery", "charge_mw"): "charging power",
    ("battery", "discharge_mw"): "discharging power",
    ("battery", "charge while charging"): "charging power",
    ("battery", "discharge while not charging"): "discharging power",
    ("battery", "energy_mwh"): "stored energy",
    ("battery", "cycles per day"): "cycles per day",
    ("battery", "energy behind up-reserve at the end"): "energy behind reserve",
    ("battery", "energy behind up-reserve at the start"): "energy behind reserve",
    ("pumped_hydro", "generate at most"): "generating power",
    ("pumped_hydro", "pump at most"): "pumping power",
    ("pumped_hydro", "upper_mwh"): "upper reservoir",
    ("pumped_hydro", "lower_mwh"): "lower reservoir",
    ("virtual_power_plant", "power_mw"): "power band",
    ("virtual_power_plant", "energy_mwh"): "energy band",
    ("virtual_power_plant", "ramp up"): "ramp up",
    ("virtual_power_plant", "ramp down"): "ramp down",
    ("interruptible_load", "shed while called"): "contract",
    ("interruptible_load", "rebound at most"): "rebound limit",
    ("price_sensitive_load", "served_mw"): "demand",
    ("link", "forward_mw"): "transfer limit forward",
    ("link", "back_mw"): "transfer limit back",
    ("link", "forward"): "transfer limit forward",
    ("link", "back"): "transfer limit back",
}
"""The rows and columns that a planner could relax, and what they are called."""

WORTH_TOLERANCE = 1e-4
MOST_BINDING = 40


def prices(model: Model, outcome: Outcome) -> dict[str, list[float]]:
    """Per MWh, by zone and by reserve product (C2)."""
    found: dict[str, list[float]] = {}
    for family in model.families(BALANCE, REQUIREMENT):
        duals = _of(family, outcome.row_dual) / model.case.horizon.step_h
        for name, row in zip(family.resources, duals, strict=True):
            found[name] = [round(float(value), 6) + 0.0 for value in row]
    return found


def binding(model: Model, matrix: Matrix, outcome: Outcome) -> list[Binding]:
    """The limits whose relaxation by one unit would save most, dearest first."""
    if outcome.row_dual is None or outcome.column_dual is None or outcome.values is None:
        return []
    running = _at_work(model, outcome.values)
    found = [
        *_limits(model, matrix.row_names.families, outcome.row_dual, matrix.row_lower < matrix.row_upper, running),
        *_limits(model, matrix.column_names.families, outcome.column_dual, _upper_limits(matrix, outcome), running),
    ]
    return sorted(found, key=lambda item: (-item.worth, item.what, item.name))[:MOST_BINDING]


def _upper_limits(matrix: Matrix, outcome: Outcome) -> NDArray[np.bool_]:
    """Columns that stand at a limit other than zero: a choice of the data, not a decision of the plan."""
    assert outcome.values is not None
    at_limit = (outcome.values >= matrix.upper - 1e-6) | ((outcome.values <= matrix.lower + 1e-6) & (matrix.lower != 0))
    chosen: NDArray[np.bool_] = ~matrix.integer & (matrix.upper > matrix.lower) & at_limit
    return chosen


def _limits(
    model: Model,
    families: tuple[Family, ...],
    duals: Floats,
    counts: NDArray[np.bool_],
    running: dict[str, NDArray[np.bool_]],
) -> Iterator[Binding]:
    step_h = model.case.horizon.step_h
    for family in families:
        limit = LIMITS.get((family.kind, family.name))
        if limit is None:
            continue
        mine = slice(family.first, family.first + family.size)
        worth = np.where(counts[mine], np.abs(duals[mine]), 0.0) / step_h * _running(family, running)
        for resource, entries in _by_resource(family, np.flatnonzero(worth > WORTH_TOLERANCE)).items():
            dearest = max(entries, key=lambda entry: worth[entry])
            step = family.entry(family.first + dearest)[1][-1]
            yield Binding(
                what=limit,
                name=resource,
                steps=len(entries),
                worth=round(float(worth[dearest]), 4),
                at=model.case.horizon.moment(min(step, model.case.steps - 1)),
            )


def _at_work(model: Model, values: Floats) -> dict[str, NDArray[np.bool_]]:
    """By thermal unit and interruptible load, the steps in which it is in the middle of a run or on call.

    At a start, a stop or while off, the limits of a unit carry what its commitment is worth, not what a MW is.
    """
    found: dict[str, NDArray[np.bool_]] = {}
    for block in model.blocks:
        if block.kind == "thermal":
            on = block.published["on"][0].at(values) > 0.5
            steady = on.copy()
            steady[:, 1:] &= on[:, :-1]
            steady[:, :-1] &= on[:, 1:]
            found |= dict(zip(block.names, steady, strict=True))
        elif block.kind == "interruptible_load":
            found |= dict(zip(block.names, block.published["called"][0].at(values) > 0.5, strict=True))
    return found


def _running(family: Family, running: dict[str, NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Per entry of the family, whether its resource is at work then."""
    if len(family.shape) < 2:
        return np.ones(family.size, dtype=bool)
    steps = family.shape[-1]
    always = np.ones(steps, dtype=bool)
    rows = [running.get(resource, always) for resource in family.resources]
    table = np.array([row if row.size == steps else always for row in rows])
    flat: NDArray[np.bool_] = np.broadcast_to(table, family.shape).ravel()
    return flat if family.places is None else flat[family.places]


def _by_resource(family: Family, entries: NDArray[np.int64]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        groups[family.entry(family.first + int(entry))[0]].append(int(entry))
    return groups


def _of(family: Family, duals: Floats | None) -> Floats:
    assert duals is not None
    values = np.zeros(int(np.prod(family.shape)))
    places = np.arange(family.size) if family.places is None else family.places
    values[places] = duals[family.first : family.first + family.size]
    return values.reshape(family.shape)
