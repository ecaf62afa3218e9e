"""A stretch of a case as a case of its own."""

from collections.abc import Callable
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
    parts = {
        name: with_series(getattr(case, name), case.steps, lambda series: series[first : first + steps])
        for name in WITH_SERIES
    }
    return Case.model_validate(
        {
            **{name: getattr(case, name) for name in type(case).model_fields},
            **parts,
            "horizon": horizon,
            "fuels": fuels,
        }
    )


WITH_SERIES = ("zones", "links", "resources", "reserves", "network")
"""Parts of a case that may hold a number by step."""


def with_series(value: Any, length: int, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Any:
    """The same value with every series of this length changed."""
    if isinstance(value, Data):
        changes = {name: with_series(getattr(value, name), length, change) for name in type(value).model_fields}
        return value.model_copy(update=changes)
    if isinstance(value, tuple):
        if len(value) == length and all(item is None or isinstance(item, int | float) for item in value):
            return change(value)
        return tuple(with_series(item, length, change) for item in value)
    return value
