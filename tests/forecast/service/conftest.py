"""A small province with 70 made-up days in a real store, trained with quick models, behind a real HTTP server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from province import END, FARMS, LOAD, ORIGIN
from serving import served

from services.forecast.app import create_app
from services.forecast.horizons import HORIZONS
from services.forecast.seeding import seed
from services.forecast.settings import Settings
from services.forecast.store import Store
from services.forecast.training import Wish, train


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a past and no model."""
    path = tmp_path_factory.mktemp("seeded") / "forecast.db"
    with Store.open(f"sqlite:///{path}") as store:
        seed(store, "zhejiang", END, days=70)
    return path


@pytest.fixture(scope="session")
def trained(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a champion for wind and one for load, a day ahead."""
    path = tmp_path_factory.mktemp("trained") / "forecast.db"
    shutil.copy(seeded, path)
    with Store.open(f"sqlite:///{path}") as store:
        for kind, names, models in (
            ("wind", FARMS, ("climatology", "persistence")),
            ("load", (LOAD,), ("climatology", "similar_day")),
        ):
            wish = Wish(kind, HORIZONS["day-ahead"], names, models, holdout_days=10, threads=1)  # type: ignore[arg-type]
            train(store, wish, ORIGIN)
    return path


def _copy(path: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "forecast.db"
    shutil.copy(path, copy)
    return copy


@pytest.fixture
def store(trained: Path, tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{_copy(trained, tmp_path)}") as store:
        yield store


@pytest.fixture
def empty_handed(seeded: Path, tmp_path: Path) -> Iterator[Store]:
    """A past, but nothing trained."""
    with Store.open(f"sqlite:///{_copy(seeded, tmp_path)}") as store:
        yield store


@pytest.fixture
def settings(trained: Path, tmp_path: Path) -> Settings:
    url = f"sqlite:///{_copy(trained, tmp_path)}"
    return Settings(data_dir=tmp_path, database_url=url, poll_s=0.05, scheduled=())


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    with served(create_app(settings)) as url, httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        yield client
