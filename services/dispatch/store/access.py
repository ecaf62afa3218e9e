"""API keys: 256 random bits for whoever holds one; here only their digests."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from services.database.engine import Database
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import ApiKey
from services.web.errors import NotFound

PREFIX = "gridflex_"
SECRET_BYTES = 32


@dataclass(frozen=True)
class KeyRecord:
    """A key without its secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None

    @property
    def valid(self) -> bool:
        return self.revoked_ms is None and (self.expires_ms is None or self.expires_ms > now_ms())


_COLUMNS = [getattr(ApiKey, name) for name in KeyRecord.__dataclass_fields__]

_BY_DIGEST = select(*_COLUMNS).where(ApiKey.digest == bindparam("digest"))


class AccessShelf:
    """All API keys."""

    def __init__(self, database: Database):
        self._database = database

    def create(self, name: str, scopes: tuple[str, ...], expires_ms: int | None = None) -> tuple[KeyRecord, str]:
        """A new key, and its text: it is shown this once and kept nowhere."""
        text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        identity = uuid.uuid4().hex[:12]
        row = {"id": identity, "digest": digest_of_key(text), "name": name, "scopes": list(scopes)}
        with self._database.writing() as connection:
            connection.execute(insert(ApiKey), [row | {"created_ms": now_ms(), "expires_ms": expires_ms}])
        return self.get(identity), text

    def rotate(self, identity: str, overlap_ms: int = 0, expires_ms: int | None = None) -> tuple[KeyRecord, str]:
        """A new key for the same holder; the old one ends after the overlap."""
        old = self.get(identity)
        if not old.valid:
            raise NotFound(f"key {identity}: it is revoked or has expired; create a new one", key=identity)
        made = self.create(old.name, old.scopes, expires_ms)
        until = now_ms() + overlap_ms
        ends = until if old.expires_ms is None else min(until, old.expires_ms)
        with self._database.writing() as connection:
            connection.execute(update(ApiKey).where(ApiKey.id == identity).values({"expires_ms": ends}))
        return made

    def revoke(self, identity: str) -> KeyRecord:
        """It opens nothing from now on."""
        with self._database.writing() as connection:
            there = update(ApiKey).where(ApiKey.id == identity, ApiKey.revoked_ms.is_(None))
            connection.execute(there.values({"revoked_ms": now_ms()}))
        return self.get(identity)

    def get(self, identity: str) -> KeyRecord:
        found = [one for one in self.all() if one.id == identity]
        if not found:
            raise NotFound(f"key {identity}: there is none; `gridflex keys list` shows them", key=identity)
        return found[0]

    def all(self) -> tuple[KeyRecord, ...]:
        """Oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(ApiKey.created_ms, ApiKey.id))
            return tuple(_read(row._mapping) for row in rows)

    def find(self, text: str) -> KeyRecord | None:
        """The key with this text, if it is one and still opens something."""
        with self._database.reading() as connection:
            row = connection.execute(_BY_DIGEST, {"digest": digest_of_key(text)}).first()
        record = None if row is None else _read(row._mapping)
        return record if record is not None and record.valid else None


def digest_of_key(text: str) -> str:
    # 256 random bits cannot be guessed, so a plain digest is enough, and it can be looked up.
    return hashlib.sha256(text.encode()).hexdigest()


def _read(fields: object) -> KeyRecord:
    known = dict(fields)  # type: ignore[call-overload]
    return KeyRecord(**known | {"scopes": tuple(known["scopes"])})
