"""A real PostgreSQL on a socket of its own, one for the session."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

VERSIONS = Path("/usr/lib/postgresql")
NOBODY_ELSE = "-c listen_addresses='' -c fsync=off -c max_connections=60 -c unix_socket_directories="


class Server:
    """PostgreSQL in a directory."""

    def __init__(self, folder: Path):
        self.folder = folder

    def start(self) -> None:
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "tests", "--no-sync", "-E", "UTF8")
        self._control("start", "-o", NOBODY_ELSE + str(self.folder), "-l", str(self.folder / "log"))

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def database(self) -> str:
        """The URL of a new database."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(host=str(self.folder), user="tests", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://tests@/{name}?host={self.folder}"

    def _control(self, *what: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", *what)

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root; Debian's package brings the user that it runs as.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        newest = max(VERSIONS.iterdir(), key=lambda path: int(path.name))
        command = [*user, str(newest / "bin" / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd="/")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    if not VERSIONS.is_dir():
        pytest.fail("PostgreSQL is missing: run `make tools`")
    # A socket's path has at most 107 characters, so the folder is not pytest's.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)
