"""What the master mixes becomes whole, block by block, within each block's own rules and near the mixture."""

import time

import numpy as np
import pytest

from grid_models.provinces import builtin_case
from services.dispatch.assembly import build
from services.dispatch.decomposition import diving, search
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import split
from services.dispatch.decomposition.whole_blocks import held, whole_blocks
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.highs import Settings, dispatch

SETTINGS = Settings(gap=1e-3)


def generated(grid) -> Generation:
    parts = split(grid, build(grid).pack())
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    generation.run(2.5e-4, time.monotonic() + 60)
    return generation


@pytest.fixture(scope="module")
def province() -> Generation:
    return generated(builtin_case("zhejiang"))


@pytest.fixture(scope="module")
def whole(province: Generation):
    return whole_blocks(province, SETTINGS, time.monotonic() + 120)


def test_blocks_that_are_broken_become_whole_within_their_own_rules(province: Generation, whole):
    blocks, matrix = province.blocks, province.parts.matrix
    assert blocks.broken(province.master.others())
    assert [] == blocks.broken(whole)
    for block in province.parts.blocks:
        values, activity = whole[block.columns], matrix.rows[block.rows] @ whole
        assert (matrix.lower[block.columns] - 1e-6 <= values).all()
        assert (values <= matrix.upper[block.columns] + 1e-6).all()
        assert (matrix.row_lower[block.rows] - 1e-4 <= activity).all()
        assert (activity <= matrix.row_upper[block.rows] + 1e-4).all()


def test_what_one_leaves_over_the_others_take_up(province: Generation, whole):
    """All blocks together stay nearer to the mixture than they would if each of them strayed for itself."""
    parts, mixture = province.parts, province.master.others()
    apart = [parts.links[:, block.columns] @ (whole - mixture)[block.columns] for block in parts.blocks]
    balance = province.boxed
    assert np.abs(np.sum(apart, axis=0)[balance]).sum() < 0.7 * np.sum(np.abs(apart), axis=0)[balance].sum()


def test_at_whole_blocks_the_relaxed_problem_costs_little_more(province: Generation, whole):
    parts = province.parts
    cost = dispatch(held(parts.matrix, parts, whole)).objective
    assert province.bound <= cost + 1e-6 * abs(cost)
    assert cost <= (1 + 1e-3) * province.bound


def test_out_of_time_the_mixture_stays_and_its_halves_stay_open(province: Generation):
    parts, mixture = province.parts, province.master.others()
    late = whole_blocks(province, SETTINGS, time.monotonic() - 1)
    assert np.array_equal(mixture, late)
    matrix = held(parts.matrix, parts, late)
    halves = matrix.integer & (np.abs(mixture - np.round(mixture)) > 1e-3) & (parts.party >= parts.units)
    assert halves.any()
    assert np.array_equal(parts.matrix.upper[halves], matrix.upper[halves])
    assert np.array_equal(parts.matrix.lower[halves], matrix.lower[halves])


def test_where_no_dive_comes_down_there_is_a_plan_all_the_same(monkeypatch: pytest.MonkeyPatch):
    """Every unit as in the schedule that it mainly follows, far nearer to the bound than a fleet at rest."""
    monkeypatch.setattr(diving, "relaxed_dive", lambda *_: None)
    monkeypatch.setattr(search, "_search", lambda *_: "its time limit")
    plan = plan_case(builtin_case("zhejiang"), Options(time_limit_s=120))
    assert plan.gap < 0.05


def test_without_one_answer_of_the_master_in_time_there_is_a_plan_all_the_same(monkeypatch: pytest.MonkeyPatch):
    """No schedule is known then, so every unit is open, those on outage excepted."""
    monkeypatch.setattr(Generation, "run", lambda *_: None)
    plan = plan_case(builtin_case("zhejiang"), Options(time_limit_s=10))
    assert plan.status in ("optimal", "feasible", "relaxed")
    assert plan.lower_bound <= plan.cost
