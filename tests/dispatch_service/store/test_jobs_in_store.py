"""A question is worked on by one at a time, answered once, and never lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.dispatch.store import Store
from services.dispatch.store.asking import Asked
from services.dispatch.store.jobs import LOSSES_MAX, Answer
from services.dispatch.store.keys import Once
from services.dispatch.store.tallies import Count
from services.web.errors import Conflict, KeyUsedOtherwise, NotFound

ANSWER = Answer(b'{"cost": 1}', None, {"cost": 1.0})
LONG_S, OVER_S = 60.0, -1.0


@pytest.fixture
def asked(store, case):
    store.cases.keep(case)
    return Asked("k" * 64, case.hash, case.name, {"seed": 1}, "planner")


def test_two_plans_of_the_same_question_share_its_answer(store, asked):
    first, second = store.plans.ask(asked), store.plans.ask(asked)
    claim = store.jobs.claim("w", LONG_S)
    assert store.jobs.claim("w", LONG_S) is None
    assert store.jobs.finish(claim, ANSWER)
    assert ("done", "done") == tuple(store.plans.get(one.id).status for one in (first, second))
    assert "done" == store.plans.ask(asked).status
    assert b'{"cost": 1}' == store.jobs.plan(asked.key)


def test_of_many_that_reach_for_a_job_one_gets_it(store, asked, url):
    store.plans.ask(asked)
    with ThreadPoolExecutor(8) as many:
        claims = list(many.map(lambda _: store.jobs.claim("w", LONG_S), range(8)))
    assert 1 == sum(claim is not None for claim in claims)


def test_of_two_processes_with_the_same_claim_one_begins(store, asked):
    store.plans.ask(asked)
    claim = store.jobs.claim("w", LONG_S)
    assert store.jobs.hold(claim)
    assert [True, False] == [store.jobs.begin(claim, "a"), store.jobs.begin(claim, "b")]
    assert not store.jobs.hold(claim)


def test_a_lease_that_ran_out_opens_nothing_any_more(store, asked):
    store.plans.ask(asked)
    late = store.jobs.claim("slow", OVER_S)
    assert not store.jobs.begin(late, "slow")
    assert (asked.key,) == store.jobs.take_up_lost()
    claim = store.jobs.claim("quick", LONG_S)
    assert not store.jobs.renew(late)
    assert not store.jobs.finish(late, ANSWER, [Count("m", {}, 1.0)])
    assert store.jobs.finish(claim, ANSWER, [Count("m", {}, 1.0)])
    assert ["lost", "done"] == [one.outcome for one in store.jobs.attempts(asked.key)]
    assert 1.0 == {one.metric: one.value for one in store.tallies.all()}["m"]


def test_a_job_that_brings_down_every_process_fails_in_the_end(store, asked):
    plan = store.plans.ask(asked)
    for _ in range(LOSSES_MAX):
        claim = replace(store.jobs.claim("w", LONG_S), lease_s=OVER_S)
        assert store.jobs.begin(claim, "w")
        store.jobs.take_up_lost()
    failed = store.plans.get(plan.id)
    assert ("failed", "/problems/lost-too-often") == (failed.status, failed.error["type"])


def test_a_cancelled_plan_stops_its_work_unless_somebody_else_waits(store, asked):
    mine, yours = store.plans.ask(asked), store.plans.ask(asked)
    claim = store.jobs.claim("w", LONG_S)
    assert "cancelled" == store.plans.cancel(mine.id).status
    assert store.jobs.renew(claim)
    store.plans.cancel(yours.id)
    assert not store.jobs.renew(claim)
    assert not store.jobs.finish(claim, ANSWER)
    assert "queued" == store.plans.ask(asked).status


def test_a_failed_question_may_be_asked_again(store, asked):
    store.plans.ask(asked)
    store.jobs.fail(store.jobs.claim("w", LONG_S), {"type": "t", "detail": "no"})
    assert "queued" == store.plans.ask(asked).status
    assert 2 == store.jobs.claim("w", LONG_S).number


def test_a_request_under_a_key_makes_one_plan(store, asked):
    once = replace(asked, once=Once("key", "digest"))
    with ThreadPoolExecutor(4) as many:
        made = {plan.id for plan in many.map(lambda _: store.plans.ask(once), range(4))}
    assert 1 == len(made) == len(store.plans.page(10))
    with pytest.raises(KeyUsedOtherwise):
        store.plans.ask(replace(asked, once=Once("key", "another")))


def test_a_plan_lives_from_draft_to_issued_and_not_otherwise(store, asked):
    plan = store.plans.ask(asked)
    with pytest.raises(Conflict, match="queued"):
        store.plans.approve(plan.id, "op")
    store.jobs.finish(store.jobs.claim("w", LONG_S), ANSWER)
    with pytest.raises(Conflict, match="draft"):
        store.plans.issue(plan.id, "op")
    store.plans.approve(plan.id, "op")
    issued = store.plans.issue(plan.id, "chief")
    assert ("issued", "op", "chief") == (issued.life, issued.approved_by, issued.issued_by)
    with pytest.raises(Conflict, match="issued"):
        store.plans.approve(plan.id, "op")


def test_what_is_old_goes_unless_it_was_issued(store, asked, monkeypatch):
    kept, gone = store.plans.ask(asked), store.plans.ask(replace(asked, key="g" * 64))
    for _ in range(2):
        store.jobs.finish(store.jobs.claim("w", LONG_S), ANSWER)
    store.plans.approve(kept.id, "op")
    store.plans.issue(kept.id, "op")
    monkeypatch.setattr("services.dispatch.store.retention.now_ms", lambda: 10**14)
    assert {"plans": 1, "results": 1, "jobs": 1, "cases": 0} == {
        name: count for name, count in store.retain(30).items() if name in ("plans", "results", "jobs", "cases")
    }
    assert "done" == store.plans.get(kept.id).status
    with pytest.raises(NotFound):
        store.plans.get(gone.id)


def test_a_backup_of_one_database_is_restored_into_the_other(store, asked, tmp_path, postgresql):
    from services.dispatch.store.backup import backup, restore

    plan = store.plans.ask(asked)
    store.jobs.finish(store.jobs.claim("w", LONG_S), ANSWER)
    store.audit.write("me", "POST", "/v1/plans", 202, "r")
    backup(store.database, tmp_path / "backup.gz")
    for other in (f"sqlite:///{tmp_path}/other.db", postgresql.database()):
        with Store.open(other) as copy:
            restore(copy.database, tmp_path / "backup.gz")
            assert store.plans.get(plan.id) == copy.plans.get(plan.id)
            assert store.jobs.plan(asked.key) == copy.jobs.plan(asked.key)
            copy.audit.write("me", "POST", "/v1/plans", 202, "r")
            assert 2 == len(copy.audit.page(10))
            with pytest.raises(Conflict, match="empty"):
                restore(copy.database, tmp_path / "backup.gz")


def test_a_list_of_ten_thousand_plans_is_quick(store, asked):
    import time

    from sqlalchemy import insert

    from services.dispatch.store.tables import AskedPlan

    store.plans.ask(asked)
    row = {"key": asked.key, "case_name": "x", "life": "draft", "cancelled": False, "asked_by": "me"}
    with store.database.writing() as connection:
        rows = [row | {"id": f"{number:040}", "asked_ms": number} for number in range(10_000)]
        connection.execute(insert(AskedPlan), rows)
    begun = time.perf_counter()
    page = store.plans.page(100)
    page = store.plans.page(100, (page[-1].asked_ms, page[-1].id))
    # A fortieth of a second is usual; the bound tells a scan of all from a look at an index on a busy machine.
    assert time.perf_counter() - begun < 1.0
    assert 100 == len(page)
