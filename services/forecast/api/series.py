"""Series: what is forecast, what drives it, and what is known about the thing itself."""

import base64
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, Field

from grid_models.forecast import SeriesDescription, SeriesKind
from grid_models.quantities import Data, Name
from services.forecast.api.wiring import AsOf, TheStore
from services.forecast.describing import describe_all
from services.forecast.errors import Unusable
from services.forecast.known import aware, moment

router = APIRouter(prefix="/v1/series", tags=["series"])
PAGE_MAX = 1000


class SeriesBatch(Data):
    """Several descriptions at once."""

    series: Annotated[tuple[SeriesDescription, ...], Field(min_length=1, max_length=20_000)]


class SeriesSaved(Data):
    """What became of them."""

    received: int
    changed: int
    """New ones and those that say something new."""


class SeriesPage(Data):
    """Some of the series in the order of their names."""

    series: tuple[SeriesDescription, ...]
    next: str | None
    """Cursor of the next page; none on the last one."""


class SeriesVersion(Data):
    """What was said about a series from a moment on."""

    known_at: AwareDatetime
    description: SeriesDescription


class SeriesVersions(Data):
    versions: tuple[SeriesVersion, ...]


@router.post("")
def describe_many(batch: SeriesBatch, store: TheStore) -> SeriesSaved:
    """Describe many series: all of them or none; a description that says nothing new changes nothing."""
    changed = describe_all(store, batch.series)
    return SeriesSaved(received=len(changed), changed=sum(1 for version in changed if version))


@router.get("")
def list_series(
    store: TheStore,
    cursor: Annotated[str, Query(description="`next` of the page before.", max_length=1000)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    kind: SeriesKind | None = None,
    zone: Name | None = None,
) -> SeriesPage:
    """List the series, page by page."""
    found = store.series.page(_after(cursor), limit + 1, kind, zone)
    more = len(found) > limit
    return SeriesPage(series=found[:limit], next=_cursor(found[limit - 1].name) if more else None)


@router.get("/{name:path}/versions")
def versions(name: str, store: TheStore) -> SeriesVersions:
    """Everything that was ever said about a series, and when."""
    told = store.series.versions(name)
    return SeriesVersions(versions=tuple(SeriesVersion(known_at=aware(at), description=one) for at, one in told))


@router.get("/{name:path}")
def one_series(name: str, store: TheStore, as_of: AsOf = None) -> SeriesDescription:
    """What is said about one series."""
    return store.series.get(name, None if as_of is None else moment(as_of))


@router.put("/{name:path}", responses={201: {"description": "It is new.", "model": SeriesDescription}})
def describe(name: str, description: SeriesDescription, store: TheStore, response: Response) -> SeriesDescription:
    """Describe one series; what was said before stays known as of then."""
    if description.name != name:
        raise Unusable(f"name: the address says {name}, the body {description.name}; they must agree", field="name")
    response.status_code = 201 if describe_all(store, [description]) == (1,) else 200
    return description


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _after(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, altchars="-_", validate=True).decode()
    except ValueError as error:
        raise Unusable("cursor: is none of ours; take `next` of the page before", field="cursor") from error
