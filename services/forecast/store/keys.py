"""Idempotency keys: a request that is sent again gets the answer that it got."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import delete, select

from services.database.engine import Database
from services.database.statements import insert_new
from services.forecast.errors import KeyUsedOtherwise
from services.forecast.store.series import now
from services.forecast.store.statements import seconds
from services.forecast.store.tables import IdempotencyKey

KEPT = np.timedelta64(7 * 86_400, "s")


@dataclass(frozen=True)
class Answered:
    """What a request was answered with."""

    status: int
    answer: dict[str, Any] | None


class KeyShelf:
    """All keys of the last seven days."""

    def __init__(self, database: Database):
        self._database = database

    def find(self, key: str, digest: str) -> Answered | None:
        """The answer to this request, if it was answered; a key that another request used is refused."""
        columns = select(IdempotencyKey.digest, IdempotencyKey.status, IdempotencyKey.answer)
        with self._database.reading() as connection:
            row = connection.execute(columns.where(IdempotencyKey.key == key)).first()
        if row is None:
            return None
        if row.digest != digest:
            raise KeyUsedOtherwise(f"Idempotency-Key {key}: it answered another request; take a new key", key=key)
        return Answered(row.status, row.answer)

    def keep(self, key: str, digest: str, status: int, answer: dict[str, Any] | None) -> Answered:
        """The answer that counts: the first one that was kept under the key."""
        moment = seconds(now())
        row = {"key": key, "digest": digest, "status": status, "answer": answer, "created_at": moment}
        with self._database.writing() as connection:
            connection.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < seconds(now() - KEPT)))
            insert_new(connection, IdempotencyKey, [row])
        return self.find(key, digest) or Answered(status, answer)
