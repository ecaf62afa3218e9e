"""A case in longer steps: an easier problem of nearly the same prices."""

from typing import Any

from grid_models.case import Case
from grid_models.window import WITH_SERIES, with_series


def coarsened(case: Case, group: int) -> Case:
    """The case with every `group` steps as one, every series at its mean; steps beyond whole groups are left out.

    The longest step is an hour. It is no case to plan by: limits within the longer step are lost.
    """
    steps = case.steps // group
    horizon = type(case.horizon).model_validate(
        {**case.horizon.model_dump(), "step_min": case.horizon.step_min * group, "steps": steps}
    )

    def mean(series: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(_mean(series[first : first + group]) for first in range(0, steps * group, group))

    parts = {name: with_series(getattr(case, name), case.steps, mean) for name in WITH_SERIES}
    return Case.model_validate({**{name: getattr(case, name) for name in type(case).model_fields}, **parts,
                                "horizon": horizon})  # fmt: skip


def _mean(values: tuple[Any, ...]) -> Any:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return sum(values) / len(values) if numbers else values[0]
