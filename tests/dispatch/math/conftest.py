"""Every optimum that a test here finds is found again by a rival solver, through Pyomo, from the same matrix."""

from collections.abc import Iterator

import pytest
from building import SOLVED, approx

from services.dispatch.assembly import build
from services.dispatch.settling import assumed
from services.dispatch.solve import pyomo_view
from services.dispatch.solve.highs import Settings


@pytest.fixture(autouse=True)
def second_opinion() -> Iterator[None]:
    SOLVED.clear()
    yield
    for study, plan in SOLVED:
        matrix = build(assumed(study, plan.assumptions)).pack()
        rival = pyomo_view.search(matrix, Settings(gap=0, seconds=20), "glpk")
        assert plan.cost == approx(rival.objective, rel=1e-6, abs=1e-6)
