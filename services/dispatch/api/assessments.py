"""Assessments: whether a province or a case answers its share of the peak; asked for, followed, read."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import AwareDatetime, Field, model_validator

from grid_models.case import Case
from grid_models.quantities import Data
from services.dispatch.api.access import Planner, Viewer
from services.dispatch.api.plans import HASH_PATTERN, Act, Identity, refuse_when_busy
from services.dispatch.api.wiring import IdempotencyKey, IfNoneMatch, TheSettings, TheStore, etag, known_to_client
from services.dispatch.assessment.profiles import UnknownProfile, chosen
from services.dispatch.assessment.wish import AssessmentWish
from services.dispatch.questions import AssessmentQuestion, versions
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.asking import Asked
from services.dispatch.store.assessments import AssessmentRecord
from services.dispatch.store.jobs import ENDED, Status
from services.dispatch.store.keys import Once
from services.dispatch.store.moments import aware
from services.web.errors import Conflict, Unusable
from services.web.events import as_it_changes
from services.web.idempotency import digest_of
from services.web.pages import Cursor, Limit, cursor_after, place_of

router = APIRouter(prefix="/v1/assessments", tags=["assessments"])
ASSESSMENTS = "/v1/assessments"
SAMPLE_YEARS_MAX = 20_000
Language = Annotated[Literal["en", "zh"], Query(description="English, or Chinese with powers in 万千瓦.")]


class AssessmentRequest(AssessmentWish):
    """Of what an assessment is wanted, and how thorough."""

    case_id: Identity | None = None
    """A stored case by its number, in place of a province."""
    case_hash: Annotated[str, Field(pattern=HASH_PATTERN)] | None = None
    """A stored case by the hash of its content."""
    sample_years: Annotated[int, Field(ge=0, le=SAMPLE_YEARS_MAX, strict=True)] = 1000

    model_config = {"json_schema_extra": {"examples": [{"province": "hubei", "year": 2030, "peak_days": 2}]}}

    @model_validator(mode="after")
    def _names_one_subject(self) -> "AssessmentRequest":
        if sum(given is not None for given in (self.province, self.case_id, self.case_hash)) != 1:
            raise ValueError("province: name one subject, by province, by case_id or by case_hash")
        return self

    @property
    def wish(self) -> AssessmentWish:
        """What the answer depends on, beside the case."""
        return AssessmentWish(**{name: getattr(self, name) for name in AssessmentWish.model_fields})


class AssessmentAnswer(Data):
    """An assessment: what was asked, how far it is, and the verdict at a glance."""

    id: str
    url: str
    """Where this is; `/result` (JSON), `/report` (a page) and `/events` are below."""
    status: Status
    subject: str
    """The province or the case."""
    case_hash: str
    """Of the case, or of the province's worst day."""
    question: str
    """The hash of case, request and versions: the same question has the same answer."""
    request: dict[str, Any]
    progress: dict[str, Any] | None
    """What is being done, and for how long."""
    attempts: int
    error: dict[str, Any] | None
    """The problem, where it failed."""
    summary: dict[str, Any] | None
    """The verdict, once it is done: answer, share of the peak, gap, and the answer under every definition."""
    asked: Act
    changed_at: AwareDatetime


class AssessmentPage(Data):
    """Some of the assessments, newest first."""

    assessments: tuple[AssessmentAnswer, ...]
    next: str | None
    """Cursor of the next page; none on the last one."""


class AssessmentNotDone(Conflict):
    """There is no result, or not yet."""

    type = "/problems/assessment-not-done"
    title = "The assessment has no result"


@router.post("", status_code=202, response_model=AssessmentAnswer)
def ask_for_assessment(
    asked: AssessmentRequest, store: TheStore, settings: TheSettings, who: Planner, key: IdempotencyKey = None
) -> JSONResponse:
    """Ask for an assessment; follow it at `Location`. A question that was answered before is done at once."""
    _check(settings, asked)
    digest, subject = _subject(store, asked)
    document = asked.wish.model_dump(mode="json")
    question = AssessmentQuestion(case_hash=digest, wish=document, versions=versions())
    once = Once(key, digest_of("assessment", asked.model_dump_json())) if key else None
    refuse_when_busy(store, settings)
    record = store.assessments.ask(Asked(question.key, digest, subject, question.document, who.name, once=once))
    answer = told(record)
    return JSONResponse(answer.model_dump(mode="json"), 202, headers={"Location": answer.url})


@router.get("")
def list_assessments(store: TheStore, _: Viewer, cursor: Cursor = "", limit: Limit = 100) -> AssessmentPage:
    """List the assessments, newest first."""
    found = store.assessments.page(limit + 1, place_of(cursor, int, str))
    last = found[limit - 1] if len(found) > limit else None
    some = tuple(told(record) for record in found[:limit])
    return AssessmentPage(assessments=some, next=cursor_after(last.asked_ms, last.id) if last else None)


@router.get("/{identity}")
def one_assessment(identity: str, store: TheStore, _: Viewer) -> AssessmentAnswer:
    """How far an assessment is, and its verdict at a glance."""
    return told(store.assessments.get(identity))


@router.get(
    "/{identity}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def assessment_events(identity: str, request: Request, store: TheStore, _: Viewer) -> StreamingResponse:
    """The same as it happens: an event, named by the status, whenever something else is being done."""
    told(store.assessments.get(identity))
    return as_it_changes(request, lambda: told(store.assessments.get(identity)), _same, lambda one: one.status in ENDED)


@router.delete("/{identity}")
def cancel_assessment(identity: str, store: TheStore, _: Planner) -> AssessmentAnswer:
    """Stop it, wherever it runs, unless somebody else waits for the same answer."""
    return told(store.assessments.cancel(identity))


_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "You have it already."}}


@router.get(
    "/{identity}/result",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}},
        **_NOT_MODIFIED,
    },
)
def assessment_result(identity: str, store: TheStore, _: Viewer, if_none_match: IfNoneMatch = None) -> Response:
    """Every figure of the assessment, unrounded."""
    record = _finished(store, identity)
    headers = {"ETag": etag(record.key)}
    if known_to_client(if_none_match, record.key):
        return Response(status_code=304, headers=headers)
    return Response(store.jobs.plan(record.key), media_type="application/json", headers=headers)


@router.get("/{identity}/report", response_class=HTMLResponse)
def assessment_report(identity: str, store: TheStore, _: Viewer, lang: Language = "en") -> HTMLResponse:
    """The report for reading: one page that needs nothing else."""
    from services.dispatch.assessment.document.assessment import Assessment
    from services.dispatch.assessment.report import html
    from services.dispatch.assessment.speech import Speech

    record = _finished(store, identity)
    found = Assessment.model_validate_json(store.jobs.plan(record.key))
    # The page brings its own style and pictures, and no script runs in it.
    policy = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
    return HTMLResponse(html(found, Speech(lang)), headers=policy)


def told(record: AssessmentRecord) -> AssessmentAnswer:
    """The record as the client sees it."""
    return AssessmentAnswer(
        id=record.id,
        url=f"{ASSESSMENTS}/{record.id}",
        status=record.status,
        subject=record.subject,
        case_hash=record.case_hash,
        question=record.key,
        request=record.request.get("wish", {}),
        progress=record.progress if record.status == "running" else None,
        attempts=record.attempts,
        error=record.error if record.status == "failed" else None,
        summary=record.summary,
        asked=Act(at=aware(record.asked_ms), by=record.asked_by),
        changed_at=aware(record.changed_ms),
    )


def _same(one: Any, other: Any) -> bool:
    return bool((one.status, one.progress) == (other.status, other.progress))


def _check(settings: Settings, asked: AssessmentRequest) -> None:
    try:
        chosen(asked.profiles)
    except UnknownProfile as error:
        raise Unusable(f"profiles: {error}") from error
    if asked.threads > settings.threads_max:
        raise Unusable(f"threads: {asked.threads} are more than the {settings.threads_max} a solve may have here")
    if asked.time_limit_s > settings.time_limit_max_s:
        most_s = settings.time_limit_max_s
        raise Unusable(f"time_limit_s: {asked.time_limit_s:g} is more than the {most_s:g} s a solve may take here")


def _subject(store: Store, asked: AssessmentRequest) -> tuple[str, str]:
    """The hash of what is judged, and its name; the worst day of a province is kept as a case."""
    if asked.case_id is not None:
        record = store.cases.get(asked.case_id)
        return record.hash, record.name
    if asked.case_hash is not None:
        return asked.case_hash, store.cases.name_of(asked.case_hash)
    assert asked.province is not None
    day = _worst_day(asked.province, asked.year)
    store.cases.keep(day)
    return day.hash, f"{asked.province} {asked.year}"


def _worst_day(province: str, year: int) -> Case:
    from grid_models.provinces.years.build import build_province

    study = build_province(province, year, weather_years=1)
    return study.day(study.peak_days(1)[0])


def _finished(store: Store, identity: str) -> AssessmentRecord:
    """The assessment, if it has a result."""
    record = store.assessments.get(identity)
    if record.status == "failed":
        error = record.error or {}
        words = f"assessment {identity}: {error.get('detail', 'it failed')}"
        raise AssessmentNotDone(words, assessment=identity, cause=error)
    if record.status != "done":
        words = f"assessment {identity}: it is {record.status}; follow it at {ASSESSMENTS}/{identity}"
        raise AssessmentNotDone(words, assessment=identity)
    return record
