"""The service behind a real HTTP server, on an embedded store."""

from collections.abc import Iterator

import httpx
import pytest
from serving import served

from services.forecast.app import create_app
from services.forecast.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data_dir=tmp_path / "data", body_max_bytes=100_000, batch_max_values=5000, answer_max_values=2000)


@pytest.fixture
def app(settings):
    return create_app(settings)


@pytest.fixture
def client(app) -> Iterator[httpx.Client]:
    with served(app) as url, httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def wind(client) -> httpx.Client:
    """The service with one wind farm of 100 MW."""
    capacity = [{"since": "2020-01-01T00:00:00Z", "capacity_mw": 100}]
    farm = {"name": "wind/1", "kind": "wind", "step_min": 60, "capacity_mw": capacity}
    assert 201 == client.put("/v1/series/wind/1", json=farm).status_code
    return client
