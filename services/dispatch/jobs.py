"""One attempt at a job, on whichever machine Dask runs it: prepare the case, solve it apart, keep the answer.

Nothing that Dask knows is needed afterwards: the truth is in the store, and a run that dies leaves only its lease.
"""

import json
import os
import socket
import threading
from functools import cache
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.plan import Plan
from services.dispatch.counting import of_assessment, of_failure, of_plan
from services.dispatch.forecasts import Forecasting, ForecastSource
from services.dispatch.glance import glance
from services.dispatch.leases import Lease
from services.dispatch.problems import problem_of
from services.dispatch.processes import Ended, Limits, Solve
from services.dispatch.questions import AssessmentQuestion, Question
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.jobs import Answer, Claim
from services.web.errors import ServiceError

log = structlog.get_logger(__name__)
STOPPING = threading.Event()
"""Set when this process is to end: what runs goes back to the queue."""


def attempt_here(claim: Claim) -> str:
    """As a Dask task on any machine: it is set up by its own environment, so that no secret travels with the task."""
    return attempt(Settings(), claim)


def attempt(settings: Settings, claim: Claim) -> str:
    """What became of it, in a word; the outcome itself is in the store."""
    store = _opened(settings.url)
    if not store.jobs.begin(claim, f"{socket.gethostname()}:{os.getpid()}"):
        return "not ours"
    with structlog.contextvars.bound_contextvars(job=claim.key, attempt=claim.number), Lease(store, claim) as lease:
        try:
            return _attempt(settings, store, claim, lease)
        except (BadInput, ServiceError) as error:
            return _failed(store, claim, lease, _told(error))
        except (OperationalError, InterfaceError) as away:
            # The database went away under the attempt: the question is as good as it was, so it waits again.
            log.warning("attempt given back", reason=str(away.orig))
            return _given_back(store, claim, lease)
        except Exception as error:
            log.exception("attempt failed")
            return _failed(store, claim, lease, problem_of(error))


def _attempt(settings: Settings, store: Store, claim: Claim, lease: Lease) -> str:
    log.info("attempt begins")
    job = store.jobs.get(claim.key)
    if job.request.get("kind") == "assessment":
        return _assess(settings, store, claim, lease, AssessmentQuestion.model_validate(job.request))
    question = Question.model_validate(job.request)
    case, forecasting = _prepared(settings, store, question, lease)
    limits = Limits(settings.memory_max_mb, question.solver.time_limit_s, settings.grace_s)
    with Solve(_header(store, question), case.model_dump_json().encode(), limits) as solve:
        ended = solve.watch(lambda progress: _go_on(lease, progress))
    if ended is None:
        return _stopped(store, claim, lease)
    if ended.answer is None:
        return _failed(store, claim, lease, ended.problem or problem_of(RuntimeError("it said nothing")))
    return _done(store, claim, lease, ended, case, forecasting)


def _assess(settings: Settings, store: Store, claim: Claim, lease: Lease, question: AssessmentQuestion) -> str:
    from services.dispatch.assessment.wish import AssessmentWish

    wish = AssessmentWish.model_validate(question.wish)
    case = b"null" if wish.province else store.cases.case(question.case_hash).model_dump_json().encode()
    limits = Limits(settings.memory_max_mb, wish.seconds, settings.grace_s)
    with Solve({"assessment": question.wish}, case, limits) as solve:
        ended = solve.watch(lambda progress: _go_on(lease, progress))
    if ended is None:
        return _stopped(store, claim, lease)
    if ended.answer is None:
        return _failed(store, claim, lease, ended.problem or problem_of(RuntimeError("it said nothing")))
    return _assessed(store, claim, lease, ended.answer)


def _assessed(store: Store, claim: Claim, lease: Lease, document: dict[str, Any]) -> str:
    from services.dispatch.assessment.document.assessment import Assessment

    found = Assessment.model_validate(document)
    summary = found.summary
    answer = Answer(found.model_dump_json().encode(), None, summary)
    kept = lease.insist(lambda: store.jobs.finish(claim, answer, of_assessment(summary, claim.number)))
    log.info("assessment made" if kept else "answer came too late", subject=found.name, answer=summary["answer"])
    return "done" if kept else "lost"


def _prepared(settings: Settings, store: Store, question: Question, lease: Lease) -> tuple[Case, Forecasting | None]:
    """The case to solve: the one that was asked about, or the same with forecasts in it."""
    case = store.cases.case(question.case_hash)
    if question.forecast is None:
        return case, None
    lease.tell({"phase": "forecast", "seconds": 0.0})
    return ForecastSource.of(settings, store).applied(case, question.forecast)


def _header(store: Store, question: Question) -> dict[str, Any]:
    start = None if question.start is None else json.loads(store.jobs.plan(question.start))
    return {"solver": question.solver.model_dump(), "start": start}


def _go_on(lease: Lease, progress: dict[str, Any] | None) -> bool:
    lease.tell(progress)
    return not lease.lost.is_set() and not STOPPING.is_set()


def _stopped(store: Store, claim: Claim, lease: Lease) -> str:
    if lease.lost.is_set():
        log.info("attempt stopped: cancelled, or the lease was lost")
        return "lost"
    lease.insist(lambda: store.jobs.release(claim, "the worker was told to stop"))
    return "released"


def _given_back(store: Store, claim: Claim, lease: Lease) -> str:
    lease.insist(lambda: store.jobs.release(claim, "the database did not answer"))
    return "released"


def _failed(store: Store, claim: Claim, lease: Lease, problem: dict[str, Any]) -> str:
    log.info("attempt failed", problem=problem["type"], detail=problem["detail"])
    kept = lease.insist(lambda: store.jobs.fail(claim, problem, of_failure(problem, claim.number)))
    return "failed" if kept else "lost"


def _done(store: Store, claim: Claim, lease: Lease, ended: Ended, case: Case, forecasting: Forecasting | None) -> str:
    plan = Plan.model_validate(ended.answer)
    summary = glance(plan, case, ended.peak_mb)
    solved = None
    if forecasting is not None:
        summary["forecast"] = forecasting.document
        plan = _saying_so(plan, forecasting)
        solved = case
    answer = Answer(plan.model_dump_json().encode(), solved, summary)
    kept = lease.insist(lambda: store.jobs.finish(claim, answer, of_plan(summary, claim.number)))
    log.info("plan solved" if kept else "answer came too late", status=plan.status, cost=plan.cost, gap=plan.gap)
    return "done" if kept else "lost"


def _saying_so(plan: Plan, forecasting: Forecasting) -> Plan:
    """The plan, naming the forecasts that it rests on."""
    told = forecasting.document
    words = f"forecasts: {told['basis']} of {told['series']} series, issued from {told['oldest_issue']} on"
    made_up = ("some forecasts rest on synthetic observations",) if told["synthetic"] else ()
    notes = [*plan.assumptions.notes, words, *forecasting.reasons, *made_up]
    return plan.model_copy(update={"assumptions": plan.assumptions.model_copy(update={"notes": notes})})


def _told(error: BadInput | ServiceError) -> dict[str, Any]:
    if isinstance(error, BadInput):
        return problem_of(error)
    return {"type": error.type, "title": error.title, "status": error.status, "detail": error.detail}


@cache
def _opened(url: str) -> Store:
    """One store per process."""
    return Store.open(url)
