"""Backtests that can be resumed: what was asked, the parts that are done, and the outcome."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, insert, select, update

from services.database.engine import Database
from services.database.statements import insert_new
from services.forecast.errors import NotFound
from services.forecast.known import Moment
from services.forecast.store.series import now
from services.forecast.store.statements import moment_at, seconds
from services.forecast.store.tables import BacktestPart, BacktestRun

Status = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class BacktestRecord:
    id: str
    request: dict[str, Any]
    status: Status
    parts: int
    """How many it consists of."""
    done: int
    """How many of them are kept."""
    result: dict[str, Any] | None
    error: str | None
    created_at: Moment
    changed_at: Moment


class BacktestShelf:
    """All backtests by their number."""

    def __init__(self, database: Database):
        self._database = database

    def begin(self, request: dict[str, Any], parts: int) -> BacktestRecord:
        identity, moment = uuid.uuid4().hex, seconds(now())
        row = {"id": identity, "request": request, "status": "queued", "parts": parts}
        with self._database.writing() as connection:
            connection.execute(insert(BacktestRun), [row | {"created_at": moment, "changed_at": moment}])
        return self.get(identity)

    def get(self, identity: str) -> BacktestRecord:
        done = select(func.count()).where(BacktestPart.run_id == BacktestRun.id).scalar_subquery().label("done")
        with self._database.reading() as connection:
            chosen = select(*BacktestRun.__table__.columns, done).where(BacktestRun.id == identity)
            row = connection.execute(chosen).first()
        if row is None:
            raise NotFound(f"backtest {identity}: there is none", backtest=identity)
        return _read(row)

    def page(self, limit: int = 100) -> tuple[BacktestRecord, ...]:
        """The newest ones first."""
        newest = select(BacktestRun.id).order_by(BacktestRun.created_at.desc(), BacktestRun.id).limit(limit)
        with self._database.reading() as connection:
            ids = list(connection.execute(newest).scalars())
        return tuple(self.get(identity) for identity in ids)

    def keep(self, identity: str, part: str, payload: bytes) -> None:
        """A part that is done, such as `plant_7/2013-04`; the same one again changes nothing."""
        with self._database.writing() as connection:
            insert_new(connection, BacktestPart, [{"run_id": identity, "part": part, "payload": payload}])

    def parts(self, identity: str) -> dict[str, bytes]:
        """What is done, by part: a resumed run computes only the rest."""
        chosen = select(BacktestPart.part, BacktestPart.payload).where(BacktestPart.run_id == identity)
        with self._database.reading() as connection:
            return {part: bytes(payload) for part, payload in connection.execute(chosen.order_by(BacktestPart.part))}

    def change(
        self, identity: str, status: Status, result: dict[str, Any] | None = None, error: str | None = None
    ) -> BacktestRecord:
        change = {"status": status, "result": result, "error": error, "changed_at": seconds(now())}
        with self._database.writing() as connection:
            connection.execute(update(BacktestRun).where(BacktestRun.id == identity).values(change))
        return self.get(identity)


def _read(row: Any) -> BacktestRecord:
    fields = dict(row._mapping)
    for name in ("created_at", "changed_at"):
        fields[name] = moment_at(fields[name])
    return BacktestRecord(**fields)
