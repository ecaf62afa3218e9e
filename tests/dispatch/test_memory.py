"""What a solve leaves for the next one: it saves work, and changes nothing but where the search begins."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import MIDNIGHT, PRICES, approx, battery, case, thermal

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.horizon import Horizon
from grid_models.plan import Plan
from grid_models.resources.thermal import ThermalState
from grid_models.window import window
from services.dispatch import settling
from services.dispatch.assembly import build
from services.dispatch.decomposition import diving
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import split
from services.dispatch.memory import Memory, read_memory, write_memory
from services.dispatch.planner import Planner
from services.dispatch.planning import Options, plan_and_memory, plan_case
from services.dispatch.referee import judge
from services.dispatch.settling import with_initial

UNITS, HOURS, SHIFT = 14, 24, 6
GAP = 2e-3
DECOMPOSED = Options(gap=GAP, method="decomposed", time_limit_s=60)


def unit(number: int, dice: np.random.Generator, **fields: Any) -> Any:
    high = float(dice.integers(80, 320))
    low, price = round(0.4 * high), float(dice.integers(250, 400))
    data: dict[str, Any] = {
        "cost": [[low, low * price + 2_000], [high, high * (price + 10) + 2_000]],
        "was": 0.7 * high if dice.random() < 0.6 else None, "min_up_h": float(dice.integers(2, 6)), "min_down_h": 3,
        "start_costs": [{"hours_off": 4, "cost": 60 * high}, {"hours_off": 12, "cost": 140 * high}],
        "emission_t_per_mwh": 0.6 + 0.02 * number,
    }  # fmt: skip
    return thermal(f"unit {number}", low, high, **data | fields)


def two_days(steps: int = HOURS + SHIFT, **fields: Any) -> Case:
    dice = np.random.default_rng(11)
    units = [unit(number, dice, **fields) for number in range(UNITS)]
    shape = 1 + 0.3 * np.sin(np.arange(steps) / 24 * 2 * np.pi - 2) + 0.04 * dice.random(steps)
    demand = 0.5 * sum(unit.max_mw for unit in units) * shape
    return case(demand.round(1).tolist(), *units, battery(60, 240, start=120))


@pytest.fixture(scope="module")
def base() -> Case:
    return window(two_days(), 0, HOURS)


@pytest.fixture(scope="module")
def solved(base: Case) -> tuple[Plan, Memory]:
    return plan_and_memory(base, None, DECOMPOSED)


def with_demand(grid: Case, factor: float) -> Case:
    zone = grid.zones[0]
    assert isinstance(zone.demand_mw, tuple)
    return grid.replaced(zones=(zone.model_copy(update={"demand_mw": tuple(factor * mw for mw in zone.demand_mw)}),))


def without(grid: Case, name: str) -> Case:
    return grid.replaced(resources=tuple(item for item in grid.resources if item.name != name))


def with_more_storage(grid: Case) -> Case:
    return grid.replaced(resources=(*grid.resources, battery(40, 160, start=80, name="second")))


def later(plan: Plan) -> Case:
    """The window that begins six hours later, where the plan leaves the units then."""
    states = {}
    for name, on in plan.commitment.items():
        held = next((hours for hours in range(1, SHIFT + 1) if on[SHIFT - hours] != on[SHIFT - 1]), SHIFT + 24)
        power = plan.power_mw[name][SHIFT - 1]
        states[name] = ThermalState(on=bool(on[SHIFT - 1]), hours=float(held), power_mw=power)
    return with_initial(window(two_days(), SHIFT, HOURS), states)


CHANGES: dict[str, Callable[[Case, Plan], Case]] = {
    "nothing": lambda grid, _: grid,
    "more demand": lambda grid, _: with_demand(grid, 1.01),
    "an outage": lambda grid, _: without(grid, "unit 3"),
    "a carbon price": lambda grid, _: grid.replaced(carbon_price_per_t=50.0),
    "more storage": lambda grid, _: with_more_storage(grid),
    "the next window": lambda _, plan: later(plan),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_warm_and_cold_agree_and_the_warm_bound_holds(base: Case, solved: tuple[Plan, Memory], change: str):
    plan, memory = solved
    grid = CHANGES[change](base, plan)
    cold, (warm, _) = plan_case(grid, DECOMPOSED), plan_and_memory(grid, memory, DECOMPOSED)
    assert judge(warm, grid).accepted
    assert warm.gap <= GAP + 1e-6
    assert warm.lower_bound <= cold.cost * (1 + 1e-9)
    assert cold.lower_bound <= warm.cost * (1 + 1e-9)
    assert (None, "case from 2030-07-15 00:00 UTC") == (cold.solver["started_from"], warm.solver["started_from"])


def rounds(grid: Case, memory: Memory | None) -> int:
    parts = split(grid, build(grid).pack())
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None, memory)
    generation.run(1e-4, np.inf)
    return generation.rounds


def test_a_neighbour_takes_fewer_rounds_of_pricing(base: Case, solved: tuple[Plan, Memory]):
    grid = with_demand(base, 1.005)
    assert rounds(grid, solved[1]) < 0.7 * rounds(grid, None)


def test_what_was_decided_is_dispatched_before_anything_is_searched(base: Case, monkeypatch: pytest.MonkeyPatch):
    """The same commitment at other prices of failure: no dive, no branch and bound."""
    monkeypatch.setattr(diving, "relaxed_dive", None)
    units = without(base, "battery").replaced(prices=PRICES.model_copy(update={"unserved_per_mwh": 9_000.0}))
    plan = plan_case(units, replace(DECOMPOSED, method="direct"))
    again = plan_case(units, replace(DECOMPOSED, gap=2 * GAP, start=plan))
    assert plan.commitment == again.commitment


def test_all_kinds_do_again_what_they_did(base: Case, solved: tuple[Plan, Memory], monkeypatch: pytest.MonkeyPatch):
    """The battery of a remembered plan has its whole numbers from there: the same plan at once, without a dive."""
    monkeypatch.setattr(diving, "relaxed_dive", None)
    plan, memory = solved
    again, later = plan_and_memory(base, memory, DECOMPOSED)
    assert plan.cost == approx(again.cost)
    assert memory.schedules["battery: charging"] == later.schedules["battery: charging"]
    assert 1.0 == max(memory.schedules["battery: charging"]["battery"])


def test_a_schedule_that_has_become_impossible_is_left_aside(base: Case, solved: tuple[Plan, Memory]):
    """With a tenth of its power the battery cannot do again what it did."""
    small = without(base, "battery").resources
    grid = base.replaced(resources=(*small, battery(6, 240, start=120)))
    plan, _ = plan_and_memory(grid, solved[1], DECOMPOSED)
    assert plan.gap <= GAP + 1e-6
    assert judge(plan, grid).accepted


def test_too_few_units_are_not_dispatched(base: Case, solved: tuple[Plan, Memory]):
    """At a third more demand what was on cannot carry it, so only a search finds a plan."""
    grid = with_demand(base, 1.33)
    plan, _ = plan_and_memory(grid, solved[1], DECOMPOSED)
    assert plan.gap <= GAP + 1e-6
    assert "relaxed" != plan.status


def test_a_planner_begins_where_its_last_case_ended_and_can_be_sent_to_another_process(base: Case):
    planner = Planner()
    first = planner.plan(base, DECOMPOSED)
    again = pickle.loads(pickle.dumps(planner)).plan(with_demand(base, 0.99), DECOMPOSED)
    assert first.solver["started_from"] is None
    assert "case from 2030-07-15 00:00 UTC" == again.solver["started_from"]


def test_a_plan_is_a_memory_too(base: Case, solved: tuple[Plan, Memory]):
    plan = plan_case(with_demand(base, 1.01), replace(DECOMPOSED, start=solved[0]))
    assert "case from 2030-07-15 00:00 UTC" == plan.solver["started_from"]
    assert plan.gap <= GAP + 1e-6


def test_the_direct_path_begins_from_a_memory_too(base: Case, solved: tuple[Plan, Memory]):
    plan, memory = plan_and_memory(base, solved[1], replace(DECOMPOSED, method="direct"))
    assert "case from 2030-07-15 00:00 UTC" == plan.solver["started_from"]
    assert plan.gap <= GAP + 1e-6
    assert set(plan.commitment) == set(memory.commitments)


def test_the_memory_of_another_fleet_is_left_aside(base: Case):
    _, other = plan_and_memory(case([50.0, 60.0], thermal("a stranger")), None)
    plan, _ = plan_and_memory(base, other, DECOMPOSED)
    assert plan.solver["started_from"] is None
    assert plan.gap <= GAP + 1e-6


@pytest.mark.parametrize("price", [-1e9, 0.0, 1e4, 1e9])
def test_prices_that_are_far_off_cost_time_only(base: Case, solved: tuple[Plan, Memory], price: float):
    prices = {family: dict.fromkeys(rows, (price,) * HOURS) for family, rows in solved[1].prices.items()}
    plan, _ = plan_and_memory(base, solved[1].model_copy(update={"prices": prices}), DECOMPOSED)
    assert plan.gap <= GAP + 1e-6
    assert plan.lower_bound <= solved[0].cost * (1 + 1e-9)


def test_a_memory_is_the_same_after_a_file(solved: tuple[Plan, Memory], tmp_path: Path):
    write_memory(solved[1], tmp_path / "memory.json")
    assert solved[1] == read_memory(tmp_path / "memory.json")
    assert read_memory(tmp_path / "none.json") is None


@pytest.mark.parametrize("content", ["", "{", '{"case_name": 3}', "[]", "\x00\x01"])
def test_a_file_that_is_no_memory_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "memory.json"
    path.write_text(content)
    with pytest.raises(BadInput, match=r"memory\.json.*not the memory of an earlier solve"):
        read_memory(path)


@pytest.mark.parametrize(
    ("shift_h", "step_min", "expected"),
    [
        (0, 60, range(24)),
        (6, 60, [*range(6, 24), *range(6)]),
        (-2, 60, [22, 23, *range(22)]),
        (48, 60, range(24)),
        (0, 30, [step // 2 for step in range(48)]),
    ],
)
def test_steps_are_found_by_moment_and_else_by_the_hour(shift_h: int, step_min: int, expected: list[int]):
    day = Horizon(start=MIDNIGHT, step_min=60, steps=24, timezone="UTC")
    start = MIDNIGHT + timedelta(hours=shift_h)
    new = Horizon(start=start, step_min=step_min, steps=24 * 60 // step_min, timezone="UTC")
    assert list(expected) == Memory(case_name="", horizon=day).steps_of(new).tolist()


def test_initial_states_are_taken_over_from_the_very_same_day_only(monkeypatch: pytest.MonkeyPatch):
    """Solving a day again would take another number of searches; a day in which one hour differs is solved again."""
    open_case = case(
        [60.0, 90.0, 120.0], thermal(low=20, initial=None), thermal("gas", low=10, price=500, initial=None)
    )
    planner, searches = Planner(), [0]
    search = settling.guarded_search

    def counted(*args: Any, **more: Any) -> Any:
        searches[0] += 1
        return search(*args, **more)

    monkeypatch.setattr(settling, "guarded_search", counted)
    first, again = planner.plan(open_case), planner.plan(open_case)
    assert (1, first.assumptions) == (searches[0], again.assumptions)
    changed = planner.plan(with_demand(open_case, 1.1))
    assert 2 == searches[0]
    assert approx(plan_case(with_demand(open_case, 1.1)).cost, rel=1e-3) == changed.cost
