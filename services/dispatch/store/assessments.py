"""Assessments that were asked for: who wanted what, and how far it is."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, tuple_, update

from services.database.engine import Database
from services.dispatch.store.cases import Place
from services.dispatch.store.jobs import Status, abandon, ask
from services.dispatch.store.keys import Once, keep_key
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import AskedAssessment, Job, Result
from services.web.errors import Conflict, NotFound


@dataclass(frozen=True)
class AskedFor:
    """What is asked for, by whom, and under which idempotency key if any."""

    key: str
    case_hash: str
    subject: str
    request: dict[str, Any]
    by: str
    once: Once | None = None


@dataclass(frozen=True)
class AssessmentRecord:
    """An assessment as it stands."""

    id: str
    key: str
    case_hash: str
    subject: str
    status: Status
    request: dict[str, Any]
    progress: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    asked_ms: int
    asked_by: str
    changed_ms: int
    summary: dict[str, Any] | None


_ASSESSMENTS = (
    select(
        AskedAssessment.id,
        AskedAssessment.key,
        Job.case_hash,
        AskedAssessment.subject,
        AskedAssessment.cancelled,
        Job.status,
        Job.request,
        Job.progress,
        Job.error,
        Job.attempts,
        AskedAssessment.asked_ms,
        AskedAssessment.asked_by,
        Job.changed_ms,
        Result.summary,
    )
    .select_from(AskedAssessment)
    .join(Job, Job.key == AskedAssessment.key)
    .join(Result, Result.key == AskedAssessment.key, isouter=True)
)
_ONE = _ASSESSMENTS.where(AskedAssessment.id == bindparam("identity"))


class AssessmentShelf:
    """All assessments by their number."""

    def __init__(self, database: Database):
        self._database = database

    def ask(self, asked: AskedFor) -> AssessmentRecord:
        """A new one; its question is answered at once where the answer is known."""
        identity = uuid.uuid4().hex
        row = {"id": identity, "key": asked.key, "subject": asked.subject, "cancelled": False}
        with self._database.writing() as connection:
            if asked.once is not None:
                before = keep_key(connection, asked.by, asked.once.key, asked.once.digest, identity)
                if before != identity:
                    return _one(connection, before)
            ask(connection, asked.key, asked.case_hash, asked.request)
            connection.execute(insert(AskedAssessment), [row | {"asked_ms": now_ms(), "asked_by": asked.by}])
            return _one(connection, identity)

    def get(self, identity: str) -> AssessmentRecord:
        with self._database.reading() as connection:
            return _one(connection, identity)

    def page(self, limit: int, before: Place | None = None) -> tuple[AssessmentRecord, ...]:
        """Newest first, from after a place on."""
        place = (AskedAssessment.asked_ms, AskedAssessment.id)
        chosen = _ASSESSMENTS.order_by(*(one.desc() for one in place)).limit(limit)
        if before is not None:
            chosen = chosen.where(tuple_(*place) < tuple_(*before))
        with self._database.reading() as connection:
            return tuple(_read(row) for row in connection.execute(chosen))

    def cancel(self, identity: str) -> AssessmentRecord:
        """Not wanted any more; the work stops unless somebody else wants it too."""
        with self._database.writing() as connection:
            found = _one(connection, identity)
            if found.status in ("done", "failed"):
                raise Conflict(f"assessment {identity}: it is {found.status} already", assessment=identity)
            mine = update(AskedAssessment).where(AskedAssessment.id == identity)
            connection.execute(mine.values({"cancelled": True}))
            others = select(func.count()).where(AskedAssessment.key == found.key, AskedAssessment.cancelled.is_(False))
            if not connection.execute(others).scalar_one():
                abandon(connection, found.key)
            return _one(connection, identity)


def _one(connection: Connection, identity: str) -> AssessmentRecord:
    row = connection.execute(_ONE, {"identity": identity}).first()
    if row is None:
        words = f"assessment {identity}: there is none; GET /v1/assessments lists them"
        raise NotFound(words, assessment=identity)
    return _read(row)


def _read(row: Any) -> AssessmentRecord:
    fields = dict(row._mapping)
    if fields.pop("cancelled"):
        fields |= {"status": "cancelled", "summary": None}
    return AssessmentRecord(**fields)
