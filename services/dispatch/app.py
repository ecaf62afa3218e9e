"""The dispatch service over HTTP: `uvicorn --factory services.dispatch.app:create_app`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from grid_models.case import Case
from grid_models.plan import Plan
from services.dispatch.api import assessments, audit, cases, health, plans, provinces, results
from services.dispatch.api.access import Buckets
from services.dispatch.api.auditing import Audit, Reads
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.telemetry import REQUEST_SECONDS, STORE_SECONDS
from services.web import logs, problems
from services.web.middleware import SecurityHeaders, SizeLimit, Watch
from services.web.openapi import documented

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    cases.router,
    plans.router,
    results.router,
    provinces.router,
    assessments.router,
    audit.router,
)
"""One line per noun; the order is that of the documentation."""

READ_BY_HAND: tuple[type[BaseModel], ...] = (Case, Plan)
"""Bodies that routes read or write as bytes."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; it opens its store when it starts."""
    chosen = settings or Settings()
    app = FastAPI(
        title="gridflex dispatch",
        version=version("gridflex"),
        summary="Unit commitment and dispatch of a provincial power system, with plans that survive.",
        lifespan=_lifespan,
        responses=problems.DOCUMENTED,
        # Their pages load scripts from elsewhere, which a control room does not.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = chosen
    app.state.buckets = Buckets(chosen.rate_per_s, chosen.rate_burst)
    app.add_middleware(SizeLimit, max_bytes=chosen.body_max_bytes)
    app.add_middleware(Audit)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Watch, seconds=REQUEST_SECONDS)
    problems.register(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: documented(app, READ_BY_HAND)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    logs.configure(settings.log_level, settings.log_json, "dispatch")
    store = await run_in_threadpool(Store.open, settings.url, _timed)
    app.state.store = store
    app.state.reads = reads = Reads(store)
    keeping = asyncio.create_task(reads.kept_up())
    try:
        yield
    finally:
        keeping.cancel()
        await run_in_threadpool(reads.flush)
        store.close()


def _timed(operation: str) -> AbstractContextManager[Any]:
    return STORE_SECONDS.labels(operation).time()
