"""Whether the service lives, whether it can work, and its figures."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.dispatch.api.wiring import TheStore
from services.dispatch.telemetry import REGISTRY, figures_of
from services.web.errors import NotReady

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/readyz")
def ready(store: TheStore) -> dict[str, str]:
    """The store answers as well."""
    try:
        store.check()
    except Exception as error:
        raise NotReady(f"the store does not answer: {type(error).__name__}") from error
    return {"status": "ready"}


@router.get("/metrics", response_class=Response)
def metrics(store: TheStore) -> Response:
    """For Prometheus."""
    return Response(generate_latest(REGISTRY) + generate_latest(figures_of(store)), media_type=CONTENT_TYPE_LATEST)
