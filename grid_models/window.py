"""A stretch of a case as a case of its own."""

from datetime import timedelta
from typing import Any

from grid_models.case import Case
from grid_models.quantities import Data


def window(case: Case, first: int, steps: int) -> Case:
    """`steps` steps of the case from step `first` on; states at the beginning stay as they are."""
    horizon = case.horizon.model_copy(
        update={
            "start": case.horizon.start + timedelta(minutes=case.horizon.step_min * first),
            "steps": steps,
        }
    )
    # A fresh copy: cached times belong to the old horizon.
    horizon = type(horizon).model_validate(horizon.model_dump())
    days = case.horizon.day_of_step
    first_day, last_day = int(days[first]), int(days[first + steps - 1])
    fuels = tuple(
        fuel.model_copy(update={"day_max_gj": fuel.day_max_gj[first_day : last_day + 1]})
        if isinstance(fuel.day_max_gj, tuple)
        else fuel
        for fuel in case.fuels
    )
    parts = {name: _cut(getattr(case, name), case.steps, first, steps) for name in _WITH_SERIES}
    return Case.model_validate(
        {
            **{name: getattr(case, name) for name in type(case).model_fields},
            **parts,
            "horizon": horizon,
            "fuels": fuels,
        }
    )


_WITH_SERIES = ("zones", "links", "resources", "reserves", "network")


def _cut(value: Any, length: int, first: int, steps: int) -> Any:
    """The same value with every series of the case's length cut to the window."""
    if isinstance(value, Data):
        changes = {name: _cut(getattr(value, name), length, first, steps) for name in type(value).model_fields}
        return value.model_copy(update=changes)
    if isinstance(value, tuple):
        if len(value) == length and all(item is None or isinstance(item, int | float) for item in value):
            return value[first : first + steps]
        return tuple(_cut(item, length, first, steps) for item in value)
    return value
