"""The whole service on one machine: the API in this process, a worker beside it, both on the embedded store."""

import uvicorn

from services.forecast.app import create_app
from services.forecast.settings import Settings
from services.web.beside import environment, worker_beside


def serve(settings: Settings, host: str, port: int) -> None:
    """Until it is told to stop; requests in hand are answered first, a worker that dies is started again."""
    with worker_beside("services.forecast.worker", environment(settings, settings.url)):
        uvicorn.run(create_app(settings), host=host, port=port, log_config=None, server_header=False)
