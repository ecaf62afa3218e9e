"""Pages of long lists: where one ends, in a form that clients hand back and never read."""

import base64
import json
from typing import Annotated, Any

from fastapi import Query

from services.web.errors import Unusable

PAGE_MAX = 1000
Cursor = Annotated[str, Query(description="`next` of the page before.", max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


def cursor_after(*place: int | str) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place_of(cursor: str, *kinds: type) -> tuple[Any, ...] | None:
    """What the cursor says, of these types; None where there is no cursor."""
    if not cursor:
        return None
    try:
        place = tuple(json.loads(base64.b64decode(cursor, altchars="-_", validate=True)))
    except (ValueError, TypeError, RecursionError) as error:
        raise _not_ours() from error
    if [type(part) for part in place] != list(kinds) or any(isinstance(p, int) and abs(p) >= 2**63 for p in place):
        raise _not_ours()
    return place


def _not_ours() -> Unusable:
    return Unusable("cursor: is none of ours; take `next` of the page before", field="cursor")
