"""What the routes are given: the store, the settings, the body of the request, moments from the query."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from services.forecast.errors import Unusable
from services.forecast.ingest import FIRST_YEAR, LAST_YEAR
from services.forecast.settings import Settings
from services.forecast.store import Store


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _body(request: Request) -> bytes:
    return await request.body()


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _plus(value: Any) -> Any:
    # In a query a bare `+` means a blank; nobody writes a moment with a blank before its offset.
    return value.replace(" ", "+") if isinstance(value, str) and value[-6:-5] == " " else value


def _of_our_time(value: AwareDatetime | None) -> AwareDatetime | None:
    if value is not None and not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    if value is not None and value.microsecond:
        raise ValueError("must be a whole second")
    return value


def in_order(start: datetime | None, end: datetime | None) -> None:
    """Refuses a stretch of time that ends before it begins: nothing lies in it."""
    if start is not None and end is not None and end < start:
        raise Unusable(f"to: {end.isoformat()} lies before from ({start.isoformat()})", field="to")


TheStore = Annotated[Store, Depends(_store)]
TheSettings = Annotated[Settings, Depends(_settings)]
Body = Annotated[bytes, Depends(_body)]
ContentType = Annotated[str, Depends(_content_type)]
Dated = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A moment that a power system may speak of: databases and clocks know no years 0 and 10000."""
MaybeMoment = Annotated[AwareDatetime | None, BeforeValidator(_plus), AfterValidator(_of_our_time)]
AsOf = Annotated[
    MaybeMoment,
    Query(
        description="What was known at this moment; without it: what is known now.", examples=["2030-07-15T08:00:00Z"]
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A request that is sent again under its key gets the answer that it got.",
        max_length=200,
    ),
]
