"""Processes beside this one: started with it, started again when they die, ended with it."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import structlog
from pydantic_settings import BaseSettings

log = structlog.get_logger(__name__)
STOP_S = 20
AGAIN_AFTER_S = 1.0


@dataclass(frozen=True)
class Beside:
    """`python -m module arguments`, and what it is given."""

    module: str
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    sockets: tuple[int, ...] = ()
    """Descriptors that it inherits: they stay open while it is started again, and whoever calls meanwhile waits."""
    says: IO[bytes] | None = None
    """Where its words go; None: where ours go."""
    stop_s: float = STOP_S
    """How long it may take to end."""
    over: threading.Event = field(default_factory=threading.Event)

    def keep(self) -> None:
        """Until it is over."""
        pause_s = 0.0
        while not self.over.wait(pause_s):
            process = self._started()
            while process.poll() is None and not self.over.wait(0.2):
                pass
            if self.over.is_set():
                stop(process, self.stop_s)
                return
            pause_s = AGAIN_AFTER_S
            log.warning("process ended and is started again", process=self.module, code=process.returncode)

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [*_ending_with_us(), sys.executable, "-m", self.module, *self.arguments]
        return subprocess.Popen(
            command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=self.says,
            stderr=self.says,
            pass_fds=self.sockets,
        )


@contextmanager
def beside(*processes: Beside) -> Iterator[None]:
    """All of them for as long as this lasts."""
    threads = [threading.Thread(target=one.keep, daemon=True) for one in processes]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in processes:
            one.over.set()
        for one, thread in zip(processes, threads, strict=True):
            thread.join(one.stop_s + 5)


def worker_beside(module: str, environment: Mapping[str, str]) -> AbstractContextManager[None]:
    """A worker for as long as this lasts."""
    return beside(Beside(module, environment))


def _ending_with_us() -> Sequence[str]:
    """Should we be killed without a word, the system tells what we have started; util-linux brings the program."""
    program = shutil.which("setpriv")
    return (program, "--pdeathsig", "TERM") if program else ()


def stop(process: "subprocess.Popen[bytes]", patience_s: float = STOP_S) -> None:
    """Told to end, and made to if it does not."""
    process.terminate()
    try:
        process.wait(patience_s)
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
