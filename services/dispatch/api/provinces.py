"""Provinces that come with the service, ready to be planned."""

from functools import cache

from fastapi import APIRouter, Response

from grid_models.provinces import NAMES, builtin_case
from grid_models.quantities import Data
from services.dispatch.api.access import Viewer
from services.dispatch.api.wiring import IfNoneMatch, etag, known_to_client
from services.web.errors import NotFound

router = APIRouter(prefix="/v1/provinces", tags=["provinces"])


class Province(Data):
    """A built-in province."""

    name: str
    url: str


class Provinces(Data):
    provinces: tuple[Province, ...]


@router.get("")
def list_provinces(_: Viewer) -> Provinces:
    """The built-in provinces, by the hour or (`-96`) by the quarter hour."""
    return Provinces(provinces=tuple(Province(name=name, url=f"/v1/provinces/{name}") for name in NAMES))


@router.get("/{name}", response_class=Response, responses={304: {"description": "You have it already."}})
def province(name: str, _: Viewer, if_none_match: IfNoneMatch = None) -> Response:
    """The case of its peak day, in the native format; POST it to /v1/cases, or ask for a plan of it."""
    if name not in NAMES:
        raise NotFound(f"province {name[:100]}: there is none; there are {', '.join(NAMES)}", province=name[:100])
    digest, document = _case(name)
    headers = {"ETag": etag(digest)}
    if known_to_client(if_none_match, digest):
        return Response(status_code=304, headers=headers)
    return Response(document, media_type="application/json", headers=headers)


@cache
def _case(name: str) -> tuple[str, bytes]:
    case = builtin_case(name)
    return case.hash, case.model_dump_json().encode()
