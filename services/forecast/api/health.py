"""Whether the service lives, whether it can work, and its figures."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.forecast.api.wiring import TheStore
from services.forecast.errors import NotReady
from services.forecast.telemetry import REGISTRY

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
def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
