"""What a model is: something that is trained on the past of several series and then says quantiles."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, Self

import numpy as np

from grid_models.forecast import SeriesKind
from grid_models.quantities import Floats
from services.forecast.known import Known, Moments

Need = Literal["history", "weather", "brought"]
"""What a model cannot do without when it forecasts: recent observations, a weather forecast, forecasts of others."""


@dataclass(frozen=True)
class Task:
    """What will be asked of a model: which steps from the origin on, and when in the day an origin is."""

    step_min: int = 60
    first_lead_h: float = 0.0
    """From the origin to the beginning of the first step."""
    last_lead_h: float = 48.0
    """From the origin to the end of the last step."""
    origins_utc_h: tuple[float, ...] = ()
    """Hours of the day (UTC) at which forecasts are issued; empty: at any step."""
    train_from: np.datetime64 | None = None
    """Begin of the window to learn from; None: all that there is."""
    seed: int = 1
    threads: int = 2


class Trained(Protocol):
    """A model that has learned; it can be kept as bytes and brought back."""

    def quantiles(self, known: Sequence[Known], times: Moments, levels: Floats) -> Floats:
        """Series x times x levels, in the unit of the series, rising along the levels, never NaN.

        Each `known` is cut at the origin of the forecast; a model uses nothing else.
        """
        ...

    def to_bytes(self) -> bytes: ...

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self: ...


class Model(Protocol):
    """A way to forecast; `train` learns from everything that is in `known`, several series at once."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[SeriesKind]]
    needs: ClassVar[frozenset[Need]]
    """Without these the service leaves it out of the mixture, and says that the basis is degraded."""
    trained: ClassVar[type[Trained]]
    """What it becomes by training; brings kept bytes back."""

    def train(self, known: Sequence[Known], task: Task) -> Trained: ...


class NotEnoughHistory(ValueError):
    """There is too little to learn from; the message says what is missing."""

    status = 422


@dataclass(frozen=True)
class Explanation:
    """What moved a forecast away from climatology: contributions that add up to the difference of the medians."""

    times: Moments
    climatology: Floats
    contributions: dict[str, Floats] = field(default_factory=dict)
    """By cause, in the unit of the series."""
