"""The forecast service over HTTP: `uvicorn --factory services.forecast.app:create_app`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from services.forecast.api import (
    backtests,
    forecasts,
    health,
    models,
    observations,
    scenarios,
    series,
    weather,
)
from services.forecast.calendars.days import check_overrides
from services.forecast.champions import Champions
from services.forecast.settings import Settings
from services.forecast.sources.fetching import fetch, weather_sources
from services.forecast.store import Store
from services.forecast.store.series import now
from services.forecast.telemetry import REQUEST_SECONDS, timed
from services.forecast.watching import refresh as figures
from services.web import logs, problems
from services.web.middleware import SizeLimit, Watch
from services.web.openapi import documented

log = structlog.get_logger(__name__)
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
    app.add_middleware(Watch, seconds=REQUEST_SECONDS)
    problems.register(app)
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: documented(app, READ_BY_HAND)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    logs.configure(settings.log_level, settings.log_json, "forecast")
    check_overrides()
    store = await run_in_threadpool(Store.open, settings.url, timed)
    app.state.store = store
    app.state.champions = Champions(store)
    keeping = [asyncio.create_task(_kept_up(lambda: figures(store, now()), settings.figures_every_s))]
    if settings.weather_services:
        sources = weather_sources(settings)
        keeping.append(asyncio.create_task(_kept_up(lambda: fetch(store, sources, now()), settings.weather_every_s)))
    try:
        yield
    finally:
        for task in keeping:
            task.cancel()
        store.close()


async def _kept_up(work: Callable[[], object], every_s: float) -> None:
    """Done again and again beside the answering; a failure is logged and tried again."""
    while True:
        try:
            await run_in_threadpool(work)
        except Exception:
            log.exception("upkeep failed")
        await asyncio.sleep(every_s)
