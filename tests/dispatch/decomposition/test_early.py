"""A large fleet has a plan before column generation has come near its end, and one schedule for each unit."""

import time
from dataclasses import replace

import numpy as np
import pytest
from test_parties import fleet, generated, parts_of

from services.dispatch import planning
from services.dispatch.decomposition import diving, early, haste, holding, parties, search
from services.dispatch.decomposition.aggregation import Aggregation
from services.dispatch.decomposition.assigning import one_each
from services.dispatch.decomposition.early import early_plans
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.neighbourhoods import missing_mw, shortages
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.highs import Outcome, Settings


@pytest.fixture
def grouped(monkeypatch: pytest.MonkeyPatch):
    """Forty units are many, and nearly all of them share a row of the master with others."""
    for module in (parties, holding):
        monkeypatch.setattr(module, "APART", 20)
    monkeypatch.setattr(parties, "GROUPS", 8)
    monkeypatch.setattr(holding, "MOST_OPEN", 500)


def hunting(generation: Generation, seconds: float = 60.0) -> Hunt:
    parts = generation.parts
    settings = Settings(gap=1e-3, seconds=seconds)
    deadline = time.monotonic() + seconds
    return Hunt(generation.case, parts.matrix, parts, generation, settings, deadline, None, Aggregation(parts, ()))


def coarse(grid) -> Generation:
    """Column generation that was broken off far from its end."""
    generation = Generation(grid, parts_of(grid), lambda _: None)
    generation.run(0.05, time.monotonic() + 60)
    return generation


def test_each_follows_one_schedule_and_all_together_nearly_the_mixture(grouped):
    """Of six units in a group that follow two schedules half and half, three follow each: next to nothing is left."""
    generation = generated(fleet())
    parts, mixture = generation.parts, generation.master.mixture()
    units = np.arange(parts.parties) < parts.units
    found = one_each(generation, units, mixture)
    on, columns = found.values[parts.decisions["on"]], parts.decisions["above_mw"]
    assert np.abs(on - np.round(on)).max() == 0
    mixed = mixture.values[parts.decisions["on"]]
    torn = (np.abs(mixed - np.round(mixed)) > 1e-6).any(axis=1)
    assert torn.sum() >= 5
    left_mw = parts.links @ (found.values - mixture.values)
    largest_mw = max(unit.max_mw for unit in parties.thermal_units(generation.case))
    assert np.abs(left_mw).max() < 2 * largest_mw
    assert found.values[columns].sum() == pytest.approx(mixture.values[columns].sum(), rel=0.05)
    assert found.cost.sum() == pytest.approx(mixture.cost.sum(), rel=0.05)


def test_nobody_is_torn_where_there_is_no_room_for_it(grouped):
    generation = generated(fleet())
    assert generation.master.without_box(time.monotonic() + 60)
    held = holding.Holding(generation, generation.parts.matrix, most_open=0)
    on = held.values[generation.parts.decisions["on"][~held.free[: generation.parts.units]]]
    assert len(on) >= 30
    assert np.abs(on - np.round(on)).max() == 0


def test_a_plan_comes_of_a_master_far_from_its_end(grouped):
    generation = coarse(fleet())
    plans = list(early_plans(hunting(generation), time.monotonic() + 60))
    best = min(plans, key=lambda plan: plan.objective)
    assert best.values is not None
    assert best.objective <= 1.03 * generation.bound
    assert missing_mw(generation.parts.matrix, best.values, generation.case.steps).max() < 1e-6


def test_more_units_come_on_until_there_is_enough(grouped):
    """A tenth more than what is on can give is asked for; none that is on goes off for it."""
    generation = coarse(fleet())
    hunt = hunting(generation)
    mixture = early._everybody(hunt, time.monotonic() + 60)
    on = generation.parts.decisions["on"]
    capacity_mw = early.capacity_mw(generation.case)
    asked = 1.1 * (capacity_mw * np.round(mixture.values[on])).sum(axis=0)
    assert (asked < capacity_mw.sum(axis=0)).all()
    more = early._with_more_on(hunt, mixture, asked)
    assert ((capacity_mw * more.values[on]).sum(axis=0) >= asked - 1e-6).all()
    assert (more.values[on] >= mixture.values[on] - 1e-9).all()


def test_nothing_comes_of_a_master_that_was_never_solved(grouped):
    generation = Generation(fleet(), parts_of(fleet()), lambda _: None)
    assert list(early_plans(hunting(generation), time.monotonic() + 60)) == []


def test_reserve_beyond_what_is_required_covers_no_demand(grouped):
    """Stores that hold 1,000 MW where 40 are required leave all of the demand to the units, and not 960 MW less."""
    generation = coarse(fleet())
    hunt, parts = hunting(generation), generation.parts
    nothing = np.zeros(parts.matrix.shape[1])
    columns = [item for item in parts.matrix.column_names.families if item.kind == "battery"]
    held = [item for item in columns if "reserve" in item.name or "award" in item.name]
    assert held
    ample = nothing.copy()
    for family in held:
        ample[family.first : family.first + family.size] = 1_000.0
    demand_mw = generation.case.demand_mw.sum(axis=0)
    assert early.needed_mw(hunt, nothing) == pytest.approx(demand_mw + 40)
    assert early.needed_mw(hunt, ample) == pytest.approx(demand_mw)


def test_what_is_missing_is_asked_for_beside_all_that_is_on(grouped, monkeypatch: pytest.MonkeyPatch):
    """Units that cannot rise in time have capacity enough: by capacity alone, asking again would change nothing."""
    generation = coarse(fleet())
    hunt, step = hunting(generation), 3
    asked, plans = [], []
    dispatched, with_more_on = early._dispatched, early._with_more_on

    def short(*arguments):
        plan = dispatched(*arguments)
        values = plan.values.copy()
        values[shortages(hunt.matrix)[0][..., step]] += 50.0
        plans.append(plan)
        return replace(plan, values=values, objective=plan.objective * (1 - 0.1 * len(plans)))

    def listening(hunt, mixture, wanted):
        asked.append(wanted.copy())
        return with_more_on(hunt, mixture, wanted)

    monkeypatch.setattr(early, "_dispatched", short)
    monkeypatch.setattr(early, "_with_more_on", listening)
    assert list(early_plans(hunt, time.monotonic() + 60))
    on = np.round(plans[0].values[generation.parts.decisions["on"]])
    assert asked[1][step] >= (early.capacity_mw(generation.case) * on).sum(axis=0)[step] + 100


def test_however_little_time_is_left_there_is_a_plan_near_its_bound(grouped):
    """Column generation gets the rounds that the plan needs, though the deadline is over."""
    grid = fleet()
    generation = Generation(grid, parts_of(grid), lambda _: None)
    best = Incumbent(lambda *_: None, -np.inf)
    haste.early(best, hunting(generation, seconds=-1.0))
    assert best.values is not None
    assert best.gap() < 0.1


def test_a_master_without_a_solution_is_not_waited_for(grouped, monkeypatch: pytest.MonkeyPatch):
    generation = Generation(fleet(), parts_of(fleet()), lambda _: None)
    asked: list[float] = []
    monkeypatch.setattr(generation.master, "solve", lambda deadline: bool(asked.append(deadline)))
    best = Incumbent(lambda *_: None, -np.inf)
    monkeypatch.setattr(haste, "early_takes_s", lambda _: 1_000.0)
    haste.early(best, hunting(generation, seconds=-1.0))
    assert len(asked) == 1
    assert best.values is None


def test_a_plan_in_hand_is_not_paid_for_with_time_that_is_not_there(grouped):
    grid = fleet()
    generation = coarse(grid)
    best = Incumbent(lambda *_: None, generation.bound, 1e12, np.zeros(generation.parts.matrix.shape[1]))
    haste.early(best, hunting(generation, seconds=-1.0))
    assert best.objective == 1e12


def test_where_branch_and_bound_comes_to_nothing_there_is_a_plan_by_prices(monkeypatch: pytest.MonkeyPatch):
    """The referee has accepted it, and the plan of last resort was not asked for."""
    monkeypatch.setattr(planning, "standing_still", None)
    monkeypatch.setattr(
        planning, "guarded_search", lambda *_: (Outcome("stopped", np.inf, -np.inf, None), "its time limit")
    )
    plan = plan_case(fleet(), Options(time_limit_s=5, method="direct"))
    assert plan.status == "feasible"
    assert plan.gap < 0.1


def test_where_no_dive_comes_down_in_time_there_is_a_plan_near_the_bound(grouped, monkeypatch: pytest.MonkeyPatch):
    """The referee has accepted it, nothing is missing, and the plan of last resort was not asked for."""
    monkeypatch.setattr(planning, "standing_still", None)
    monkeypatch.setattr(diving, "_held_dive", lambda *_: None)
    monkeypatch.setattr(search, "_search", lambda *_: "its time limit")
    plan = plan_case(fleet(), Options(gap=1e-6, time_limit_s=60, method="decomposed"))
    assert plan.status == "feasible"
    assert plan.gap < 0.02


def test_where_the_bound_took_all_its_time_no_dive_is_begun_before_there_is_a_plan(
    grouped, monkeypatch: pytest.MonkeyPatch
):
    generation = coarse(fleet())
    best, dives = Incumbent(lambda *_: None, generation.bound), []
    monkeypatch.setattr(search, "dive", lambda best, *_: dives.append(best.objective))
    monkeypatch.setattr(search, "_search", lambda *_: "its time limit")
    search._improve(best, hunting(generation), True)
    assert dives == [best.objective]
    assert best.gap() < 0.03


def test_no_search_of_a_large_matrix_is_begun_for_the_last_seconds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "LARGE_NONZEROS", 100)
    monkeypatch.setattr(search, "neighbourhoods", None)
    hunt = hunting(coarse(fleet()), seconds=5)
    assert search._one_by_one(Incumbent(lambda *_: None, -np.inf), hunt) == "its time limit"
