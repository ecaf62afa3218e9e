"""The whole service on one machine: the API in this process, a worker beside it, both on the embedded store.

`python -m services.dispatch.serving DESCRIPTOR` serves on a socket that it inherits.
"""

import socket
import sys

from services.dispatch.app import create_app
from services.dispatch.settings import Settings
from services.web.beside import environment, worker_beside
from services.web.serving import handed_over
from services.web.serving import serve as answer


def serve(settings: Settings, bound: socket.socket) -> None:
    """Until it is told to stop; requests in hand are answered first, a worker that dies is started again."""
    with worker_beside("services.dispatch.worker", environment(settings, settings.url)):
        answer(create_app(settings), bound)


if __name__ == "__main__":
    serve(Settings(), handed_over(sys.argv[1]))
