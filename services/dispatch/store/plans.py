"""Plans that were asked for: who wanted what, and how each lives in the control room."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select, tuple_, update

from services.database.engine import Database
from services.dispatch.store.asking import Asked, drop, put
from services.dispatch.store.cases import Place
from services.dispatch.store.jobs import Status
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import AskedPlan, Job, Result
from services.web.errors import Conflict, NotFound

Life = Literal["draft", "approved", "issued"]


@dataclass(frozen=True)
class PlanRecord:
    """A plan as it stands."""

    id: str
    key: str
    case_hash: str
    case_name: str
    replans: dict[str, Any] | None
    life: Life
    status: Status
    request: dict[str, Any]
    progress: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    asked_ms: int
    asked_by: str
    changed_ms: int
    approved_ms: int | None
    approved_by: str | None
    issued_ms: int | None
    issued_by: str | None
    summary: dict[str, Any] | None
    solved_hash: str | None


_COLUMNS = (
    AskedPlan.id,
    AskedPlan.key,
    Job.case_hash,
    AskedPlan.case_name,
    AskedPlan.replans,
    AskedPlan.life,
    AskedPlan.cancelled,
    Job.status,
    Job.request,
    Job.progress,
    Job.error,
    Job.attempts,
    AskedPlan.asked_ms,
    AskedPlan.asked_by,
    Job.changed_ms,
    AskedPlan.approved_ms,
    AskedPlan.approved_by,
    AskedPlan.issued_ms,
    AskedPlan.issued_by,
    Result.summary,
    Result.case_hash.label("solved_hash"),
)
_PLANS = (
    select(*_COLUMNS)
    .select_from(AskedPlan)
    .join(Job, Job.key == AskedPlan.key)
    .join(Result, Result.key == AskedPlan.key, isouter=True)
)

# Built once: SQLAlchemy then finds what it knows about the statement by looking at nothing but the statement.
_ONE_PLAN = _PLANS.where(AskedPlan.id == bindparam("identity"))
_NEWEST_FIRST = _PLANS.order_by(AskedPlan.asked_ms.desc(), AskedPlan.id.desc()).limit(bindparam("most"))
_AFTER = tuple_(AskedPlan.asked_ms, AskedPlan.id) < tuple_(bindparam("asked_ms"), bindparam("after"))
_ALIVE = AskedPlan.life == bindparam("life")
_PAGES = {
    (after, life): _NEWEST_FIRST.where(*([_AFTER] if after else []), *([_ALIVE] if life else []))
    for after in (False, True)
    for life in (False, True)
}
"""By whether there is a place to go on from, and a life that is asked for."""


class PlanShelf:
    """All plans by their number."""

    def __init__(self, database: Database):
        self._database = database

    def ask(self, asked: Asked) -> PlanRecord:
        """A new plan in draft; its question is answered at once where the answer is known."""
        row: dict[str, Any] = {"id": uuid.uuid4().hex, "case_name": asked.case_name, "replans": asked.replans}
        row |= {"life": "draft", "asked_ms": now_ms()}
        with self._database.writing() as connection:
            return _one(connection, put(connection, AskedPlan, asked, row))

    def get(self, identity: str) -> PlanRecord:
        with self._database.reading() as connection:
            return _one(connection, identity)

    def page(self, limit: int, before: Place | None = None, life: Life | None = None) -> tuple[PlanRecord, ...]:
        """Newest first, from after a place on."""
        asked_ms, after = (None, None) if before is None else before
        wanted = {"most": limit, "asked_ms": asked_ms, "after": after, "life": life}
        chosen = _PAGES[before is not None, life is not None]
        with self._database.reading() as connection:
            return tuple(_read(row) for row in connection.execute(chosen, wanted))

    def cancel(self, identity: str) -> PlanRecord:
        """Not wanted any more; the work stops unless somebody else wants it too."""
        with self._database.writing() as connection:
            plan = _one(connection, identity)
            if plan.status in ("done", "failed"):
                raise Conflict(f"plan {identity}: it is {plan.status} already", plan=identity)
            drop(connection, AskedPlan, identity, plan.key)
            return _one(connection, identity)

    def approve(self, identity: str, by: str) -> PlanRecord:
        """Draft becomes approved."""
        return self._live_on(identity, "draft", "approved", by)

    def issue(self, identity: str, by: str) -> PlanRecord:
        """Approved becomes issued."""
        return self._live_on(identity, "approved", "issued", by)

    def newest_result(self) -> tuple[PlanRecord, ...]:
        """The plan whose answer came last, if there is any."""
        of_plans = select(Result.key).join(AskedPlan, AskedPlan.key == Result.key)
        newest = of_plans.order_by(Result.created_ms.desc(), Result.key).limit(1).scalar_subquery()
        chosen = _PLANS.where(AskedPlan.key == newest).order_by(AskedPlan.asked_ms.desc()).limit(1)
        with self._database.reading() as connection:
            return tuple(_read(row) for row in connection.execute(chosen))

    def issued_last(self, count: int) -> tuple[PlanRecord, ...]:
        """The plans that were issued last, newest first."""
        chosen = _PLANS.where(AskedPlan.life == "issued").order_by(AskedPlan.issued_ms.desc()).limit(count)
        with self._database.reading() as connection:
            return tuple(_read(row) for row in connection.execute(chosen))

    def _live_on(self, identity: str, before: Life, after: Life, by: str) -> PlanRecord:
        change = {"life": after, f"{after}_ms": now_ms(), f"{after}_by": by}
        with self._database.writing() as connection:
            plan = _one(connection, identity)
            if plan.status != "done":
                raise Conflict(f"plan {identity}: it is {plan.status}; only a plan that is done is {after}")
            there = update(AskedPlan).where(AskedPlan.id == identity, AskedPlan.life == before)
            if not connection.execute(there.values(change)).rowcount:
                raise Conflict(f"plan {identity}: it is {plan.life}; only a plan that is {before} is {after}")
            return _one(connection, identity)


def _one(connection: Connection, identity: str) -> PlanRecord:
    row = connection.execute(_ONE_PLAN, {"identity": identity}).first()
    if row is None:
        raise NotFound(f"plan {identity}: there is none; GET /v1/plans lists them", plan=identity)
    return _read(row)


def _read(row: Any) -> PlanRecord:
    fields = dict(row._mapping)
    if fields.pop("cancelled"):
        fields |= {"status": "cancelled", "summary": None, "solved_hash": None}
    return PlanRecord(**fields)
