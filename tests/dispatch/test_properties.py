"""What holds for every case, tried on random small fleets of every kind."""

from building import solve
from fleets import cases
from hypothesis import HealthCheck, given, settings

from grid_models.case import Case
from grid_models.errors import ContradictoryCase
from services.dispatch.errors import Infeasible

some = settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=list(HealthCheck))


@some
@given(study=cases())
def test_the_referee_accepts_every_plan_and_no_bound_is_above_its_cost(study: Case) -> None:
    """`solve` raises where the referee objects to anything, its own recount of the cost included."""
    try:
        plan = solve(study)
    except (ContradictoryCase, Infeasible):
        return
    assert plan.lower_bound <= plan.cost
