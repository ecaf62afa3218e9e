"""The audit log: who changed what or tried to, and how that was answered."""

from dataclasses import dataclass

from sqlalchemy import insert, select

from services.database.engine import Database
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import AuditEntry


@dataclass(frozen=True)
class AuditRecord:
    id: int
    at_ms: int
    who: str
    method: str
    path: str
    status: int
    request_id: str


_COLUMNS = [getattr(AuditEntry, name) for name in AuditRecord.__dataclass_fields__]


class AuditShelf:
    """Everything that was asked and is worth keeping."""

    def __init__(self, database: Database):
        self._database = database

    def write(self, who: str, method: str, path: str, status: int, request_id: str) -> None:
        row = {"at_ms": now_ms(), "who": who[:200], "method": method[:20], "path": path[:2000], "status": status}
        with self._database.writing() as connection:
            connection.execute(insert(AuditEntry), [row | {"request_id": request_id[:80]}])

    def page(self, limit: int, before: int | None = None) -> tuple[AuditRecord, ...]:
        """Newest first, from after an entry on."""
        chosen = select(*_COLUMNS).order_by(AuditEntry.id.desc()).limit(limit)
        chosen = chosen if before is None else chosen.where(AuditEntry.id < before)
        with self._database.reading() as connection:
            return tuple(AuditRecord(**row._mapping) for row in connection.execute(chosen))
