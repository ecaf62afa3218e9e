"""A store on each database, the service behind a real HTTP server, and a case small enough to solve in no time."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from databases import Server, postgresql
from serving import served

from grid_models.case import Case
from services.dispatch.app import create_app
from services.dispatch.settings import Settings
from services.dispatch.store import Store

__all__ = ["postgresql"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/dispatch.db"
    server: Server = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def document() -> dict:
    """Two hours of one coal unit that runs already, and a contract; by hand: 80 and 90 MW at 300 CNY/MWh."""
    coal = {"kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]]}
    return {
        "format_version": 1,
        "name": "one unit, two hours",
        "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
        "zones": [{"name": "system", "demand_mw": [80.0, 90.0]}],
        "resources": [
            coal | {"initial": {"on": True, "hours": 24, "power_mw": 80}},
            {"kind": "interruptible_load", "name": "works", "contract_mw": 10, "price_per_mwh": 900},
        ],
    }


@pytest.fixture
def case(document) -> Case:
    return Case.model_validate(document)


@pytest.fixture
def settings(tmp_path) -> Settings:
    quick = {"poll_s": 0.05, "lease_s": 5.0, "log_level": "WARNING", "rate_per_s": 1e6, "rate_burst": 1_000_000}
    return Settings(data_dir=tmp_path / "data", auth="off", body_max_bytes=200_000, **quick)


@pytest.fixture
def app(settings):
    return create_app(settings)


@pytest.fixture
def client(app) -> Iterator[httpx.Client]:
    with served(app) as address, httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
        yield client
