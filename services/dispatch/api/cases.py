"""Cases: brought in any readable format, kept under a number, replaced only by those who know what they replace."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from grid_models.errors import BadInput
from grid_models.formats import FORMATS
from grid_models.quantities import Data
from services.dispatch.api.access import Planner, Viewer
from services.dispatch.api.wiring import (
    ContentType,
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    TheStore,
    etag,
    known_to_client,
    unquoted,
)
from services.dispatch.store.cases import CaseRecord
from services.dispatch.store.keys import Once
from services.dispatch.store.moments import aware
from services.dispatch.uploads import ANY_FILE, SUFFIXES, Upload, read_upload
from services.web.errors import PreconditionRequired, Unreadable, Unusable
from services.web.idempotency import digest_of
from services.web.pages import Cursor, Limit, cursor_after, place_of

router = APIRouter(prefix="/v1/cases", tags=["cases"])
CASES = "/v1/cases"
MULTIPART = "multipart/form-data"
HASH_LENGTH = 64

_FILE: dict[str, Any] = {"type": "string", "format": "binary"}
_EXAMPLE: dict[str, Any] = {
    "format_version": 1,
    "name": "one unit, two hours",
    "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
    "zones": [{"name": "system", "demand_mw": [80, 90]}],
    "resources": [
        {"kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]]}
    ],
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"A case in a format that is read here ({', '.join(FORMATS)}); several files as a ZIP archive.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Case"}, "example": _EXAMPLE},
            **{kind: {"schema": _FILE} for kind in (*SUFFIXES, ANY_FILE) if kind != "application/json"},
            MULTIPART: {"schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}},
        },
    }
}


class CaseAnswer(Data):
    """A stored case at a glance."""

    id: str
    url: str
    name: str
    hash: str
    """Of its content; also its ETag."""
    version: int
    start: AwareDatetime
    steps: int
    step_min: int
    zones: int
    resources: int
    not_carried: tuple[str, ...]
    """What the file said and the case does not, each in words."""
    created_at: AwareDatetime
    changed_at: AwareDatetime
    changed_by: str


class CasePage(Data):
    """Some of the cases, newest first."""

    cases: tuple[CaseAnswer, ...]
    next: str | None
    """Cursor of the next page; none on the last one."""


class CaseVersionAnswer(Data):
    version: int
    hash: str
    changed_at: AwareDatetime
    changed_by: str


class CaseVersions(Data):
    versions: tuple[CaseVersionAnswer, ...]


class Validation(Data):
    """Whether a case can be used, and what is wrong with it."""

    valid: bool
    problems: tuple[str, ...] = ()
    format: str | None = None
    hash: str | None = None
    not_carried: tuple[str, ...] = ()


class Sent(Data):
    """A file as it came, before it is read."""

    content: bytes = Field(repr=False)
    content_type: str
    filename: str
    format: str
    first: date | None
    days: int | None

    def upload(self) -> Upload:
        return Upload(self.content, self.content_type, self.filename, self.format, self.first, self.days)

    @property
    def digest(self) -> str:
        return digest_of(
            "case", self.content, self.content_type, self.filename, self.format, f"{self.first} {self.days}"
        )


async def _sent(
    request: Request,
    content_type: ContentType,
    filename: Annotated[str, Query(max_length=200, description="What the file is called; its suffix counts.")] = "",
    form: Annotated[str, Query(alias="format", max_length=40, description="A format, or auto.")] = "auto",
    first: Annotated[date | None, Query(alias="date", description="First day, where the file holds many.")] = None,
    days: Annotated[int | None, Query(ge=1, le=366, description="Number of days, where the file holds many.")] = None,
) -> Sent:
    if content_type == MULTIPART:
        content, content_type, filename = await _part(request, filename)
    else:
        content = await request.body()
    return Sent(content=content, content_type=content_type, filename=filename, format=form, first=first, days=days)


async def _part(request: Request, filename: str) -> tuple[bytes, str, str]:
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Unusable("file: is required and missing; send the case as a file in a part of this name")
            kind = (file.content_type or "").partition(";")[0].strip().lower()
            return await file.read(), kind, filename or file.filename or ""
    except HTTPException as error:
        raise Unreadable(f"the body is no multipart form: {error.detail}") from error


SentCase = Annotated[Sent, Depends(_sent)]


@router.post("", status_code=201, response_model=CaseAnswer, openapi_extra=BODY)
def upload_case(sent: SentCase, store: TheStore, who: Planner, key: IdempotencyKey = None) -> JSONResponse:
    """Keep a case under a new number."""
    reading = read_upload(sent.upload())
    once = Once(key, sent.digest) if key else None
    record = store.cases.create(reading.case, who.name, reading.not_carried, once)
    return _answer(record, 201, {"Location": f"{CASES}/{record.id}"})


@router.post("/validations", openapi_extra=BODY)
def validate_case(sent: SentCase, _: Planner) -> Validation:
    """Read and check a case, and keep nothing."""
    try:
        reading = read_upload(sent.upload())
    except BadInput as error:
        return Validation(valid=False, problems=error.problems)
    return Validation(valid=True, format=reading.format, hash=reading.case.hash, not_carried=reading.not_carried)


@router.get("")
def list_cases(store: TheStore, _: Viewer, cursor: Cursor = "", limit: Limit = 100) -> CasePage:
    """List the cases, newest first."""
    found = store.cases.page(limit + 1, place_of(cursor, int, str))
    last = found[limit - 1] if len(found) > limit else None
    cases = tuple(told(record) for record in found[:limit])
    return CasePage(cases=cases, next=cursor_after(last.created_ms, last.id) if last else None)


@router.get(
    "/{identity}",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Case"}}}},
        304: {"description": "You have it already."},
    },
)
def one_case(identity: str, store: TheStore, _: Viewer, if_none_match: IfNoneMatch = None) -> Response:
    """The case under a number, as it is now, or the one with a hash, in the native format."""
    by_hash = len(identity) == HASH_LENGTH
    digest, content = (identity, store.cases.content(identity)) if by_hash else store.cases.now(identity)
    headers = {"ETag": etag(digest)}
    if known_to_client(if_none_match, digest):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


@router.get("/{identity}/versions")
def case_versions(identity: str, store: TheStore, _: Viewer) -> CaseVersions:
    """What it was before, newest first; every version can be fetched and planned by its hash."""
    return CaseVersions(
        versions=tuple(
            CaseVersionAnswer(
                version=one.version, hash=one.hash, changed_at=aware(one.changed_ms), changed_by=one.changed_by
            )
            for one in store.cases.versions(identity)
        )
    )


@router.put("/{identity}", response_model=CaseAnswer, openapi_extra=BODY)
def replace_case(
    identity: str, sent: SentCase, store: TheStore, who: Planner, if_match: IfMatch = None
) -> JSONResponse:
    """Replace what a case says; `If-Match` names the content that is replaced."""
    if if_match is None:
        raise PreconditionRequired("If-Match: is required; send the ETag of the case that you replace")
    expected = _expected(if_match, store.cases.get(identity))
    reading = read_upload(sent.upload())
    record = store.cases.replace(identity, reading.case, who.name, expected, reading.not_carried)
    return _answer(record, 200)


@router.delete("/{identity}", status_code=204)
def remove_case(identity: str, store: TheStore, _: Planner, if_match: IfMatch = None) -> None:
    """Forget the number; plans of the case stay, with what they rest on."""
    store.cases.remove(identity, None if if_match is None else _expected(if_match, store.cases.get(identity)))


def _expected(if_match: str, now: CaseRecord) -> str:
    """The hash of what the client means to change; `*` means whatever is there."""
    return now.hash if if_match.strip() == "*" else unquoted(if_match)


def told(record: CaseRecord) -> CaseAnswer:
    """The record as the client sees it."""
    return CaseAnswer(
        id=record.id,
        url=f"{CASES}/{record.id}",
        name=record.name,
        hash=record.hash,
        version=record.version,
        created_at=aware(record.created_ms),
        changed_at=aware(record.changed_ms),
        changed_by=record.changed_by,
        **record.facts,
    )


def _answer(record: CaseRecord, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    document = told(record).model_dump(mode="json")
    return JSONResponse(document, status, headers={"ETag": etag(record.hash), **(headers or {})})
