"""The audit log over HTTP, for admins."""

from fastapi import APIRouter
from pydantic import AwareDatetime

from grid_models.quantities import Data
from services.dispatch.api.access import Admin
from services.dispatch.api.wiring import TheStore
from services.dispatch.store.audit import AuditRecord
from services.dispatch.store.moments import aware
from services.web.pages import Cursor, Limit, cursor_after, place_of

router = APIRouter(prefix="/v1/audit", tags=["audit"])


class Entry(Data):
    """A change that was asked for, something that was handed out, or a refusal."""

    at: AwareDatetime
    who: str
    method: str
    path: str
    status: int
    request_id: str


class AuditPage(Data):
    entries: tuple[Entry, ...]
    next: str | None


@router.get("")
def audit_log(store: TheStore, _: Admin, cursor: Cursor = "", limit: Limit = 100) -> AuditPage:
    """Who asked for which change, to whom plans and cases were handed out, who was refused; newest first."""
    place = place_of(cursor, int)
    found = store.audit.page(limit + 1, None if place is None else place[0])
    more = len(found) > limit
    return AuditPage(
        entries=tuple(_told(one) for one in found[:limit]), next=cursor_after(found[limit - 1].id) if more else None
    )


def _told(one: AuditRecord) -> Entry:
    fields = {name: getattr(one, name) for name in ("who", "method", "path", "status", "request_id")}
    return Entry(at=aware(one.at_ms), **fields)
