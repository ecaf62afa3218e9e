"""Jobs: each question once, worked on by at most one at a time, never lost.

Whoever takes a job holds a lease on it, named by a token, and renews it while the work goes on. A lease that runs out
sends the job back to the queue, and its old token opens nothing any more: an answer that comes late is not kept.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import Connection, bindparam, func, insert, select, update

from services.database.engine import Database
from services.database.statements import insert_new
from services.dispatch.store.cases import keep_content
from services.dispatch.store.moments import now_ms
from services.dispatch.store.packing import packed, unpacked
from services.dispatch.store.tables import Attempt, Job, Result
from services.dispatch.store.tallies import Count, add
from services.web.errors import NotFound

Status = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[Status, ...] = ("done", "failed", "cancelled")
LOSSES_MAX = 10
"""A job whose process is lost so often is not tried again: it would take every worker down, one by one."""


@dataclass(frozen=True)
class JobRecord:
    """A job as it stands."""

    key: str
    request: dict[str, Any]
    case_hash: str
    status: Status
    attempts: int
    progress: dict[str, Any] | None
    error: dict[str, Any] | None
    owner: str | None
    runner: str | None
    queued_ms: int
    changed_ms: int
    ended_ms: int | None


@dataclass(frozen=True)
class Claim:
    """A job that somebody holds the lease of."""

    key: str
    token: str
    number: int
    """Which attempt this is."""
    lease_s: float


@dataclass(frozen=True)
class Answer:
    """What came out: the plan as JSON, the case that was solved, and the plan at a glance."""

    plan: bytes
    case: Any
    """The case that was solved, where it is not the one that was asked about; else None."""
    summary: dict[str, Any]


@dataclass(frozen=True)
class ResultRecord:
    key: str
    case_hash: str
    summary: dict[str, Any]
    created_ms: int


@dataclass(frozen=True)
class Waiting:
    """The queue."""

    length: int
    oldest_ms: int | None


_COLUMNS = [getattr(Job, name) for name in JobRecord.__dataclass_fields__]
_FREE: dict[str, Any] = {"token": None, "owner": None, "runner": None, "lease_until_ms": None, "heartbeat_ms": None}

_STATUS = select(Job.status).where(Job.key == bindparam("key"))
_WAITING = select(func.count(), func.min(Job.queued_ms)).where(Job.status == "queued")


class JobShelf:
    """All jobs by the hash of their question."""

    def __init__(self, database: Database):
        self._database = database

    def get(self, key: str) -> JobRecord:
        with self._database.reading() as connection:
            row = connection.execute(select(*_COLUMNS).where(Job.key == key)).first()
        if row is None:
            raise NotFound(f"job {key}: there is none", job=key)
        return JobRecord(**row._mapping)

    def waiting(self) -> Waiting:
        with self._database.reading() as connection:
            length, oldest_ms = connection.execute(_WAITING).one()
        return Waiting(length, oldest_ms)

    def running(self) -> int:
        """How many are worked on."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).where(Job.status == "running")).scalar_one())

    def claim(self, owner: str, lease_s: float) -> Claim | None:
        """The job that waits longest, now leased to this owner; no two owners get the same one."""
        oldest = select(Job.key, Job.attempts).where(Job.status == "queued").order_by(Job.queued_ms, Job.key).limit(1)
        moment, token = now_ms(), uuid.uuid4().hex
        with self._database.writing() as connection:
            row = connection.execute(oldest.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            number = row.attempts + 1
            leased = {"token": token, "owner": owner, "runner": None, "lease_until_ms": moment + round(lease_s * 1000)}
            change = leased | {"status": "running", "attempts": number, "heartbeat_ms": moment, "changed_ms": moment}
            connection.execute(update(Job).where(Job.key == row.key).values(change | {"progress": None}))
            begun = {"key": row.key, "number": number, "owner": owner, "began_ms": moment}
            connection.execute(insert(Attempt), [begun])
        return Claim(row.key, token, number, lease_s)

    def begin(self, claim: Claim, runner: str) -> bool:
        """Whether this process is the one that does the work: true for the first to ask while the lease lasts."""
        moment = now_ms()
        mine = _held(claim).where(Job.runner.is_(None), Job.lease_until_ms >= moment)
        return self._change(mine, _renewed(claim, moment) | {"runner": runner})

    def hold(self, claim: Claim) -> bool:
        """Keeps the lease while the attempt waits for its process to begin; false once it has, or is lost."""
        return self._change(_held(claim).where(Job.runner.is_(None)), _renewed(claim, now_ms()))

    def renew(self, claim: Claim, progress: dict[str, Any] | None = None) -> bool:
        """Keeps the lease and says how far the work is; false where the lease is lost or the job was cancelled."""
        told = {} if progress is None else {"progress": progress}
        return self._change(_held(claim), _renewed(claim, now_ms()) | told)

    def finish(self, claim: Claim, answer: Answer, counts: Iterable[Count] = ()) -> bool:
        """Keeps the answer, if the lease is still held; everything about it in one transaction."""
        moment = now_ms()
        ended = _FREE | {"status": "done", "ended_ms": moment, "changed_ms": moment, "error": None}
        with self._database.writing() as connection:
            if not connection.execute(_held(claim).values(ended)).rowcount:
                return False
            digest = connection.execute(select(Job.case_hash).where(Job.key == claim.key)).scalar_one()
            if answer.case is not None:
                keep_content(connection, answer.case)
                digest = answer.case.hash
            row = {"key": claim.key, "case_hash": digest, "summary": answer.summary, "created_ms": moment}
            insert_new(connection, Result, [row | {"payload": packed(answer.plan)}])
            _end_attempt(connection, claim.key, moment, "done")
            add(connection, counts)
        return True

    def fail(self, claim: Claim, error: dict[str, Any], counts: Iterable[Count] = ()) -> bool:
        """It cannot be done, and a further attempt would not help."""
        moment = now_ms()
        ended = _FREE | {"status": "failed", "ended_ms": moment, "changed_ms": moment, "error": error}
        with self._database.writing() as connection:
            if not connection.execute(_held(claim).values(ended)).rowcount:
                return False
            _end_attempt(connection, claim.key, moment, "failed", str(error.get("detail")))
            add(connection, counts)
        return True

    def release(self, claim: Claim, words: str) -> bool:
        """Back to the queue, at its old place."""
        moment = now_ms()
        with self._database.writing() as connection:
            if not connection.execute(_held(claim).values(_FREE | {"status": "queued", "changed_ms": moment})).rowcount:
                return False
            _end_attempt(connection, claim.key, moment, "released", words)
        return True

    def take_up_lost(self) -> tuple[str, ...]:
        """Jobs whose lease ran out wait again; one that was lost too often has failed. Returns their keys."""
        moment = now_ms()
        run_out = (Job.status == "running", Job.lease_until_ms < moment)
        with self._database.writing() as connection:
            rows = connection.execute(
                select(Job.key, Job.losses, Job.runner).where(*run_out).with_for_update(skip_locked=True)
            )
            # Where no process had begun, it was not the job that brought it down.
            lost = [(row.key, row.losses + (row.runner is not None)) for row in rows]
            for key, losses in lost:
                connection.execute(update(Job).where(Job.key == key).values(_after_loss(losses, moment)))
                _end_attempt(connection, key, moment, "lost", "its process was heard of no more")
            add(connection, [Count("gridflex_dispatch_lost_attempts", {}, float(len(lost)))] if lost else [])
        return tuple(key for key, _ in lost)

    def result(self, key: str) -> ResultRecord | None:
        columns = (Result.key, Result.case_hash, Result.summary, Result.created_ms)
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(Result.key == key)).first()
        return None if row is None else ResultRecord(**row._mapping)

    def plan(self, key: str) -> bytes:
        """The plan as JSON."""
        with self._database.reading() as connection:
            payload = connection.execute(select(Result.payload).where(Result.key == key)).scalar_one_or_none()
        if payload is None:
            raise NotFound(f"job {key}: it has no result", job=key)
        return unpacked(payload)

    def attempts(self, key: str) -> Sequence[Any]:
        """Every try, in order."""
        columns = Attempt.__table__.columns
        with self._database.reading() as connection:
            return connection.execute(select(*columns).where(Attempt.key == key).order_by(Attempt.number)).all()

    def _change(self, statement: Any, change: dict[str, Any]) -> bool:
        with self._database.writing() as connection:
            return bool(connection.execute(statement.values(change)).rowcount)


def ask(connection: Connection, key: str, case_hash: str, request: dict[str, Any]) -> Status:
    """The question waits for its answer, unless it has one or somebody works on it; its status."""
    moment = now_ms()
    row = {"key": key, "request": request, "case_hash": case_hash, "status": "queued", "attempts": 0, "losses": 0}
    insert_new(connection, Job, [row | {"queued_ms": moment, "changed_ms": moment}])
    status = cast(Status, connection.execute(_STATUS, {"key": key}).scalar_one())
    if status not in ("failed", "cancelled"):
        return status
    # A question that failed, perhaps for want of time or memory, may fare better today.
    afresh = {"status": "queued", "queued_ms": moment, "changed_ms": moment, "ended_ms": None, "error": None}
    again = update(Job).where(Job.key == key, Job.status == status)
    connection.execute(again.values(afresh | {"progress": None, "losses": 0}))
    return "queued"


def abandon(connection: Connection, key: str) -> bool:
    """Nobody wants the answer any more; whoever works on it finds its lease lost."""
    moment = now_ms()
    change = _FREE | {"status": "cancelled", "changed_ms": moment, "ended_ms": moment}
    alive = update(Job).where(Job.key == key, Job.status.in_(("queued", "running")))
    if not connection.execute(alive.values(change)).rowcount:
        return False
    _end_attempt(connection, key, moment, "cancelled")
    return True


def _held(claim: Claim) -> Any:
    return update(Job).where(Job.key == claim.key, Job.token == claim.token, Job.status == "running")


def _renewed(claim: Claim, moment: int) -> dict[str, Any]:
    return {"heartbeat_ms": moment, "lease_until_ms": moment + round(claim.lease_s * 1000), "changed_ms": moment}


def _after_loss(losses: int, moment: int) -> dict[str, Any]:
    if losses < LOSSES_MAX:
        return _FREE | {"status": "queued", "changed_ms": moment, "losses": losses}
    words = f"the process of this job was lost {losses} times; it is not tried again: ask with a smaller case"
    error = {"type": "/problems/lost-too-often", "title": "Its process was lost too often", "status": 500}
    ended = {"status": "failed", "ended_ms": moment, "changed_ms": moment, "error": error | {"detail": words}}
    return _FREE | ended | {"losses": losses}


def _end_attempt(connection: Connection, key: str, moment: int, outcome: str, words: str | None = None) -> None:
    open_one = update(Attempt).where(Attempt.key == key, Attempt.ended_ms.is_(None))
    connection.execute(open_one.values({"ended_ms": moment, "outcome": outcome, "words": words}))
