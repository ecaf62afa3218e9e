"""Parties that are alike share a row of the master; the bound stays one."""

import time

import numpy as np
import pytest
from building import battery, case, reserve, thermal

from services.dispatch.assembly import build
from services.dispatch.decomposition import parties
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import Split, split
from services.dispatch.merit import full_load_cost
from services.dispatch.planning import Options, plan_case


def fleet(units: int = 40, batteries: int = 6):
    """Units that differ a little in size and price, with start costs, and batteries that are nearly the same."""
    every = [
        thermal(
            f"unit {number}", low=10 + number % 7, high=30 + number % 11, price=200 + 3 * number,
            start_costs=[{"hours_off": 0, "cost": 500.0 + 20 * number}], min_up_h=3, min_down_h=2,
        )
        for number in range(units)
    ]  # fmt: skip
    stores = [battery(mw=10 + number, mwh=40, name=f"store {number}") for number in range(batteries)]
    demand = [18.0 * units * (1 + 0.4 * np.sin(hour / 2)) for hour in range(12)]
    return case(demand, *every, *stores, reserves=[reserve(40)])


def parts_of(grid) -> Split:
    parts = split(grid, build(grid).pack())
    assert parts is not None
    return parts


def generated(grid) -> Generation:
    generation = Generation(grid, parts_of(grid), lambda _: None)
    generation.run(1e-4, time.monotonic() + 60)
    return generation


def test_a_small_fleet_stays_apart():
    parts = parts_of(fleet())
    assert parties.together(fleet(), parts).tolist() == list(range(46))


def test_alike_parties_are_grouped_by_cost_and_kinds_never_mix(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parties, "APART", 10)
    monkeypatch.setattr(parties, "GROUPS", 10)
    grid = fleet()
    parts = parts_of(grid)
    group = parties.together(grid, parts)
    assert group.max() + 1 <= 15
    assert not set(group[: parts.units]) & set(group[parts.units :])
    by_cost = np.argsort(full_load_cost(parties.thermal_units(grid)), kind="stable")
    assert (np.diff(group[by_cost]) >= 0).all()


def test_the_bound_of_groups_is_below_the_optimum_and_near_that_of_single_parties(monkeypatch: pytest.MonkeyPatch):
    grid = fleet()
    optimum = plan_case(grid, Options(method="direct", gap=1e-5, time_limit_s=120))
    apart = generated(grid)
    monkeypatch.setattr(parties, "APART", 10)
    monkeypatch.setattr(parties, "GROUPS", 10)
    grouped = generated(grid)
    assert len(np.unique(grouped.group)) < len(np.unique(apart.group))
    assert grouped.bound <= optimum.cost * (1 + 1e-9)
    assert grouped.bound == pytest.approx(apart.bound, rel=5e-4)
    assert apart.master.objective <= grouped.master.objective * (1 + 5e-4)


def test_a_sample_stands_for_the_whole_fleet():
    grid = fleet()
    parts = parts_of(grid)
    weights = parties.weights_of_a_sample(grid, parts, 10)
    mw = np.array([unit.max_mw for unit in parties.thermal_units(grid)])
    assert (weights > 0).sum() < parts.parties / 2
    assert weights[: parts.units] @ mw == pytest.approx(mw.sum())
    assert weights[parts.units :].sum() == len(parts.blocks)


def test_the_mixture_of_the_master_meets_every_balance(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parties, "APART", 10)
    monkeypatch.setattr(parties, "GROUPS", 10)
    generation = generated(fleet())
    assert generation.master.without_box(time.monotonic() + 60)
    mixture = generation.master.mixture()
    parts = generation.parts
    activity = parts.links @ mixture.values
    assert (activity >= generation.master.lower - 1e-3).all()
    assert (activity <= generation.master.upper + 1e-3).all()
    assert mixture.cost.sum() + parts.matrix.cost[parts.kept] @ mixture.values[parts.kept] == pytest.approx(
        generation.master.objective
    )
