"""A dive in which most parties stay where the master has them ends in a plan of the whole problem."""

import time
from dataclasses import replace

import numpy as np
import pytest
from test_parties import fleet, generated

from grid_models.provinces import builtin_case
from services.dispatch.decomposition import holding, parties
from services.dispatch.decomposition.fixing import with_whole_blocks
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.holding import Holding, worth_holding
from services.dispatch.decomposition.neighbourhoods import missing_mw
from services.dispatch.model import Matrix
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.highs import Outcome, Settings, dispatch

SETTINGS = Settings(gap=1e-3)


def in_time() -> float:
    return time.monotonic() + 60


@pytest.fixture
def few_open(monkeypatch: pytest.MonkeyPatch):
    """So little may be open that nearly everybody is held."""
    monkeypatch.setattr(holding, "MOST_OPEN", 500)
    monkeypatch.setattr(parties, "APART", 20)
    monkeypatch.setattr(parties, "GROUPS", 20)
    monkeypatch.setattr(holding, "APART", 20)


def test_stage_by_stage_all_blocks_become_whole_and_the_rest_answers():
    generation = generated(fleet())
    assert with_whole_blocks(generation, SETTINGS, time.monotonic() - 1) is None
    rest = with_whole_blocks(generation, SETTINGS, in_time())
    assert rest is not None
    assert generation.blocks.broken(rest.master.others()) == []
    assert rest.counts[: rest.parts.units].all()
    assert not rest.counts[rest.parts.units :].any()
    assert generation.bound <= rest.master.objective
    assert rest.master.objective <= generation.bound * (1 + 5e-3)


def with_its_whole_hours_fixed(rest: Generation) -> Matrix:
    """The whole problem with every unit-hour fixed that the master has decided."""
    matrix, on = rest.parts.matrix, rest.parts.decisions["on"]
    share = rest.master.mixture().values[on]
    decided = np.abs(share - np.round(share)) < 1e-6
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[on[decided]] = upper[on[decided]] = np.round(share[decided])
    return replace(matrix, lower=lower, upper=upper)


@pytest.fixture
def rest(few_open) -> Generation:
    found = with_whole_blocks(generated(fleet()), SETTINGS, in_time())
    assert found is not None
    assert found.master.without_box(in_time())
    return found


def test_what_is_held_costs_what_the_master_says(rest: Generation):
    narrowed = with_its_whole_hours_fixed(rest)
    assert worth_holding(rest.parts, narrowed)
    held = Holding(rest, narrowed)
    assert 0 < held.free.sum() < rest.parts.parties / 2
    relaxed = dispatch(replace(held.matrix, integer=np.zeros_like(narrowed.integer)))
    assert relaxed.objective <= rest.master.objective * (1 + 1e-6)
    assert relaxed.objective >= 0.99 * rest.bound


def test_who_would_do_something_by_halves_is_free(few_open):
    generation = generated(fleet())
    assert generation.master.without_box(in_time())
    broken = generation.blocks.broken(generation.master.others())
    assert broken
    assert Holding(generation, generation.parts.matrix).free[generation.parts.units + np.array(broken)].all()


def test_who_is_opened_comes_back_with_all_rows(rest: Generation):
    narrowed = with_its_whole_hours_fixed(rest)
    held = Holding(rest, narrowed)
    unit = int(np.flatnonzero(~held.free[: rest.parts.units])[0])
    columns = rest.parts.decisions["on"][unit]
    opened, theirs = held.opened(held.matrix, columns), rest.parts.party == unit
    assert (held.matrix.lower[theirs] == held.matrix.upper[theirs]).all()
    assert np.array_equal(opened.lower[theirs], narrowed.lower[theirs])
    assert (opened.upper[columns] == 1).all()
    assert np.isfinite(opened.row_upper).sum() > np.isfinite(held.matrix.row_upper).sum()
    assert opened.offset == pytest.approx(
        held.matrix.offset - held.cost[unit] + narrowed.cost[theirs] @ held.values[theirs]
    )


def test_what_follows_from_the_decisions_of_the_held_is_filled_in(rest: Generation):
    """The master's mixture, as a plan of the whole problem: never dearer than the master says."""
    held = Holding(rest, with_its_whole_hours_fixed(rest))
    held.free[:] = False
    mixture = Outcome("stopped", rest.master.objective, -np.inf, rest.master.mixture().values)
    matrix = replace(rest.parts.matrix, integer=np.zeros_like(rest.parts.matrix.integer))
    filled = held.whole(matrix, mixture, 60)
    assert filled is not None
    assert filled.objective <= rest.master.objective * (1 + 1e-6)
    assert filled.objective >= rest.bound * (1 - 1e-6)


def test_blocks_answer_to_the_units_at_the_end_and_never_at_a_higher_cost(rest: Generation):
    """Each of the batteries may change its output; those of the units that are held stay as they are."""
    held = Holding(rest, with_its_whole_hours_fixed(rest))
    held.free[: rest.parts.units] = True
    matrix = replace(rest.parts.matrix, integer=np.zeros_like(rest.parts.matrix.integer))
    best = dispatch(matrix)
    battery = rest.parts.party >= rest.parts.units
    still = replace(matrix, upper=np.where(battery, matrix.lower, matrix.upper))
    worse = dispatch(still)
    assert worse.objective > best.objective
    assert held.settled(matrix, worse, 60).objective == pytest.approx(best.objective)


def test_while_something_is_missing_more_blocks_answer(rest: Generation, monkeypatch: pytest.MonkeyPatch):
    """Idle batteries leave reserve missing; there is room for one of the six at first, then for all that are needed."""
    held = Holding(rest, with_its_whole_hours_fixed(rest))
    held.free[:] = False
    parts = rest.parts
    matrix = replace(parts.matrix, integer=np.zeros_like(parts.matrix.integer))
    best = dispatch(matrix)
    assert best.values is not None
    idle = np.where(parts.party >= parts.units, matrix.lower, best.values)
    still = parts.party >= 0
    short = dispatch(
        replace(matrix, lower=np.where(still, idle, matrix.lower), upper=np.where(still, idle, matrix.upper))
    )
    monkeypatch.setattr(holding, "MOST_OPEN", len(parts.blocks[0].columns))
    first = held._answered(matrix, short, holding.MOST_OPEN, 60)
    missing = [float(missing_mw(matrix, plan.values, 12).max()) for plan in (short, first)]
    assert missing[0] > missing[1] > 1
    assert missing_mw(matrix, held.settled(matrix, short, 60).values, 12).max() < 1e-6


def test_a_held_dive_ends_in_a_plan_near_the_bound(few_open, monkeypatch: pytest.MonkeyPatch):
    """The referee has accepted both plans; each bound holds for the other."""
    monkeypatch.setattr(holding, "MOST_OPEN", 8_000)
    case = builtin_case("zhejiang")
    held = plan_case(case, Options(gap=2e-3, time_limit_s=120))
    assert held.gap <= 2e-3
    direct = plan_case(case, Options(gap=5e-3, method="direct", time_limit_s=120))
    assert held.lower_bound <= direct.cost
    assert direct.lower_bound <= held.cost
