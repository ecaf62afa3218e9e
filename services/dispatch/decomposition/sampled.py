"""First prices from a part of the fleet: one party stands for several that are alike.

Prices hang on the shape of the whole fleet's costs far more than on single units, and column generation over a sixth
of the units takes a twentieth of the time. What the prices are not good for, the whole fleet puts right afterwards.
"""

import numpy as np

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.parties import weights_of_a_sample

SAMPLE = 150
"""Parties that are enough to say what prices will be like."""
WORTH_IT = 6
"""So many times more units a fleet must have."""
TARGET = 1e-2


def sampled_prices(case: Case, whole: Generation, deadline: float) -> Floats | None:
    """Prices of the master's rows from a sample of the fleet; None where the fleet is small."""
    if whole.parts.units < WORTH_IT * SAMPLE:
        return None
    sample = whole.among(weights_of_a_sample(case, whole.parts, SAMPLE))
    sample.run(TARGET, deadline)
    return sample.prices if np.isfinite(sample.bound) else None
