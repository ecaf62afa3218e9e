"""A worker process beside the API on one machine: started with it, started again when it dies, ended with it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from pydantic_settings import BaseSettings

log = structlog.get_logger(__name__)
STOP_S = 20
AGAIN_AFTER_S = 1.0


@contextmanager
def worker_beside(module: str, environment: Mapping[str, str]) -> Iterator[None]:
    """`python -m module` for as long as this lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_keep, args=(module, environment, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(STOP_S + 5)


def _keep(module: str, environment: Mapping[str, str], over: threading.Event) -> None:
    pause_s = 0.0
    while not over.wait(pause_s):
        process = subprocess.Popen([sys.executable, "-m", module], env=dict(environment))
        while process.poll() is None and not over.wait(0.2):
            pass
        if over.is_set():
            stop(process)
            return
        pause_s = AGAIN_AFTER_S
        log.warning("worker ended and is started again", worker=module, code=process.returncode)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Told to end, and made to if it does not."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def environment(settings: BaseSettings, url: str) -> dict[str, str]:
    """These settings, and this database, as another process reads them."""
    prefix = settings.model_config.get("env_prefix", "")
    given = settings.model_dump(mode="json", exclude_defaults=True) | {"database_url": url}
    given.pop("database_url_file", None)
    return {**os.environ, **{f"{prefix}{name}".upper(): _written(value) for name, value in given.items()}}


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
