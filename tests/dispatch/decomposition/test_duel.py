"""Proof and plans side by side: no bound above the optimum, and whatever ends the duel leaves the best so far."""

import queue
import time
from functools import cache

import numpy as np
import pytest
from building import approx
from test_aggregation import fleet

from grid_models.case import Case
from services.dispatch.assembly import build
from services.dispatch.decomposition import diving
from services.dispatch.decomposition import search as searching
from services.dispatch.decomposition.aggregation import interchangeable
from services.dispatch.decomposition.duel import Prover, duel
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.hunt import Hunt, Incumbent
from services.dispatch.decomposition.split import split
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.guarded import Heard, next_word
from services.dispatch.solve.highs import Outcome, Settings, search

Bounds = list[tuple[float | None, float | None]]


def hunt(grid: Case, seconds: float = 30, gap: float = 1e-3, memory_limit_mb: float | None = None) -> Hunt:
    matrix = build(grid).pack()
    parts = split(grid, matrix)
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    generation.run(1e-4, time.monotonic() + 20)
    deadline, together = time.monotonic() + seconds, interchangeable(parts)
    return Hunt(grid, matrix, parts, generation, Settings(gap, seconds), deadline, memory_limit_mb, together)


@cache
def optimum(seed: int) -> Outcome:
    return search(build(fleet(seed)).pack(), Settings(gap=0.0, seconds=30, threads=1))


@pytest.mark.parametrize("cost_over_optimum", [0.99, 1.0, 1.001, 1.2])
def test_a_proof_never_goes_beyond_the_optimum_nor_its_cutoff(cost_over_optimum: float):
    """Whatever the best plan is said to cost: what is proven is below the optimum, or below the cutoff asked about."""
    chase, least = hunt(fleet(1)), optimum(1).objective
    best = Incumbent(lambda *_: None, chase.generation.bound, cost_over_optimum * least)
    heard: Heard = queue.Queue()
    prover = Prover(best, chase, heard)
    prover.begin()
    try:
        cutoff = prover.place.cutoff
        while prover.searching is not None:
            speaker, message = next_word(heard)
            if speaker is prover.searching:
                prover.hear(message)
    finally:
        prover.end()
    assert cutoff is not None
    assert best.bound <= max(chase.generation.bound, min(cutoff, least)) * (1 + 1e-7)
    # Run to its end it has proven the cutoff, or found the optimum below it.
    assert best.bound >= min(cutoff, least) * (1 - 1e-6)


def test_whole_counts_alone_are_never_dearer_than_the_optimum_and_their_answers_are_no_plans():
    chase, least = hunt(fleet(1)), optimum(1).objective
    prover = Prover(Incumbent(lambda *_: None, chase.generation.bound, 2 * least), chase, queue.Queue())
    prover.begin()
    prover.end()
    found = search(prover.place.matrix, Settings(gap=0.0, seconds=30, threads=1))
    assert found.values is not None
    assert found.objective <= least * (1 + 1e-7)
    assert prover.place.plan(found) is None


def test_where_whole_counts_are_not_enough_everything_must_be_whole():
    """Against a cutoff above the optimum no count can prove anything; near what the counts say there is a good plan."""
    chase, least = hunt(fleet(1)), optimum(1).objective
    best, heard = Incumbent(lambda *_: None, chase.generation.bound, 1.2 * least), Heard()
    prover = Prover(best, chase, heard)
    prover.begin()
    try:
        assert prover.place.relaxed
        places = {id(prover.place): prover.place}
        while prover.searching is not None:
            places[id(prover.place)] = prover.place
            speaker, message = next_word(heard)
            if speaker is prover.searching:
                prover.hear(message)
        assert [True, False] == [place.relaxed for place in places.values()][:2]
        assert least == approx(best.objective, rel=1.1e-3)
        assert best.bound <= least * (1 + 1e-7)
    finally:
        prover.end()


@pytest.mark.parametrize("seed", [1, 3])
def test_a_duel_ends_with_a_proven_plan(seed: int):
    chase, told, least = hunt(fleet(seed)), Bounds(), optimum(seed).objective
    best = Incumbent(lambda *both: told.append(both), chase.generation.bound)
    assert "" == duel(best, chase)
    assert best.gap() <= chase.settings.gap
    assert best.bound <= least * (1 + 1e-7)
    assert least == approx(best.objective, rel=1.1e-3)
    assert all(bound is None or bound <= least * (1 + 1e-7) for _, bound in told)


@pytest.fixture
def _always_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SMALL_NONZEROS", 0)
    monkeypatch.setattr(diving, "DIVE_GAP", -1.0)


@pytest.mark.usefixtures("_always_in_pairs")
def test_direct_and_decomposed_agree_when_two_search_side_by_side():
    grid = fleet(1)
    exact = plan_case(grid, Options(gap=0.0, method="direct"))
    found = plan_case(grid, Options(gap=1e-4, method="decomposed"))
    assert exact.cost == approx(found.cost, rel=1.1e-4)
    assert found.lower_bound <= exact.cost * (1 + 1e-7)


@pytest.mark.parametrize(
    ("seconds", "memory_limit_mb", "why"), [(0.0, None, "time limit"), (30.0, 10.0, "memory limit of 10 MB")]
)
def test_out_of_time_or_memory_the_best_so_far_stays(seconds: float, memory_limit_mb: float | None, why: str):
    chase = hunt(fleet(3), seconds, memory_limit_mb=memory_limit_mb)
    found = optimum(3)
    best = Incumbent(lambda *_: None, chase.generation.bound, 2 * found.objective, found.values)
    assert why in duel(best, chase)
    assert 2 * found.objective == best.objective
    assert chase.generation.bound <= best.bound <= found.objective * (1 + 1e-7)


def test_when_both_processes_die_the_best_so_far_stays(monkeypatch: pytest.MonkeyPatch):
    chase = hunt(fleet(3))
    found = optimum(3)
    best = Incumbent(lambda *_: None, chase.generation.bound, 2 * found.objective, found.values)
    monkeypatch.setattr("services.dispatch.solve.guarded.WORKER", "services.dispatch.solve.nothing")
    assert "the search process died" == duel(best, chase)
    assert 2 * found.objective == best.objective
    assert np.isfinite(best.bound)


def test_ctrl_c_leaves_what_was_found(monkeypatch: pytest.MonkeyPatch):
    chase = hunt(fleet(3))
    found = optimum(3)
    best = Incumbent(lambda *_: None, chase.generation.bound, 2 * found.objective, found.values)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.dispatch.decomposition.duel.next_word", interrupted)
    monkeypatch.setattr("services.dispatch.decomposition.duel._last_words", lambda *_: None)
    assert "interrupted" == duel(best, chase)
    assert found.values is best.values


@pytest.mark.parametrize("during", ["merit_search", "_search"])
def test_ctrl_c_before_or_between_the_searches_leaves_what_was_found(during: str, monkeypatch: pytest.MonkeyPatch):
    """The best plan is known to the search when the signal comes in the middle of something else."""
    grid, found = fleet(3), optimum(3)

    def interrupted(best: Incumbent, *_: object) -> str:
        best.take(found)
        raise KeyboardInterrupt

    monkeypatch.setattr(searching, during, interrupted)
    plan = plan_case(grid, Options(gap=0, method="decomposed", time_limit_s=30))
    assert found.objective == approx(plan.cost)
    assert "interrupted" == plan.solver["stopped_by"]
