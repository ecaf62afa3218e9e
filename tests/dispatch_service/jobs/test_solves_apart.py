"""A solve lives in a process of its own: it fails alone, stops at once, and leaves nothing behind."""

import os
import signal

import psutil
import pytest
from asking import asked, at_work, ended

from services.dispatch.leases import Lease
from services.dispatch.processes import Limits, Solve
from services.dispatch.store import Store

AMPLE = Limits(memory_max_mb=4000, seconds=60, grace_s=60)
HEADER = {"solver": {"gap": 1e-3, "time_limit_s": 60, "threads": 1, "seed": 1, "method": "auto"}}


def solve(case, limits=AMPLE) -> Solve:
    return Solve(HEADER, case.model_dump_json().encode(), limits)


def carry_on(_progress) -> bool:
    return True


def test_progress_is_heard_and_a_plan_comes_out(case):
    heard = []
    with solve(case) as run:
        end = run.watch(lambda progress: heard.append(progress) or True)
    assert pytest.approx(51_000) == end.answer["cost"]
    assert ["check", "search"] == [one["phase"] for one in heard if one and one["phase"] in ("check", "search")]
    assert 0 < end.peak_mb < 4000


def test_a_solve_over_its_memory_fails_alone_and_says_so(case):
    with solve(case, Limits(memory_max_mb=64, seconds=60, grace_s=60)) as run:
        end = run.watch(carry_on)
    assert "/problems/over-memory" == end.problem["type"]
    assert "more than the 64 MB that one may have" in end.problem["detail"]


def test_a_solve_that_does_not_end_is_ended(case):
    with solve(case, Limits(memory_max_mb=4000, seconds=0.0, grace_s=0.0)) as run:
        end = run.watch(carry_on)
    assert "/problems/over-time" == end.problem["type"]


def test_a_solve_that_is_stopped_leaves_no_process(case):
    with solve(case) as run:
        family = [psutil.Process(run._process.pid)]
        assert run.watch(lambda _: False) is None
    assert [] == [one for one in family if one.is_running()]


def test_a_solve_whose_process_dies_is_a_fault_of_ours(case):
    with solve(case) as run:
        os.kill(run._process.pid, signal.SIGKILL)
        end = run.watch(carry_on)
    assert ("/problems/internal", 500) == (end.problem["type"], end.problem["status"])
    assert "code -9" in end.problem["detail"]


def test_a_solve_ends_with_whoever_watched_it(case):
    run = solve(case)
    child = psutil.Process(run._process.pid)
    run._process.stdin.close()  # all that is left of a parent that was killed
    child.wait(timeout=30)
    run.end()


def test_a_solve_over_its_memory_is_a_failed_plan_and_the_next_one_goes_on(settings, app, document):
    from httpx import Client
    from serving import served

    tight = settings.model_copy(update={"memory_max_mb": 64})
    with served(app) as address, Client(base_url=address, timeout=20, trust_env=False) as client:
        with at_work(tight):
            failed = ended(client, asked(client, case=document))
        assert ("failed", "/problems/over-memory", 503) == (
            failed["status"], failed["error"]["type"], failed["error"]["status"],
        )  # fmt: skip
        with at_work(settings):
            assert "done" == ended(client, asked(client, case=document))["status"]
        assert 'gridflex_dispatch_failures_total{reason="over-memory"} 1.0' in client.get("/metrics").text


def test_a_plan_that_runs_is_cancelled_wherever_it_is(settings, client, monkeypatch):
    from grid_models.provinces import builtin_case

    with at_work(settings):
        plan = asked(client, case=builtin_case("zhejiang").model_dump(mode="json"), gap=0.0, time_limit_s=300)
        with client.stream("GET", f"{plan['url']}/events") as events:
            for line in events.iter_lines():
                if line == "event: running":
                    break
        assert "cancelled" == client.delete(plan["url"]).json()["status"]
        with Store.open(settings.url) as store:
            gone = store.jobs.get(plan["question"])
            assert ("cancelled", None) == (gone.status, gone.runner)


def test_a_lease_knows_when_it_is_lost(store, case):
    from services.dispatch.store.asking import Asked

    store.cases.keep(case)
    plan = store.plans.ask(Asked("k", case.hash, "x", {}, "me"))
    claim = store.jobs.claim("w", 1.0)
    with Lease(store, claim) as lease:
        lease.tell({"phase": "search"})
        assert not lease.lost.wait(1.5)
        assert "search" == store.plans.get(plan.id).progress["phase"]
        assert () == store.jobs.take_up_lost()
        store.plans.cancel(plan.id)
        assert lease.lost.wait(10)
        assert not lease.insist(lambda: pytest.fail("nobody may write any more"))
