"""A store on each database: SQLite in a file, and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Server, postgresql

from services.forecast.store import Store

__all__ = ["postgresql"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/forecast.db"
    server: Server = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def quick_store(tmp_path: Path) -> Iterator[Store]:
    """On SQLite alone, where the database does not matter."""
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as opened:
        yield opened
