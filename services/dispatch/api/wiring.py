"""What the routes are given: the store, the settings, the body of the request."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import AfterValidator, AwareDatetime

from grid_models.quantities import Data
from services.dispatch.settings import Settings
from services.dispatch.store import Store

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Databases and clocks know no years 0 and 10000."""


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _body(request: Request) -> bytes:
    return await request.body()


async def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _of_our_time(value: Any) -> Any:
    if isinstance(value, datetime) and not FIRST_YEAR <= value.year < LAST_YEAR:
        raise ValueError(f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}")
    return value


# Asynchronous, or each would be sent to a thread to fetch an attribute.
TheStore = Annotated[Store, Depends(_store)]
TheSettings = Annotated[Settings, Depends(_settings)]
Body = Annotated[bytes, Depends(_body)]
ContentType = Annotated[str, Depends(_content_type)]
Dated = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A request that is sent again under its key makes nothing new.",
        min_length=1,
        max_length=200,
    ),
]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag of what is to be changed.", max_length=200)
]
IfNoneMatch = Annotated[
    str | None, Header(alias="If-None-Match", description="ETags that you have already.", max_length=2000)
]


def written(answer: Data, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer as JSON; it is what its schema says by its making, so nobody checks it once more."""
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")


def etag(digest: str) -> str:
    return f'"{digest}"'


def known_to_client(if_none_match: str | None, digest: str) -> bool:
    """Whether the client has it already."""
    given = [part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")]
    return etag(digest) in given or "*" in given


def unquoted(if_match: str) -> str:
    return if_match.strip().removeprefix("W/").strip('"')
