"""The service on one machine: the API, and a worker beside it that is started again whenever it dies."""

import os
import subprocess
import sys
import threading

import structlog
import uvicorn

from services.forecast.app import create_app
from services.forecast.settings import Settings

log = structlog.get_logger(__name__)
RESTART_AFTER_S = 2.0


class Beside:
    """A worker process that lives as long as the API does."""

    def __init__(self, settings: Settings):
        self._environment = os.environ | {
            "GRIDFLEX_FORECAST_DATABASE_URL": settings.url,
            "GRIDFLEX_FORECAST_LOG_LEVEL": settings.log_level,
        }
        self._end = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = threading.Thread(target=self._keep, name="worker", daemon=True)

    def __enter__(self) -> "Beside":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
        self._watch.join(timeout=5)

    def _keep(self) -> None:
        while not self._end.is_set():
            self._process = subprocess.Popen([sys.executable, "-m", "services.forecast.worker"], env=self._environment)
            self._process.wait()
            if not self._end.wait(RESTART_AFTER_S):
                log.warning("worker ended and is started again", code=self._process.returncode)


def serve(settings: Settings, host: str, port: int, with_worker: bool = True) -> None:
    """Until it is told to stop; requests in hand are answered first."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host=host, port=port, log_config=None))
    if not with_worker:
        server.run()
        return
    with Beside(settings):
        server.run()
