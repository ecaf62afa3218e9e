"""Solar power by light and panels alone: the forecast of a plant's first day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grid_models.forecast import SeriesKind
from services.forecast.known import Known
from services.forecast.models.base import Need, Task, Trained
from services.forecast.models.physical_output import TrainedPhysics, UsualErrors, trained

# Measured on three plants of GEFCom2014 (April to December 2012, leads to 24 h, panels as described): quantiles of the
# output over that of a clear sky, by what the chain expected over the same.
USUAL = UsualErrors(
    expected=np.array([0.0, 0.103, 0.231, 0.407, 0.602, 0.779, 0.902, 1.069, 1.5]),
    levels=np.array([0.05, 0.25, 0.5, 0.75, 0.95]),
    quantiles=np.array(
        [
            [0.000, 0.030, 0.060, 0.130, 0.350],
            [0.030, 0.068, 0.114, 0.199, 0.417],
            [0.067, 0.149, 0.249, 0.491, 1.111],
            [0.126, 0.274, 0.466, 0.808, 1.207],
            [0.172, 0.416, 0.707, 1.015, 1.226],
            [0.223, 0.577, 0.856, 1.092, 1.264],
            [0.338, 0.719, 0.991, 1.133, 1.281],
            [0.436, 0.921, 1.115, 1.193, 1.320],
            [0.500, 1.100, 1.300, 1.400, 1.600],
        ]
    ),
)


@dataclass(frozen=True)
class PhysicalSolar:
    """Needs a weather forecast and the description of the plant; history only makes it better."""

    name: ClassVar[str] = "physical_solar"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"solar"})
    needs: ClassVar[frozenset[Need]] = frozenset({"weather"})
    trained: ClassVar[type[Trained]] = TrainedPhysics

    def train(self, known: Sequence[Known], task: Task) -> TrainedPhysics:
        return trained("solar", known, task, USUAL)
