"""Plans: asked for, followed, cancelled; their life in the control room from draft to issued."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, Field, model_validator

from grid_models.case import Case
from grid_models.quantities import Data
from services.dispatch.api.access import Operator, Planner, Principal, Viewer
from services.dispatch.api.wiring import Dated, IdempotencyKey, TheSettings, TheStore, written
from services.dispatch.questions import ForecastWish, Question, SolverWish, versions
from services.dispatch.replanning import remaining
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.asking import Asked
from services.dispatch.store.jobs import ENDED, Status
from services.dispatch.store.keys import Once
from services.dispatch.store.moments import aware, in_ms, maybe, now_ms
from services.dispatch.store.plans import Life, PlanRecord
from services.web.errors import Conflict, NotBuiltYet, TooBusy, Unusable
from services.web.events import as_it_changes
from services.web.idempotency import digest_of
from services.web.pages import Cursor, Limit, cursor_after, place_of

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/v1/plans", tags=["plans"])
PLANS = "/v1/plans"
HASH_PATTERN = "^[0-9a-f]{64}$"
RETRY_LEAST_S, RETRY_MOST_S = 5, 600

Identity = Annotated[str, Field(min_length=1, max_length=40)]


class DatedForecastWish(ForecastWish):
    """Which of the forecast service's numbers are to replace those of the case."""

    as_of: Dated | None = None
    """What was known then; None: now."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "DatedForecastWish":
        if (self.basis == "quantile") != (self.level is not None):
            raise ValueError("level: give it with the basis quantile, and only with it, such as 0.9")
        return self


class PlanWish(SolverWish):
    """Of what a plan is wanted, and how."""

    case_id: Identity | None = None
    """A stored case by its number; it is planned as it is now."""
    case_hash: Annotated[str, Field(pattern=HASH_PATTERN)] | None = None
    """A stored case by the hash of its content."""
    case: Case | None = None
    """A case in the native format, here and now."""
    start: Identity | None = None
    """A plan that is done, to start the search from."""
    forecast: DatedForecastWish | None = None
    """Take these forecasts for everything in the case that names a forecast_series."""

    model_config = {
        "json_schema_extra": {
            "examples": [{"case_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "gap": 0.001, "time_limit_s": 60}]
        }
    }

    @model_validator(mode="after")
    def _names_one_case(self) -> "PlanWish":
        if sum(given is not None for given in (self.case_id, self.case_hash, self.case)) != 1:
            raise ValueError("case: name one case, by case_id, by case_hash or in full as case")
        return self


class ReplanWish(SolverWish):
    """From when on a plan is to be made anew, and how."""

    now: Dated
    """Steps that have begun by then are executed and stay as they are."""
    forecast: DatedForecastWish | None = None
    """Take the newest forecasts for what is left."""

    model_config = {"json_schema_extra": {"examples": [{"now": "2030-07-15T17:00:00+08:00", "gap": 0.001}]}}


class Act(Data):
    """Who did something, and when."""

    at: AwareDatetime
    by: str


class PlanAnswer(Data):
    """A plan: what was asked, how far it is, how it lives."""

    id: str
    url: str
    """Where this is; `/result`, `/events`, `/calls`, `/verdict` and `/diff/{other}` are below."""
    status: Status
    life: Life
    case_hash: str
    """Of the case that was asked about."""
    case_name: str
    solved_case_hash: str | None
    """Of the case with the forecasts in it, once it is solved."""
    question: str
    """The hash of case, request and versions: the same question has the same answer."""
    request: dict[str, Any]
    replans: dict[str, Any] | None
    """The plan that this one goes on from, and since when."""
    progress: dict[str, Any] | None
    """Phase, incumbent, bound and gap of the search."""
    attempts: int
    error: dict[str, Any] | None
    """The problem, where it failed."""
    summary: dict[str, Any] | None
    """The plan at a glance, once it is done; `forecast.basis` says on what forecasts it rests."""
    asked: Act
    approved: Act | None
    issued: Act | None
    changed_at: AwareDatetime


class PlanPage(Data):
    """Some of the plans, newest first."""

    plans: tuple[PlanAnswer, ...]
    next: str | None
    """Cursor of the next page; none on the last one."""


NOT_YET: dict[int | str, dict[str, Any]] = {
    501: {
        "description": "Promised, and not there yet: the basis `scenarios`.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


@router.post("", status_code=202, response_model=PlanAnswer, responses=NOT_YET)
def ask_for_plan(
    wish: PlanWish, store: TheStore, settings: TheSettings, who: Planner, key: IdempotencyKey = None
) -> Response:
    """Ask for a plan; follow it at `Location`. A question that was answered before is done at once."""
    _check(settings, wish, wish.forecast)
    digest, name = _case_of(store, wish)
    start = None if wish.start is None else _done(store, wish.start).key
    question = _question(digest, wish, start, wish.forecast)
    once = Once(key, digest_of("plan", wish.model_dump_json())) if key else None
    return accepted(_asked(store, settings, question, name, who, once))


@router.get("", response_model=PlanPage)
def list_plans(
    store: TheStore, _: Viewer, cursor: Cursor = "", limit: Limit = 100, life: Life | None = None
) -> Response:
    """List the plans, newest first."""
    found = store.plans.page(limit + 1, place_of(cursor, int, str), life)
    last = found[limit - 1] if len(found) > limit else None
    plans = tuple(told(record) for record in found[:limit])
    return written(PlanPage(plans=plans, next=cursor_after(last.asked_ms, last.id) if last else None))


@router.get("/{identity}", response_model=PlanAnswer)
def one_plan(identity: str, store: TheStore, _: Viewer) -> Response:
    """How far a plan is, and what came out at a glance."""
    return written(told(store.plans.get(identity)))


@router.get(
    "/{identity}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def plan_events(identity: str, request: Request, store: TheStore, _: Viewer) -> StreamingResponse:
    """The same as it happens: an event, named by the status, whenever phase, incumbent, bound or gap change."""
    told(store.plans.get(identity))
    return as_it_changes(request, lambda: told(store.plans.get(identity)), _same, lambda one: one.status in ENDED)


@router.delete("/{identity}")
def cancel_plan(identity: str, store: TheStore, _: Planner) -> PlanAnswer:
    """Stop it, wherever it runs, unless somebody else waits for the same answer."""
    return told(store.plans.cancel(identity))


@router.post("/{identity}/approve")
def approve_plan(identity: str, store: TheStore, who: Operator) -> PlanAnswer:
    """Approve a draft."""
    return told(store.plans.approve(identity, who.name))


@router.post("/{identity}/issue")
def issue_plan(identity: str, store: TheStore, who: Operator) -> PlanAnswer:
    """Issue an approved plan: it is kept for ever."""
    return told(store.plans.issue(identity, who.name))


@router.post("/{identity}/replans", status_code=202, response_model=PlanAnswer, responses=NOT_YET)
def replan(
    identity: str, wish: ReplanWish, store: TheStore, settings: TheSettings, who: Planner, key: IdempotencyKey = None
) -> Response:
    """Plan the rest of the horizon anew from where the plan has led; what is executed is frozen."""
    from grid_models.plan import Plan

    _check(settings, wish, wish.forecast)
    before = _done(store, identity)
    case = store.cases.case(before.solved_hash or before.case_hash)
    rest = remaining(case, Plan.model_validate_json(store.jobs.plan(before.key)), wish.now)
    store.cases.keep(rest.case)
    question = _question(rest.case.hash, wish, None, wish.forecast)
    replans = {"plan": identity, "from": rest.case.horizon.start.isoformat(), "not_carried": list(rest.not_carried)}
    once = Once(key, digest_of("replan", identity, wish.model_dump_json())) if key else None
    return accepted(_asked(store, settings, question, rest.case.name, who, once, replans))


def accepted(record: PlanRecord) -> Response:
    """202 with the address at which the outcome will be."""
    answer = told(record)
    return written(answer, 202, {"Location": answer.url})


def told(record: PlanRecord) -> PlanAnswer:
    """The record as the client sees it."""
    return PlanAnswer(
        id=record.id,
        url=f"{PLANS}/{record.id}",
        status=record.status,
        life=record.life,
        case_hash=record.case_hash,
        case_name=record.case_name,
        solved_case_hash=record.solved_hash,
        question=record.key,
        request=record.request,
        replans=record.replans,
        progress=record.progress if record.status == "running" else None,
        attempts=record.attempts,
        error=record.error if record.status == "failed" else None,
        summary=record.summary,
        asked=Act(at=aware(record.asked_ms), by=record.asked_by),
        approved=_act(record.approved_ms, record.approved_by),
        issued=_act(record.issued_ms, record.issued_by),
        changed_at=aware(record.changed_ms),
    )


def _act(at_ms: int | None, by: str | None) -> Act | None:
    at = maybe(at_ms)
    return None if at is None or by is None else Act(at=at, by=by)


def _same(one: Any, other: Any) -> bool:
    return bool((one.status, one.progress) == (other.status, other.progress))


def _asked(
    store: Store,
    settings: Settings,
    question: Question,
    name: str,
    who: Principal,
    once: Once | None,
    replans: dict[str, Any] | None = None,
) -> PlanRecord:
    refuse_when_busy(store, settings)
    asked = Asked(question.key, question.case_hash, name, question.document, who.name, replans, once)
    record = store.plans.ask(asked)
    log.info("plan asked", plan=record.id, job=record.key, status=record.status, who=who.name)
    return record


def refuse_when_busy(store: Store, settings: Settings) -> None:
    """Rather wait outside than in a queue without end."""
    waiting = store.jobs.waiting()
    if waiting.length >= settings.queue_max:
        waited_s = (now_ms() - (waiting.oldest_ms or now_ms())) / 1000
        later_s = round(min(max(waited_s, RETRY_LEAST_S), RETRY_MOST_S))
        raise TooBusy(f"{waiting.length} plans wait already; ask again in {later_s} s", later_s)


def _check(settings: Settings, wish: SolverWish, forecast: ForecastWish | None) -> None:
    if forecast is not None and forecast.basis == "scenarios":
        raise NotBuiltYet("forecast.basis: scenarios need stochastic commitment, which is not there yet; take median")
    if wish.threads > settings.threads_max:
        raise Unusable(f"threads: {wish.threads} are more than the {settings.threads_max} a plan may have here")
    if wish.time_limit_s > settings.time_limit_max_s:
        most_s = settings.time_limit_max_s
        raise Unusable(f"time_limit_s: {wish.time_limit_s:g} is more than the {most_s:g} s a plan may take here")


def _case_of(store: Store, wish: PlanWish) -> tuple[str, str]:
    """Hash and name of the case."""
    if wish.case is not None:
        wish.case.check()
        store.cases.keep(wish.case)
        return wish.case.hash, wish.case.name[:200]
    if wish.case_id is not None:
        record = store.cases.get(wish.case_id)
        return record.hash, record.name
    assert wish.case_hash is not None
    return wish.case_hash, store.cases.name_of(wish.case_hash)


def _question(digest: str, wish: SolverWish, start: str | None, forecast: ForecastWish | None) -> Question:
    solver = SolverWish(**{name: getattr(wish, name) for name in SolverWish.model_fields})
    if forecast is not None:
        # "Now" is a moment like any other once it is asked for: the question can be asked again, and replayed.
        as_of = forecast.as_of or aware(in_ms(aware(now_ms()).replace(microsecond=0)))
        forecast = ForecastWish(basis=forecast.basis, level=forecast.level, as_of=as_of)
    return Question(case_hash=digest, solver=solver, start=start, forecast=forecast, versions=versions())


def _done(store: Store, identity: str) -> PlanRecord:
    record = store.plans.get(identity)
    if record.status != "done":
        raise Conflict(f"plan {identity}: it is {record.status}; wait until it is done", plan=identity)
    return record
