"""Long work that was asked for: what was wished, how far it is, what came out."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import insert, select, update

from services.database.engine import Database
from services.forecast.errors import Conflict, NotFound
from services.forecast.known import Moment
from services.forecast.store.series import now
from services.forecast.store.statements import moment_at, seconds
from services.forecast.store.tables import Job

Status = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[Status, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class JobRecord:
    id: str
    kind: str
    request: dict[str, Any]
    status: Status
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: str | None
    created_at: Moment
    changed_at: Moment


class JobShelf:
    """All jobs by their number."""

    def __init__(self, database: Database):
        self._database = database

    def submit(self, kind: str, request: dict[str, Any]) -> JobRecord:
        """A job that waits for somebody to do it."""
        moment = seconds(now())
        row = {"id": uuid.uuid4().hex, "kind": kind, "request": request, "status": "queued"}
        with self._database.writing() as connection:
            connection.execute(insert(Job), [row | {"created_at": moment, "changed_at": moment}])
        return self.get(str(row["id"]))

    def get(self, identity: str) -> JobRecord:
        with self._database.reading() as connection:
            row = connection.execute(select(*Job.__table__.columns).where(Job.id == identity)).first()
        if row is None:
            raise NotFound(f"job {identity}: there is none", job=identity)
        return _read(row)

    def take(self, *kinds: str) -> JobRecord | None:
        """The oldest job that waits, now running; no two callers get the same one."""
        waiting = select(Job.id).where(Job.status == "queued").order_by(Job.created_at, Job.id).limit(1)
        waiting = waiting.where(Job.kind.in_(kinds)) if kinds else waiting
        with self._database.writing() as connection:
            identity = connection.execute(waiting.with_for_update(skip_locked=True)).scalar_one_or_none()
            if identity is None:
                return None
            change = {"status": "running", "changed_at": seconds(now())}
            connection.execute(update(Job).where(Job.id == identity).values(change))
        return self.get(identity)

    def report(self, identity: str, progress: dict[str, Any]) -> JobRecord:
        """How far it is; what comes back says whether it was cancelled meanwhile."""
        self._change(identity, ("queued", "running"), {"progress": progress})
        return self.get(identity)

    def end(
        self, identity: str, status: Status, result: dict[str, Any] | None = None, error: str | None = None
    ) -> JobRecord:
        """Its outcome; one that has ended already keeps the outcome that it has."""
        self._change(identity, ("queued", "running"), {"status": status, "result": result, "error": error})
        return self.get(identity)

    def cancel(self, identity: str) -> JobRecord:
        if not self._change(identity, ("queued", "running"), {"status": "cancelled"}):
            ended = self.get(identity)
            if ended.status != "cancelled":
                raise Conflict(f"job {identity}: it is {ended.status} already", job=identity)
        return self.get(identity)

    def waiting(self, *statuses: Status) -> tuple[JobRecord, ...]:
        """The jobs of these states (default: queued and running), oldest first: what a restart finds unfinished."""
        chosen = select(*Job.__table__.columns).where(Job.status.in_(statuses or ("queued", "running")))
        with self._database.reading() as connection:
            return tuple(_read(row) for row in connection.execute(chosen.order_by(Job.created_at, Job.id)))

    def requeue(self, identity: str) -> bool:
        """A job whose worker is lost waits again."""
        return self._change(identity, ("running",), {"status": "queued"})

    def _change(self, identity: str, when: tuple[Status, ...], change: dict[str, Any]) -> bool:
        there = update(Job).where(Job.id == identity, Job.status.in_(when))
        with self._database.writing() as connection:
            return connection.execute(there.values(change | {"changed_at": seconds(now())})).rowcount > 0


def _read(row: Any) -> JobRecord:
    fields = dict(row._mapping)
    for name in ("created_at", "changed_at"):
        fields[name] = moment_at(fields[name])
    return JobRecord(**fields)
