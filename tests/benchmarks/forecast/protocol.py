"""What a protocol says: one row per set, method and score, with the honesty of its intervals beside it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.forecast.scoring.scores import coverage, width

Protocol = Callable[[Path], Iterable["Row"]]
"""Every module of a protocol has `rows(folder)`: it yields rows as they are ready, and raises `FileNotFoundError`."""

HIGHER_IS_BETTER = frozenset({"rating", "skill"})


@dataclass(frozen=True)
class Row:
    """One score of one method on one set."""

    set: str
    method: str
    metric: str
    """Unit included, such as `pinball99 MW` or `MAPE %`."""
    value: float
    windows: str
    """Which times were scored, such as `12 months to 2010-12`."""
    coverage: float | None = None
    """Of the 90 % interval, as a share; None for points."""
    width: float | None = None
    """Of the 90 % interval, in the unit of the series."""
    coverage_by: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By season and by lead, say."""
    must_reach: float | None = None
    """The target, on ours."""
    seconds: float | None = None
    """To train and forecast all windows."""

    @property
    def reached(self) -> bool | None:
        if self.must_reach is None:
            return None
        if self.metric.split()[0] in HIGHER_IS_BETTER:
            return self.value >= self.must_reach
        return self.value <= self.must_reach


def file_in(data: Path, name: str) -> Path:
    """The file in DATA/forecast, or directly in DATA."""
    for path in (data / "forecast" / name, data / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{name} is neither in {data / 'forecast'} nor in {data}")


def honesty(
    actual: NDArray[Any], lower: NDArray[Any], upper: NDArray[Any], groups: Mapping[str, NDArray[Any]]
) -> dict[str, Any]:
    """Coverage and width of the interval, overall and by group, as keywords of a row."""
    by = {
        name: {str(one): coverage(actual[labels == one], lower[labels == one], upper[labels == one]) for one in of}
        for name, labels in groups.items()
        for of in [np.unique(labels)]
    }
    return {"coverage": coverage(actual, lower, upper), "width": width(lower, upper), "coverage_by": by}


def seasons(times: NDArray[np.datetime64]) -> NDArray[Any]:
    """Of each time, the quarter of the year that is called winter, spring, summer or autumn in the north."""
    month = times.astype("datetime64[M]").astype(int) % 12
    return np.array(["winter", "spring", "summer", "autumn"])[(month + 1) % 12 // 3]
