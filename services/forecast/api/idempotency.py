"""A request under an `Idempotency-Key` is done once; sent again it gets the same answer."""

import hashlib
from collections.abc import Callable
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from services.forecast.store import Store


def digest_of(*parts: bytes | str) -> str:
    """What was asked, as a number."""
    digest = hashlib.sha256()
    for part in parts:
        piece = part.encode() if isinstance(part, str) else part
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def once(store: Store, key: str | None, digest: str, work: Callable[[], tuple[int, BaseModel]]) -> JSONResponse:
    """The answer to the work: done now, or remembered from the time when it was done."""
    before = store.keys.find(key, digest) if key else None
    if before is not None:
        return JSONResponse(before.answer, before.status, headers={"Idempotent-Replayed": "true"})
    status, told = work()
    document: dict[str, Any] = told.model_dump(mode="json")
    if key:
        # What was done is kept by then, and doing it again would change nothing: a crash in between is harmless.
        store.keys.keep(key, digest, status, document)
    return JSONResponse(document, status)
