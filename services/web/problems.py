"""Every error as `application/problem+json` (RFC 9457): a stable type, a title, and what to do in the detail."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from grid_models.errors import BadInput, bad_input
from services.web.errors import NaiveTime, ServiceError, Unreadable, Unusable

log = structlog.get_logger(__name__)
BY_STATUS = {
    404: ("/problems/not-found", "There is nothing here"),
    405: ("/problems/method-not-allowed", "This method is not allowed here"),
    406: ("/problems/not-acceptable", "This form of answer is not offered"),
    413: ("/problems/too-large", "More than one request may carry"),
    415: ("/problems/unsupported-form", "This content type is not read here"),
}
_A_PROBLEM: dict[str, Any] = {"$ref": "#/components/schemas/Problem"}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "What is wrong with the request, and the way out.",
        "content": {
            "application/problem+json": {
                "schema": _A_PROBLEM,
                "example": {
                    "type": "/problems/naive-time",
                    "title": "A moment lacks its offset from UTC",
                    "status": 422,
                    "detail": "from: needs its offset from UTC, such as 2030-07-15T00:00:00+08:00",
                    "instance": "/v1/observations",
                },
            }
        },
    },
    503: {
        "description": "Something on which the service stands is away now: its store, or who signs people in.",
        "content": {"application/problem+json": {"schema": _A_PROBLEM}},
    },
}


def answer(request: Request, status: int, kind: str, title: str, detail: str, **facts: Any) -> JSONResponse:
    """The problem as the client sees it."""
    body = {"type": kind, "title": title, "status": status, "detail": detail, "instance": request.url.path, **facts}
    return JSONResponse(body, status, media_type="application/problem+json")


def register(app: FastAPI) -> None:
    """All errors of this application are answered as problems."""
    app.add_exception_handler(ServiceError, _ours)
    app.add_exception_handler(BadInput, _bad_input)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(Exception, _unforeseen)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)
    if error.status >= 500:
        log.error("request failed", path=request.url.path, problem=error.type, detail=error.detail)
    response = answer(request, error.status, error.type, error.title, error.detail, **error.facts)
    response.headers.update(error.headers)
    return response


async def _bad_input(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BadInput)
    problems = list(error.problems)
    return answer(request, Unusable.status, Unusable.type, Unusable.title, "; ".join(problems), problems=problems)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    faults = list(error.errors())
    if any(fault["type"] == "json_invalid" for fault in faults):
        return await _ours(request, Unreadable(f"the body is no JSON: {faults[0].get('ctx', {}).get('error', '')}"))
    problems = list(bad_input("", _Faults(faults), getattr(error, "body", None)).problems)  # type: ignore[arg-type]
    kind = NaiveTime if any(fault["type"] == "timezone_aware" for fault in faults) else Unusable
    return answer(request, kind.status, kind.type, kind.title, "; ".join(problems), problems=problems)


class _Faults:
    """The faults without the name of the part of the request that pydantic puts before their places."""

    def __init__(self, faults: list[Any]):
        self._faults = [{**fault, "loc": _place(fault["loc"])} for fault in faults]

    def errors(self) -> list[Any]:
        return self._faults


def _place(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return location[1:] if location[:1] in (("body",), ("query",), ("path",), ("header",)) else location


async def _by_status(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind, title = BY_STATUS.get(error.status_code, ("about:blank", str(error.detail)))
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"{request.url.path}: there is nothing here; /openapi.json lists what there is"
    if error.status_code == 405:
        detail = f"{request.method} is not allowed here; allowed: {_allowed(error.headers)}"
    response = answer(request, error.status_code, kind, title, detail)
    response.headers.update(error.headers or {})
    return response


def _allowed(headers: Mapping[str, str] | None) -> str:
    return (headers or {}).get("Allow", "see /openapi.json")


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", path=request.url.path, exc_info=error)
    identity = getattr(request.state, "request_id", "")
    detail = f"the fault is ours and has been written down; name request {identity} when you report it"
    return answer(request, 500, ServiceError.type, ServiceError.title, detail, request_id=identity)
