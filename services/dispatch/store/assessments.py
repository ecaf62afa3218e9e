"""Assessments that were asked for: who wanted what, and how far it is."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_

from services.database.engine import Database
from services.dispatch.store.asking import Asked, drop, put
from services.dispatch.store.cases import Place
from services.dispatch.store.jobs import Status
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import AskedAssessment, Job, Result
from services.web.errors import Conflict, NotFound


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

    def ask(self, asked: Asked) -> AssessmentRecord:
        """A new one; its question is answered at once where the answer is known."""
        row = {"id": uuid.uuid4().hex, "subject": asked.case_name, "asked_ms": now_ms()}
        with self._database.writing() as connection:
            return _one(connection, put(connection, AskedAssessment, asked, row))

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
            drop(connection, AskedAssessment, identity, found.key)
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
