"""What a plan has executed is frozen into the rest: states, and what is left of the limits of the day."""

from datetime import datetime, timedelta

import pytest

from grid_models.case import Case
from grid_models.plan import Plan
from services.dispatch.planning import Options, plan_case
from services.dispatch.referee import judge
from services.dispatch.replanning import remaining
from services.dispatch.rest import comparable

BEGIN = datetime.fromisoformat("2030-07-15T18:00:00+08:00")


def evening(hours: int = 4) -> Case:
    """Load of 50, 100, 50, 100 ... MW; 60 MW at 300 CNY/MWh, the rest at 900; a battery of 20 MWh, one cycle a day."""
    cheap = {"kind": "thermal", "name": "cheap", "min_mw": 0, "max_mw": 60, "cost": [[0, 0], [60, 18000]]}
    dear = {"kind": "thermal", "name": "dear", "min_mw": 0, "max_mw": 60, "cost": [[0, 0], [60, 54000]]}
    on = {"initial": {"on": True, "hours": 24, "power_mw": 50}}
    store = {
        "kind": "battery", "name": "store", "charge_max_mw": 10, "discharge_max_mw": 10, "energy_max_mwh": 20,
        "energy_start_mwh": 20, "charge_efficiency": 1, "discharge_efficiency": 1, "cycles_per_day_max": 0.5,
        "end": {"min_mwh": 0},
    }  # fmt: skip
    limits = {"energy_per_day_max_mwh": 230, "starts_per_day_max": 0, "emission_t_per_mwh": 1.0}
    document = {
        "format_version": 1,
        "name": "an evening",
        "horizon": {"start": BEGIN.isoformat(), "step_min": 60, "steps": hours},
        "zones": [{"name": "system", "demand_mw": [50.0, 100.0] * (hours // 2)}],
        "resources": [cheap | on | limits, dear | {"initial": {"on": True, "hours": 24, "power_mw": 0}}, store],
    }
    return Case.model_validate(document)


def planned(case: Case) -> Plan:
    return plan_case(case, Options(gap=0.0))


def test_what_is_left_of_the_day_is_the_limit_of_the_rest():
    """
    The battery may give 10 MWh a day and gives them in one of the hours of 100 MW.

    Whatever was given in the first two hours is not given again: anew it would be 10 MWh more, 6,000 CNY too cheap.
    """
    case = evening()
    plan = planned(case)
    rest = remaining(case, plan, BEGIN + timedelta(hours=2))
    cheap, _, store = rest.case.resources
    given_mwh = sum(plan.resources["store"]["discharge_mw"][:2])
    assert 0.5 - given_mwh / 20 == pytest.approx(store.cycles_per_day_max, abs=2e-9)
    assert 230 - sum(plan.resources["cheap"]["power_mw"][:2]) == pytest.approx(cheap.energy_per_day_max_mwh)
    assert (0, ()) == (cheap.starts_per_day_max, rest.not_carried)
    assert 10 == pytest.approx(given_mwh + sum(planned(rest.case).resources["store"]["discharge_mw"]))


def test_a_limit_of_the_day_counts_anew_where_the_rest_goes_on_into_another_and_that_is_said():
    case = evening(hours=8)
    rest = remaining(case, planned(case), BEGIN + timedelta(hours=2))
    assert 0.5 == rest.case.resources[2].cycles_per_day_max
    assert "store: cycles_per_day_max counts anew" in " ".join(rest.not_carried)


def test_the_rest_of_a_plan_costs_what_its_last_hours_cost():
    """The rest of an optimal plan, planned anew, costs the same; what the referee says of both agrees."""
    case = evening()
    plan = planned(case)
    rest = remaining(case, plan, BEGIN + timedelta(hours=2)).case
    anew = planned(rest)
    before, after, since = comparable((plan, case), (anew, rest))
    assert (BEGIN + timedelta(hours=2), anew.cost) == (since, pytest.approx(before.cost))
    assert before.emissions_t["total"] == pytest.approx(sum(before.power_mw["cheap"]))
    assert before.lower_bound <= before.cost
    assert judge(after, rest).accepted
    assert (plan, plan, None) == comparable((plan, case), (plan, case))
