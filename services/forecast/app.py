"""The forecast service over HTTP: `uvicorn --factory services.forecast.app:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from services.forecast import logs
from services.forecast.api import (
    backtests,
    forecasts,
    health,
    models,
    observations,
    problems,
    scenarios,
    series,
    weather,
)
from services.forecast.api.middleware import SizeLimit, Watch
from services.forecast.champions import Champions
from services.forecast.settings import Settings
from services.forecast.store import Store

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    series.router,
    observations.router,
    weather.router,
    forecasts.router,
    scenarios.router,
    backtests.router,
    models.router,
)
"""One line per noun; the order is that of the documentation."""

READ_BY_HAND: tuple[type[BaseModel], ...] = (observations.ObservationBatch, weather.WeatherBatch)
"""Bodies whose routes read them as bytes, as several forms are accepted or their digest is needed."""

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong, and the way out (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of the problem, such as /problems/naive-time."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": True,
}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; it opens its store when it starts."""
    chosen = settings or Settings()
    app = FastAPI(
        title="gridflex forecast",
        version=version("gridflex"),
        summary="Probabilistic forecasts of load, wind, solar and inflow, with vintages and honest uncertainty.",
        lifespan=_lifespan,
        responses=problems.DOCUMENTED,
    )
    app.state.settings = chosen
    app.add_middleware(SizeLimit, max_bytes=chosen.body_max_bytes)
    app.add_middleware(Watch)
    problems.register(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    logs.configure(settings.log_level, settings.log_json)
    store = await run_in_threadpool(Store.open, settings.url)
    app.state.store = store
    app.state.champions = Champions(store)
    try:
        yield
    finally:
        store.close()


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schemas = document["components"]["schemas"]
        wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in READ_BY_HAND]
        _, by_hand = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
        document["components"]["schemas"] = by_hand["$defs"] | schemas | {"Problem": PROBLEM}
        app.openapi_schema = document
    return app.openapi_schema
