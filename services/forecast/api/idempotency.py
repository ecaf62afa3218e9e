"""A request under an `Idempotency-Key` is done once; sent again it gets the same answer."""

from collections.abc import Callable
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from services.forecast.store import Store


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
