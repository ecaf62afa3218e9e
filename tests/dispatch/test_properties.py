"""What holds for every case, tried on random small fleets of every kind."""

from typing import Any

import numpy as np
from building import approx, battery, solve
from fleets import cases, single_units
from hypothesis import HealthCheck, assume, given, settings
from textbook import cheapest

from grid_models.case import Case
from grid_models.errors import ContradictoryCase
from grid_models.plan import Plan
from services.dispatch.errors import Infeasible
from services.dispatch.planning import Options, plan_case

PRICED = 300.0
"""A price of rebound beyond the horizon, where the one that the engine would choose might differ by a tie."""
PER_MONEY = {
    "cost", "cost_per_h", "cost_per_mwh", "price_per_mwh", "price_per_call", "value_per_mwh", "start_cost",
    "wear_cost_per_mwh", "charge_cost_per_mwh", "curtailment_price_per_mwh", "availability_price_per_mw_h",
    "standing_cost_per_h", "unserved_per_mwh", "spilled_per_mwh", "reserve_shortage_per_mwh", "after_horizon_per_mwh",
    "carbon_price_per_t",
}  # fmt: skip
"""Fields that hold money."""


def some(examples: int) -> Any:
    """So many examples, the same in every run."""
    return settings(
        deadline=None, derandomize=True, database=None, max_examples=examples, suppress_health_check=list(HealthCheck)
    )


def solved(study: Case) -> Plan | None:
    """The refereed optimum; None where the data leave no schedule."""
    try:
        return solve(study)
    except (ContradictoryCase, Infeasible):
        return None


@some(40)
@given(study=cases())
def test_the_referee_accepts_every_plan_and_no_bound_is_above_its_cost(study: Case) -> None:
    """`solve` raises where the referee objects to anything, its own recount of the cost included."""
    plan = solved(study)
    assert plan is None or plan.lower_bound <= plan.cost


@some(25)
@given(study=single_units())
def test_the_tight_formulation_finds_what_exhaustion_finds(study: Case) -> None:
    """Every pattern of one unit, each by the plain rules: a tight inequality that cuts too much would cost more."""
    plan = solved(study)
    found = cheapest(study)
    assert (plan is None and found == np.inf) or (plan is not None and found == approx(plan.cost))


@some(4)
@given(study=cases(PRICED))
def test_unit_pricing_proves_no_more_than_is_true(study: Case) -> None:
    """What the decomposed search calls a bound is one of the direct optimum, and its plan is refereed."""
    best = solved(study)
    assume(best is not None)
    assert best is not None
    plan = plan_case(study, Options(gap=1e-4, time_limit_s=10, method="decomposed"))
    slack = 1e-6 * abs(best.cost) + 1e-3
    assert plan.lower_bound <= best.cost + slack
    assert best.cost <= plan.cost + slack


@some(15)
@given(study=cases(PRICED))
def test_more_storage_never_costs_more(study: Case) -> None:
    """An empty battery may stay idle, and a larger one may do what a smaller one did."""
    costs = []
    for mw in (0, 10, 30):
        plan = solved(study.replaced(resources=(*study.resources, battery(mw, 2 * mw, name="another"))))
        assume(plan is not None)
        assert plan is not None
        costs.append(plan.cost)
    slack = 1e-6 * max(1.0, abs(costs[0]))
    assert costs[2] <= costs[1] + slack
    assert costs[1] <= costs[0] + slack


def dearer(value: Any, factor: float, key: str = "") -> Any:
    """The same document with every price and cost times the factor."""
    if isinstance(value, dict):
        return {name: dearer(item, factor, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [dearer(item, factor, key) for item in value]
    return value * factor if key in PER_MONEY and isinstance(value, int | float) else value


@some(15)
@given(study=cases(PRICED))
def test_scaling_all_prices_scales_the_cost(study: Case) -> None:
    plan = solved(study)
    assume(plan is not None)
    assert plan is not None
    scaled = solve(Case.model_validate(dearer(study.model_dump(), 3.0)))
    assert 3 * plan.cost == approx(scaled.cost, abs=1e-3)


@some(15)
@given(study=cases(PRICED))
def test_the_order_of_the_resources_does_not_matter(study: Case) -> None:
    plan = solved(study)
    turned = solved(study.replaced(resources=study.resources[::-1], reserves=study.reserves[::-1]))
    assert (plan is None) == (turned is None)
    assert plan is None or turned is None or plan.cost == approx(turned.cost, abs=1e-3)
