"""What is drawn again after a call: the search over all calls at once against one linear programme per call."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from grid_models.quantities import Floats
from services.dispatch.assessment.delivery import shaved
from services.dispatch.assessment.demand import Demand
from services.dispatch.assessment.responders import Responder

STEPS = 7


def least_peak_mw(one: Responder, load_mw: Floats) -> float:
    """The lowest peak over every call that there is, each by a linear programme over its power."""
    longest = STEPS if one.duration_h is None else int(one.duration_h)
    calls = ((first, end) for first in range(STEPS) for end in range(first + 1, min(first + longest, STEPS) + 1))
    return min([float(load_mw.max()), *(_peak_of_call_mw(one, load_mw, first, end) for first, end in calls)])


def _peak_of_call_mw(one: Responder, load_mw: Floats, first: int, end: int) -> float:
    caps_mw = np.where((np.arange(STEPS) >= first) & (np.arange(STEPS) < end), one.headroom_at(np.arange(STEPS)), 0.0)
    reach = int(one.rebound_window_h)
    back = np.where((np.arange(STEPS) >= end) & (np.arange(STEPS) < end + reach), one.rebound_share / reach, 0.0)
    # load - power + back * sum(power) <= peak
    rows = np.hstack([-np.eye(STEPS) + np.outer(back, np.ones(STEPS)), -np.ones((STEPS, 1))])
    rows = np.vstack([rows, np.append(np.ones(STEPS), 0.0)])
    energy = np.inf if one.energy_mwh is None else one.energy_mwh
    bounds = [*((0.0, mw) for mw in caps_mw), (None, None)]
    found = linprog(np.append(np.zeros(STEPS), 1.0), rows, np.append(-load_mw, min(energy, 1e6)), bounds=bounds)
    return float(found.fun)


@pytest.mark.parametrize("seed", range(12))
def test_the_best_of_all_calls_is_found(seed: int):
    draw = np.random.default_rng(seed)
    load_mw = draw.uniform(80, 100, STEPS)
    one = Responder(
        "cooling",
        20.0,
        headroom_mw=tuple(draw.uniform(2, 20, STEPS)),
        duration_h=[None, 2.0, 3.0][seed % 3],
        energy_mwh=[None, 25.0][seed % 2],
        rebound_share=float(draw.uniform(0.2, 1.0)),
        rebound_window_h=float(draw.integers(1, 4)),
    )
    demand = Demand((np.arange(STEPS),), 1.0, 24.0, {}, 24)
    assert shaved([one], load_mw, demand)[0] == pytest.approx(least_peak_mw(one, load_mw), abs=2e-3)
    without = shaved([replace(one, rebound_share=0.0)], load_mw, demand)[0]
    assert without <= shaved([one], load_mw, demand)[0] + 1e-6
