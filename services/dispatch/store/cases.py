"""Cases: their content by hash, and under a number the content of today with all that it was before."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from grid_models.case import Case
from services.database.engine import Database
from services.database.statements import insert_new
from services.dispatch.store.keys import Once, keep_key
from services.dispatch.store.moments import now_ms
from services.dispatch.store.packing import packed, unpacked
from services.dispatch.store.tables import CaseContent, CaseVersion, StoredCase
from services.web.errors import NotFound, Precondition

Place = tuple[int, str]
"""Where a page ends: the moment and the number of its last row."""


@dataclass(frozen=True)
class CaseRecord:
    """A stored case without its content."""

    id: str
    name: str
    hash: str
    version: int
    facts: dict[str, Any]
    created_ms: int
    changed_ms: int
    changed_by: str


@dataclass(frozen=True)
class VersionRecord:
    version: int
    hash: str
    changed_ms: int
    changed_by: str


_RECORD = select(
    StoredCase.id,
    CaseContent.name,
    StoredCase.hash,
    StoredCase.version,
    CaseContent.facts,
    StoredCase.created_ms,
    StoredCase.changed_ms,
    StoredCase.changed_by,
).join(CaseContent, CaseContent.hash == StoredCase.hash)

_PAYLOAD = select(CaseContent.payload).where(CaseContent.hash == bindparam("hash"))
_NOW = (
    select(CaseContent.hash, CaseContent.payload)
    .join(StoredCase, StoredCase.hash == CaseContent.hash)
    .where(StoredCase.id == bindparam("identity"))
)
_ONE_CASE = _RECORD.where(StoredCase.id == bindparam("identity"))


class CaseShelf:
    """All cases."""

    def __init__(self, database: Database):
        self._database = database

    def create(self, case: Case, by: str, not_carried: tuple[str, ...] = (), once: Once | None = None) -> CaseRecord:
        """A case under a new number, or under that which an earlier request got with the same idempotency key."""
        moment, identity = now_ms(), uuid.uuid4().hex
        with self._database.writing() as connection:
            if once is not None:
                before = keep_key(connection, by, once.key, once.digest, identity)
                if before != identity:
                    return _found(connection, before)
            keep_content(connection, case, not_carried)
            row = {"id": identity, "hash": case.hash, "version": 1, "created_ms": moment}
            connection.execute(insert(StoredCase), [row | {"changed_ms": moment, "changed_by": by}])
            _keep_version(connection, identity, 1, case.hash, moment, by)
        return self.get(identity)

    def replace(
        self, identity: str, case: Case, by: str, expected_hash: str, not_carried: tuple[str, ...] = ()
    ) -> CaseRecord:
        """New content, if it is still the expected one that is replaced; the same content changes nothing."""
        moment = now_ms()
        with self._database.writing() as connection:
            row = _found(connection, identity)
            if row.hash != expected_hash:
                raise _stale(identity, row.hash)
            if row.hash == case.hash:
                return row
            keep_content(connection, case, not_carried)
            change = {"hash": case.hash, "version": row.version + 1, "changed_ms": moment, "changed_by": by}
            same = (StoredCase.id == identity, StoredCase.hash == expected_hash)
            if not connection.execute(update(StoredCase).where(*same).values(change)).rowcount:
                raise _stale(identity, "another")
            _keep_version(connection, identity, row.version + 1, case.hash, moment, by)
        return self.get(identity)

    def get(self, identity: str) -> CaseRecord:
        with self._database.reading() as connection:
            return _found(connection, identity)

    def versions(self, identity: str) -> tuple[VersionRecord, ...]:
        """Newest first."""
        self.get(identity)
        columns = (CaseVersion.version, CaseVersion.hash, CaseVersion.changed_ms, CaseVersion.changed_by)
        chosen = select(*columns).where(CaseVersion.case_id == identity).order_by(CaseVersion.version.desc())
        with self._database.reading() as connection:
            return tuple(VersionRecord(**row._mapping) for row in connection.execute(chosen))

    def page(self, limit: int, before: Place | None = None) -> tuple[CaseRecord, ...]:
        """Newest first, from after a place on."""
        chosen = _RECORD.order_by(StoredCase.created_ms.desc(), StoredCase.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(tuple_(StoredCase.created_ms, StoredCase.id) < tuple_(*before))
        with self._database.reading() as connection:
            return tuple(CaseRecord(**row._mapping) for row in connection.execute(chosen))

    def remove(self, identity: str, expected_hash: str | None = None) -> None:
        """The number is forgotten; content that plans rest on stays with them."""
        with self._database.writing() as connection:
            found = connection.execute(select(StoredCase.hash).where(StoredCase.id == identity)).scalar_one_or_none()
            if found is None:
                raise _unknown(identity)
            if expected_hash is not None and found != expected_hash:
                raise _stale(identity, found)
            connection.execute(delete(CaseVersion).where(CaseVersion.case_id == identity))
            connection.execute(delete(StoredCase).where(StoredCase.id == identity))

    def content(self, digest: str) -> bytes:
        """The case of this hash as JSON."""
        with self._database.reading() as connection:
            payload = connection.execute(_PAYLOAD, {"hash": digest}).scalar_one_or_none()
        if payload is None:
            raise NotFound(f"no case has the hash {digest}; upload it with POST /v1/cases", hash=digest)
        return unpacked(payload)

    def now(self, identity: str) -> tuple[str, bytes]:
        """Hash and JSON of the case under a number."""
        with self._database.reading() as connection:
            row = connection.execute(_NOW, {"identity": identity}).first()
        if row is None:
            raise _unknown(identity)
        return row.hash, unpacked(row.payload)

    def case(self, digest: str) -> Case:
        """The case of this hash."""
        return Case.model_validate_json(self.content(digest))

    def keep(self, case: Case) -> None:
        """Content without a number: what plans rest on."""
        with self._database.writing() as connection:
            keep_content(connection, case)

    def name_of(self, digest: str) -> str:
        """What the case of this hash is called."""
        with self._database.reading() as connection:
            name = connection.execute(select(CaseContent.name).where(CaseContent.hash == digest)).scalar_one_or_none()
        if name is None:
            raise NotFound(f"no case has the hash {digest}; upload it with POST /v1/cases", hash=digest)
        return name


def _found(connection: Connection, identity: str) -> CaseRecord:
    row = connection.execute(_ONE_CASE, {"identity": identity}).first()
    if row is None:
        raise _unknown(identity)
    return CaseRecord(**row._mapping)


def keep_content(connection: Connection, case: Case, not_carried: tuple[str, ...] = ()) -> None:
    """Once, however often it comes."""
    known = connection.execute(select(CaseContent.hash).where(CaseContent.hash == case.hash)).first()
    if known is None:
        row = {
            "hash": case.hash,
            "name": case.name[:200],
            "facts": _facts(case, not_carried),
            "payload": packed(case.model_dump_json().encode()),
            "created_ms": now_ms(),
        }
        insert_new(connection, CaseContent, [row])


def _facts(case: Case, not_carried: tuple[str, ...]) -> dict[str, Any]:
    return {
        "start": case.horizon.start.isoformat(),
        "steps": case.steps,
        "step_min": case.horizon.step_min,
        "zones": len(case.zones),
        "resources": len(case.resources),
        "not_carried": list(not_carried),
    }


def _keep_version(connection: Connection, identity: str, version: int, digest: str, moment: int, by: str) -> None:
    row = {"case_id": identity, "version": version, "hash": digest, "changed_ms": moment, "changed_by": by}
    connection.execute(insert(CaseVersion), [row])


def _unknown(identity: str) -> NotFound:
    return NotFound(f"case {identity}: there is none; GET /v1/cases lists them", case=identity)


def _stale(identity: str, now: str) -> Precondition:
    return Precondition(f"case {identity}: it says something else by now ({now[:12]}…); GET it again", case=identity)
