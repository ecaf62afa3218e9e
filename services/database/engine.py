"""The database behind the store: one engine, transactions that read and transactions that write."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

WAIT_S = 30
"""How long a writer waits for another one on SQLite, where only one can write at a time."""
PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers go on while one writes
    "PRAGMA synchronous = NORMAL",  # a crash of ours loses nothing, one of the machine the last moments
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",  # 64 MiB
    "PRAGMA mmap_size = 268435456",
    f"PRAGMA busy_timeout = {WAIT_S * 1000}",
)
# SQLite shows a reader one moment anyway.
_ONE_MOMENT: dict[str, dict[str, Any]] = {"postgresql": {"isolation_level": "REPEATABLE READ"}}


Timed = Callable[[str], AbstractContextManager[Any]]


def untimed(_operation: str) -> AbstractContextManager[Any]:
    """Measures nothing."""
    return nullcontext()


class Database:
    """Where the rows live. Several processes may use the same one at once."""

    def __init__(self, url: str, timed: Timed = untimed):
        """`timed` measures every transaction, named `reading` or `writing`."""
        self.engine = _engine(url)
        self._timed = timed
        # SQLite lets one write at a time, and lets the others sleep ever longer; threads of ours queue up instead.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        self._writing = self.engine.execution_options(writes=True)
        self._reading = self.engine.execution_options(**_ONE_MOMENT.get(self.engine.dialect.name, {}))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of the data as of one moment; nothing is written."""
        with self._timed("reading"), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Everything inside is kept together or not at all."""
        with self._timed("writing"), self._turn, self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    where = _with_driver(make_url(url))
    if where.get_backend_name() == "sqlite":
        return _sqlite(where)
    return create_engine(where, pool_pre_ping=True, pool_size=10, max_overflow=20)


def _with_driver(where: URL) -> URL:
    return where.set(drivername="postgresql+psycopg") if where.drivername in ("postgresql", "postgres") else where


def _sqlite(where: URL) -> Engine:
    engine = create_engine(where, connect_args={"timeout": WAIT_S, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    # Python's driver would begin transactions late and on its own; ours begin where we say (see _begin).
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A writer takes its place at once: one that reads first and writes later could only fail when another was faster.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
