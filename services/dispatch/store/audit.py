"""The audit log: who changed what or tried to, and how that was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select

from services.database.engine import Database
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import AuditEntry


@dataclass(frozen=True)
class Noted:
    """What is to be written down."""

    at_ms: int
    who: str
    method: str
    path: str
    status: int
    request_id: str


@dataclass(frozen=True)
class AuditRecord(Noted):
    id: int


_COLUMNS = [getattr(AuditEntry, name) for name in AuditRecord.__dataclass_fields__]
_LONGEST = {"who": 200, "method": 20, "path": 2000, "request_id": 80}


class AuditShelf:
    """Everything that was asked and is worth keeping."""

    def __init__(self, database: Database):
        self._database = database

    def write(self, who: str, method: str, path: str, status: int, request_id: str) -> None:
        self.write_all([Noted(now_ms(), who, method, path, status, request_id)])

    def write_all(self, noted: Sequence[Noted]) -> None:
        rows = [vars(one) | {name: vars(one)[name][:most] for name, most in _LONGEST.items()} for one in noted]
        with self._database.writing() as connection:
            connection.execute(insert(AuditEntry), rows)

    def page(self, limit: int, before: int | None = None) -> tuple[AuditRecord, ...]:
        """Newest first, from after an entry on."""
        chosen = select(*_COLUMNS).order_by(AuditEntry.id.desc()).limit(limit)
        chosen = chosen if before is None else chosen.where(AuditEntry.id < before)
        with self._database.reading() as connection:
            return tuple(AuditRecord(**row._mapping) for row in connection.execute(chosen))
