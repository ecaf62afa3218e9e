"""Climbs by merit order: the estimate is the dispatch where ramps let it, and no other schedule answers better."""

import itertools
import time

import numpy as np
import pytest
from building import approx, case, free, reserve, thermal
from numba import typeof
from test_aggregation import fleet

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.assembly import build
from services.dispatch.decomposition import merit_search as merit
from services.dispatch.decomposition.aggregation import Aggregation
from services.dispatch.decomposition.compiled.answer import answer
from services.dispatch.decomposition.compiled.merit import evaluate, state_of
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.split import split
from services.dispatch.precompile import tiny_case
from services.dispatch.solve.highs import Settings, search

Commitment = merit.Commitment
EXACT = Settings(gap=0.0, seconds=30, threads=1)


def hunt(grid: Case, settings: Settings = EXACT) -> Hunt:
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    generation.run(1e-4, time.monotonic() + 20)
    return Hunt(grid, matrix, parts, generation, settings, time.monotonic() + 30, None, Aggregation(parts, ()))


def estimated(chase: Hunt, on: Commitment) -> float:
    see = merit.Mountain.of(chase, chase.generation.master.others())
    cost = evaluate(see.units, see.pieces, see.need, state_of(on, see.pieces, see.need.depth))
    return float(cost) + chase.matrix.offset


def dispatched(chase: Hunt, on: Commitment) -> float:
    others = chase.generation.master.others()
    found = completed(chase.matrix, chase.parts, on.T.astype(float), others, EXACT, None)
    assert found is not None
    return found.objective


def test_cheap_wind_first_then_the_cheapest_units():
    """
    50 MW wind, coal 20 to 100 MW at 200, gas 10 to 50 MW at 500; 90, 130 and 190 MW are asked for.

    Coal on all the time, gas in the last hour: (40 + 80 + 100) x 200 + 40 x 500 and a start of gas at 700.
    """
    units = (
        thermal("coal", 20, 100, 200, was=20),
        thermal("gas", 10, 50, 500, start_costs=[{"hours_off": 1, "cost": 700}]),
    )
    chase = hunt(case([90, 130, 190], *units, free("wind", 50)))
    on = np.array([[1, 0], [1, 0], [1, 1]], np.int8)
    assert 220 * 200 + 40 * 500 + 700 == approx(estimated(chase, on))
    assert 220 * 200 + 40 * 500 + 700 == approx(dispatched(chase, on))


def test_output_out_of_reach_later_is_there_earlier():
    """
    Coal at 200 rises by 30 MW an hour, wind gives 100, 100, 0 MW; 100, 100 and 90 MW are asked for.

    Coal's minimum is 0: it must stand at 60 in the second hour and at 30 in the first: 180 MWh, with wind to spare.
    """
    coal = thermal("coal", 0, 150, 200, was=0, ramp_up_mw_per_h=30, start_max_mw=150)
    chase = hunt(case([100, 100, 90], coal, free("wind", [100, 100, 0])))
    on = np.ones((3, 1), np.int8)
    assert 180 * 200 == approx(estimated(chase, on))
    assert 180 * 200 == approx(dispatched(chase, on))


def test_reserve_and_what_a_start_leaves_out():
    """A unit that starts at its minimum of 20 MW gives 20 in its first hour; 10 MW of reserve on top are missing."""
    units = thermal("coal", 20, 100, 200, start_max_mw=20), thermal("gas", 10, 50, 500, was=10)
    chase = hunt(case([60, 60], *units, reserves=[reserve(20)]))
    see = merit.Mountain.of(chase, chase.generation.master.others())
    state = state_of(np.ones((2, 2), np.int8), see.pieces, see.need.depth)
    evaluate(see.units, see.pieces, see.need, state)
    assert [[0, 40], [80, 40]] == state.room.tolist()
    short = 30 + 20 - 40
    assert 20 * 200 + 40 * 500 + short * see.need.dear + 50 * 200 + 10 * 500 == approx(estimated(chase, state.on))


@pytest.mark.parametrize("seed", range(6))
def test_the_estimate_is_never_above_the_dispatch(seed: int):
    """It leaves out what ramps ask of single units; where nothing is missing it is a bound on the dispatch."""
    chase = hunt(fleet(seed))
    see = merit.Mountain.of(chase, chase.generation.master.others())
    climber = merit.Climber.at(np.ones((8, chase.parts.units), np.int8), see)
    climber.go_on(seed, lambda: False)
    on = climber.kept[climber.costs.argmin()]
    assert estimated(chase, on) == approx(climber.costs.min() + chase.matrix.offset)
    assert estimated(chase, on) <= dispatched(chase, on) * (1 + 1e-7)
    assert dispatched(chase, on) == approx(estimated(chase, on), rel=2e-2)


@pytest.mark.parametrize("seed", range(4))
def test_no_schedule_answers_better(seed: int):
    """Every schedule of a unit that its minimum times allow, tried one by one, beside a fleet that stays as it is."""
    draw = np.random.default_rng(seed)
    steps, up, down = 8, int(draw.integers(1, 4)), int(draw.integers(1, 4))
    costs = [{"hours_off": down, "cost": 500}, {"hours_off": down + 2, "cost": 4_000}]
    one = thermal("one", 30, 90, 250, min_up_h=up, min_down_h=down, start_costs=costs, start_max_mw=40, stop_max_mw=50,
                  was=60 if seed % 2 else None)  # fmt: skip
    rest = [thermal(f"rest {row}", 20, 100, 200 + 90 * row, was=20) for row in range(3)]
    chase = hunt(case((120 + 160 * draw.random(steps)).tolist(), one, *rest, reserves=[reserve(10)]))
    see = merit.Mountain.of(chase, chase.generation.master.others())
    state = state_of(np.ones((steps, 4), np.int8), see.pieces, see.need.depth)
    state.on[:, 2:] = draw.random((steps, 2)) < 0.6
    evaluate(see.units, see.pieces, see.need, state)
    found = np.zeros(steps, np.int8)
    answer(0, see.units, see.pieces, see.need, state, np.zeros(steps, np.int8), found)
    costs_of = {way: estimated(chase, with_first(state.on, way)) for way in allowed(steps, up, down, bool(seed % 2))}
    assert tuple(found.tolist()) in costs_of
    assert min(costs_of.values()) == approx(costs_of[tuple(found.tolist())])


def with_first(on: Commitment, way: tuple[int, ...]) -> Commitment:
    changed = on.copy()
    changed[:, 0] = way
    return changed


def allowed(steps: int, up: int, down: int, was_on: bool) -> list[tuple[int, ...]]:
    """All schedules whose runs and rests are long enough; those since before and up to the end may be short."""
    ways = []
    for way in itertools.product((0, 1), repeat=steps):
        lengths = [(state, len(list(run))) for state, run in itertools.groupby((int(was_on),) * 100 + way)]
        if all(length >= (up if state else down) for state, length in lengths[1:-1]):
            ways.append(way)
    return ways


def test_one_unit_and_many_are_the_same_to_the_compiler():
    """What is compiled for the tiny case at set-up serves every fleet, or the first solve would wait for a minute."""
    kinds = []
    for grid in (tiny_case(), fleet(1)):
        chase = hunt(grid)
        see = merit.Mountain.of(chase, chase.generation.master.others())
        climber = merit.Climber.at(np.ones((chase.parts.units, grid.steps), np.int8).T, see)
        seen = (see.units, see.pieces, see.need, see.doubt, climber.state, climber.kept, climber.costs)
        kinds.append([typeof(part) for part in seen])
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("seed", range(4))
def test_the_climb_ends_near_the_optimum(seed: int):
    chase = hunt(fleet(seed), Settings(gap=1e-4, seconds=30, threads=2))
    optimum = search(chase.matrix, EXACT)
    told: list[Floats] = []
    best = Incumbent(lambda *_: told.append(np.zeros(0)), chase.generation.bound)
    merit.merit_search(best, chase, 6, lambda: False)
    assert optimum.objective * (1 - 1e-7) <= best.objective
    assert optimum.objective == approx(best.objective, rel=1e-2)
    assert told
