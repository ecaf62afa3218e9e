"""Both real services with a worker each, and a case that is solved in no time."""

import shutil
import threading
from types import SimpleNamespace

import pytest
from asking import at_work
from serving import served

from gridflex.client import Client
from services.dispatch.app import create_app as dispatch
from services.dispatch.settings import Settings as DispatchSettings
from services.dispatch.store import Store as DispatchStore
from services.forecast.app import create_app as forecast
from services.forecast.seeding import seed
from services.forecast.settings import Settings as ForecastSettings
from services.forecast.store import Store as ForecastStore
from services.forecast.worker import Worker


@pytest.fixture
def document() -> dict:
    """Two hours of one coal unit; by hand: 80 and 90 MW at 300 CNY/MWh."""
    coal = {"kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]]}
    return {
        "format_version": 1,
        "name": "one unit, two hours",
        "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
        "zones": [{"name": "system", "demand_mw": [80.0, 90.0]}],
        "resources": [coal | {"initial": {"on": True, "hours": 24, "power_mw": 80}}],
    }


@pytest.fixture
def settings(tmp_path) -> DispatchSettings:
    return DispatchSettings(data_dir=tmp_path / "dispatch", log_level="CRITICAL", poll_s=0.05)


@pytest.fixture
def key(settings) -> str:
    with DispatchStore.open(settings.url) as store:
        return store.access.create("tests", ("planner", "operator", "admin"))[1]


@pytest.fixture
def dispatch_url(settings):
    """The service, with nobody at work."""
    with served(dispatch(settings)) as address:
        yield address


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    path = tmp_path_factory.mktemp("past") / "forecast.db"
    from datetime import date

    with ForecastStore.open(f"sqlite:///{path}") as store:
        seed(store, "zhejiang", date(2024, 7, 29), days=60)
    return path


@pytest.fixture
def forecast_url(seeded, tmp_path):
    """The service with sixty made-up days, and a worker."""
    shutil.copy(seeded, tmp_path / "forecast.db")
    chosen = ForecastSettings(
        database_url=f"sqlite:///{tmp_path}/forecast.db", log_level="CRITICAL", poll_s=0.05, scheduled=(), threads=1
    )
    with ForecastStore.open(chosen.url) as store:
        worker = Worker(store, chosen)
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            with served(forecast(chosen)) as address:
                yield address
        finally:
            worker.stop()
            thread.join(60)


@pytest.fixture
def working(settings, dispatch_url, key):
    """The dispatch service at work: its address and a key."""
    with at_work(settings):
        yield SimpleNamespace(url=dispatch_url, key=key)


@pytest.fixture
def client(working):
    with Client(working.url, working.key) as client:
        yield client
