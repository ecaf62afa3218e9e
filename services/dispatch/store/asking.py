"""What is asked for, whatever it is: under its key once, dropped when nobody wants it any more."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from services.dispatch.store.jobs import abandon, ask
from services.dispatch.store.keys import Once, keep_key
from services.dispatch.store.tables import AskedAssessment, AskedPlan

Kind = type[AskedPlan] | type[AskedAssessment]


@dataclass(frozen=True)
class Asked:
    """What is asked for, by whom, and under which idempotency key if any."""

    key: str
    case_hash: str
    case_name: str
    request: dict[str, Any]
    by: str
    replans: dict[str, Any] | None = None
    once: Once | None = None


def put(connection: Connection, kind: Kind, asked: Asked, row: dict[str, Any]) -> str:
    """Its number: that of the row, or of what an earlier request under the same key has made."""
    identity = str(row["id"])
    if asked.once is not None:
        before = keep_key(connection, asked.by, asked.once.key, asked.once.digest, identity)
        if before != identity:
            return before
    ask(connection, asked.key, asked.case_hash, asked.request)
    connection.execute(insert(kind), [row | {"key": asked.key, "cancelled": False, "asked_by": asked.by}])
    return identity


def drop(connection: Connection, kind: Kind, identity: str, key: str) -> None:
    """Not wanted any more; the work stops unless somebody else wants it too."""
    connection.execute(update(kind).where(kind.id == identity).values({"cancelled": True}))
    others = select(func.count()).where(kind.key == key, kind.cancelled.is_(False))
    if not connection.execute(others).scalar_one():
        abandon(connection, key)
