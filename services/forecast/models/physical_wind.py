"""Wind power by the farm's curve alone: the forecast of a farm's first day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grid_models.forecast import SeriesKind
from services.forecast.known import Known
from services.forecast.models.base import Need, Task, Trained
from services.forecast.models.physical_output import TrainedPhysics, UsualErrors, trained

# Measured on six farms of GEFCom2012 (July 2009 to June 2010, leads to 48 h, winds of 10 m lifted to a usual hub):
# quantiles of the output by what the curve of a typical turbine expected.
USUAL = UsualErrors(
    expected=np.array([0.0, 0.034, 0.073, 0.145, 0.246, 0.369, 0.522, 0.674, 0.836, 0.92]),
    levels=np.array([0.05, 0.25, 0.5, 0.75, 0.95]),
    quantiles=np.array(
        [
            [0.000, 0.000, 0.010, 0.053, 0.201],
            [0.000, 0.011, 0.056, 0.143, 0.356],
            [0.000, 0.035, 0.100, 0.217, 0.487],
            [0.005, 0.069, 0.165, 0.307, 0.630],
            [0.021, 0.116, 0.224, 0.395, 0.750],
            [0.039, 0.177, 0.313, 0.500, 0.813],
            [0.079, 0.247, 0.402, 0.605, 0.877],
            [0.116, 0.331, 0.526, 0.737, 0.929],
            [0.221, 0.526, 0.733, 0.868, 0.966],
            [0.479, 0.766, 0.882, 0.949, 0.978],
        ]
    ),
)


@dataclass(frozen=True)
class PhysicalWind:
    """Needs a weather forecast and the description of the farm; history only makes it better."""

    name: ClassVar[str] = "physical_wind"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"wind"})
    needs: ClassVar[frozenset[Need]] = frozenset({"weather"})
    trained: ClassVar[type[Trained]] = TrainedPhysics

    def train(self, known: Sequence[Known], task: Task) -> TrainedPhysics:
        return trained("wind", known, task, USUAL)
