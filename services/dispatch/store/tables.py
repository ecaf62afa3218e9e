"""What is kept, table by table. Moments are milliseconds since 1970 in UTC; payloads are zstandard (see packing.py)."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Constraints carry names, so that a migration can speak of them on every database.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
MOMENT = BigInteger()
COUNTED = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself in an INTEGER only
HASH = String(64)
IDENTITY = String(40)
WHO = String(200)


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class CaseContent(Table):
    """A case by its hash: what it says never changes."""

    __tablename__ = "case_content"
    hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Its size and what its reader could not carry over: for lists, which do not unpack it."""
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    created_ms: Mapped[int] = mapped_column(MOMENT, index=True)


class StoredCase(Table):
    """A case that somebody keeps under a number; its content may be replaced, its versions stay."""

    __tablename__ = "stored_case"
    id: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    hash: Mapped[str] = mapped_column(ForeignKey("case_content.hash"), index=True)
    version: Mapped[int]
    created_ms: Mapped[int] = mapped_column(MOMENT)
    changed_ms: Mapped[int] = mapped_column(MOMENT)
    changed_by: Mapped[str] = mapped_column(WHO)

    __table_args__ = (Index("ix_stored_case_newest", "created_ms", "id"),)


class CaseVersion(Table):
    """What a stored case said from a moment on."""

    __tablename__ = "case_version"
    case_id: Mapped[str] = mapped_column(ForeignKey("stored_case.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(ForeignKey("case_content.hash"), index=True)
    changed_ms: Mapped[int] = mapped_column(MOMENT)
    changed_by: Mapped[str] = mapped_column(WHO)


class Job(Table):
    """A question by its hash (case, request, versions), and whoever works on it under a lease."""

    __tablename__ = "job"
    key: Mapped[str] = mapped_column(HASH, primary_key=True)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    case_hash: Mapped[str] = mapped_column(ForeignKey("case_content.hash"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    losses: Mapped[int]
    """Attempts whose process was heard of no more, since the question was last asked anew."""
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """A problem (RFC 9457), where it failed."""
    token: Mapped[str | None] = mapped_column(IDENTITY)
    """Of the lease: only who holds it may report or end the job."""
    owner: Mapped[str | None] = mapped_column(WHO)
    runner: Mapped[str | None] = mapped_column(WHO)
    """The process that has begun; None while the attempt waits for a free place."""
    lease_until_ms: Mapped[int | None] = mapped_column(MOMENT)
    heartbeat_ms: Mapped[int | None] = mapped_column(MOMENT)
    queued_ms: Mapped[int] = mapped_column(MOMENT)
    changed_ms: Mapped[int] = mapped_column(MOMENT)
    ended_ms: Mapped[int | None] = mapped_column(MOMENT, index=True)

    __table_args__ = (Index("ix_job_waiting", "status", "queued_ms"),)


class Attempt(Table):
    """One try at a job: who, from when to when, and what became of it."""

    __tablename__ = "attempt"
    key: Mapped[str] = mapped_column(ForeignKey("job.key", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(WHO)
    began_ms: Mapped[int] = mapped_column(MOMENT)
    ended_ms: Mapped[int | None] = mapped_column(MOMENT)
    outcome: Mapped[str | None] = mapped_column(String(20))
    words: Mapped[str | None] = mapped_column(Text)


class Result(Table):
    """The answer to a question: at most one."""

    __tablename__ = "result"
    key: Mapped[str] = mapped_column(ForeignKey("job.key", ondelete="CASCADE"), primary_key=True)
    case_hash: Mapped[str] = mapped_column(ForeignKey("case_content.hash"), index=True)
    """Of what was solved in the end: the case asked about, or the same with forecasts in it."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    created_ms: Mapped[int] = mapped_column(MOMENT, index=True)


class AskedPlan(Table):
    """A plan that somebody asked for, and its life in the control room: draft, approved, issued."""

    __tablename__ = "asked_plan"
    id: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    key: Mapped[str] = mapped_column(ForeignKey("job.key"), index=True)
    case_name: Mapped[str] = mapped_column(String(200))
    replans: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The plan that it replaces from a moment on."""
    life: Mapped[str] = mapped_column(String(20))
    cancelled: Mapped[bool] = mapped_column(Boolean)
    asked_ms: Mapped[int] = mapped_column(MOMENT)
    asked_by: Mapped[str] = mapped_column(WHO)
    approved_ms: Mapped[int | None] = mapped_column(MOMENT)
    approved_by: Mapped[str | None] = mapped_column(WHO)
    issued_ms: Mapped[int | None] = mapped_column(MOMENT, index=True)
    issued_by: Mapped[str | None] = mapped_column(WHO)

    __table_args__ = (Index("ix_asked_plan_newest", "asked_ms", "id"),)


class AskedAssessment(Table):
    """An assessment that somebody asked for."""

    __tablename__ = "asked_assessment"
    id: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    key: Mapped[str] = mapped_column(ForeignKey("job.key"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    """The province or the case."""
    cancelled: Mapped[bool] = mapped_column(Boolean)
    asked_ms: Mapped[int] = mapped_column(MOMENT)
    asked_by: Mapped[str] = mapped_column(WHO)

    __table_args__ = (Index("ix_asked_assessment_newest", "asked_ms", "id"),)


class IdempotencyKey(Table):
    """A request that has been answered under this key, with the digest of what was asked and by whom."""

    __tablename__ = "idempotency_key"
    who: Mapped[str] = mapped_column(WHO, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(HASH)
    subject: Mapped[str] = mapped_column(IDENTITY)
    """The number of what the request made."""
    created_ms: Mapped[int] = mapped_column(MOMENT, index=True)


class ApiKey(Table):
    """A key to the API: what it opens and until when; of the key itself only a digest is kept."""

    __tablename__ = "api_key"
    id: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    digest: Mapped[str] = mapped_column(HASH, unique=True)
    name: Mapped[str] = mapped_column(WHO)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_ms: Mapped[int] = mapped_column(MOMENT)
    expires_ms: Mapped[int | None] = mapped_column(MOMENT)
    revoked_ms: Mapped[int | None] = mapped_column(MOMENT)


class AuditEntry(Table):
    """Who asked for a change, or was refused, and how that was answered."""

    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(COUNTED, primary_key=True)
    at_ms: Mapped[int] = mapped_column(MOMENT, index=True)
    who: Mapped[str] = mapped_column(WHO)
    method: Mapped[str] = mapped_column(String(20))
    path: Mapped[str] = mapped_column(Text)
    status: Mapped[int]
    request_id: Mapped[str] = mapped_column(String(80))


class Vintage(Table):
    """A forecast as it was last fetched, for the day on which the forecast service is down."""

    __tablename__ = "vintage"
    series: Mapped[str] = mapped_column(String(200), primary_key=True)
    issued_ms: Mapped[int] = mapped_column(MOMENT, primary_key=True, autoincrement=False)
    fetched_ms: Mapped[int] = mapped_column(MOMENT, index=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class Tally(Table):
    """A count or a sum that outlives every process: what Prometheus is told of the work done."""

    __tablename__ = "tally"
    metric: Mapped[str] = mapped_column(String(100), primary_key=True)
    labels: Mapped[str] = mapped_column(String(300), primary_key=True)
    """`name=value`, comma between."""
    value: Mapped[float] = mapped_column(Float)
