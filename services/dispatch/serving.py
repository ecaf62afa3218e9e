"""The whole service on one machine: the API in this process, a worker beside it, both on the embedded store."""

import uvicorn

from services.dispatch.app import create_app
from services.dispatch.settings import Settings
from services.web.beside import environment, worker_beside

KEEP_ALIVE_S = 75


def serve(settings: Settings) -> None:
    """Until it is told to stop; requests in hand are answered first, a worker that dies is started again."""
    with worker_beside("services.dispatch.worker", environment(settings, settings.url)):
        server = uvicorn.Config(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_config=None,
            server_header=False,
            # Longer than the proxies before us keep a connection: they must be the ones who close it.
            timeout_keep_alive=KEEP_ALIVE_S,
        )
        uvicorn.Server(server).run()
