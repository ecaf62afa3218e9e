"""Idempotency keys: a request that is sent again makes nothing new."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from services.database.statements import insert_new
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import IdempotencyKey
from services.web.errors import KeyUsedOtherwise

KEPT_MS = 7 * 86_400_000


@dataclass(frozen=True)
class Once:
    """A key, and what was asked under it."""

    key: str
    digest: str


def keep_key(connection: Connection, who: str, key: str, digest: str, subject: str) -> str:
    """What the request under this key has made: the subject, or what an earlier one has made.

    In the transaction that makes it, so that no crash comes between the two.
    """
    connection.execute(delete(IdempotencyKey).where(IdempotencyKey.created_ms < now_ms() - KEPT_MS))
    row = {"who": who, "key": key, "digest": digest, "subject": subject, "created_ms": now_ms()}
    insert_new(connection, IdempotencyKey, [row])
    columns = select(IdempotencyKey.digest, IdempotencyKey.subject)
    found = connection.execute(columns.where(IdempotencyKey.who == who, IdempotencyKey.key == key)).one()
    if found.digest != digest:
        raise KeyUsedOtherwise(f"Idempotency-Key {key}: it answered another request; take a new key", key=key)
    return str(found.subject)
