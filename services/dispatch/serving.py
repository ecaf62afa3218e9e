"""The whole service on one machine: the API in this process, a worker beside it, both on the embedded store."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn

from services.dispatch.app import create_app
from services.dispatch.settings import Settings

log = structlog.get_logger(__name__)
STOP_S = 20
KEEP_ALIVE_S = 75


def serve(settings: Settings) -> None:
    """Until somebody stops it; a worker that dies is started again."""
    with working(settings):
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


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """A worker in a process of its own for as long as this lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_keep_working, args=(settings, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(STOP_S + 5)


def _keep_working(settings: Settings, over: threading.Event) -> None:
    pause_s = 0.0
    while not over.wait(pause_s):
        process = subprocess.Popen([sys.executable, "-m", "services.dispatch.worker"], env=environment(settings))
        while process.poll() is None and not over.wait(0.2):
            pass
        if over.is_set():
            _stop(process)
            return
        pause_s = 1.0
        log.warning("worker ended", code=process.returncode)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """These settings as another process reads them."""
    prefix = settings.model_config.get("env_prefix", "")
    given = settings.model_dump(mode="json", exclude_defaults=True) | {"database_url": settings.url}
    given.pop("database_url_file", None)
    return {**os.environ, **{f"{prefix}{name}".upper(): str(value) for name, value in given.items()}}
