"""The two real services together: a forecast that one has issued is in the plan that the other makes."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from asking import asked, at_work, ended
from serving import served

from grid_models.forecast import Forecast, SeriesDescription
from services.dispatch.app import create_app as dispatch
from services.dispatch.settings import Settings as DispatchSettings
from services.forecast.app import create_app as forecast
from services.forecast.settings import Settings as ForecastSettings
from services.forecast.store import Store as ForecastStore

ISSUED = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
START = ISSUED + timedelta(hours=12)


@pytest.fixture
def forecasting(tmp_path):
    """The forecast service, which has issued 65 and 90 MW for the load."""
    settings = ForecastSettings(data_dir=tmp_path / "forecast", log_level="CRITICAL")
    quarters = (60.0, 60.0, 70.0, 70.0, 90.0, 90.0, 90.0, 90.0)
    one = Forecast(
        series="load", kind="load", unit="MW", issued_at=ISSUED, start=START, step_min=15, levels=(0.1, 0.5, 0.9),
        quantiles=tuple((mw - 5, mw, mw + 5) for mw in quarters), basis="degraded", reasons=("no weather",),
        model="test", synthetic=True,
    )  # fmt: skip
    with ForecastStore.open(settings.url) as store:
        store.series.put([SeriesDescription(name="load", kind="load")])
        store.save_forecasts([one])
    with served(forecast(settings)) as address:
        yield address


def test_a_plan_rests_on_what_the_forecast_service_has_issued(forecasting, tmp_path, document):
    """65 and 90 MWh at 300 CNY; then the service goes, and its last word stands in."""
    settings = DispatchSettings(
        data_dir=tmp_path / "dispatch", auth="off", log_level="CRITICAL", forecast_url=forecasting, poll_s=0.05
    )
    with (
        served(dispatch(settings)) as address,
        httpx.Client(base_url=address, timeout=20, trust_env=False) as client,
    ):
        with at_work(settings):
            plan = ended(client, asked(client, case=document, forecast={"basis": "median"}))
        assert "done" == plan["status"], plan["error"]
        assert pytest.approx(155 * 300, rel=1e-3) == plan["summary"]["cost"]
        told = plan["summary"]["forecast"]
        assert ("latest", "degraded", True) == (told["basis"], told["quality"], told["synthetic"])
        away = settings.model_copy(update={"forecast_url": "http://127.0.0.1:9", "forecast_attempts": 1})
        with at_work(away):
            plan = ended(client, asked(client, case=document, forecast={"basis": "median"}, seed=2))
        assert ("done", "last vintage") == (plan["status"], plan["summary"]["forecast"]["basis"])
        assert "gridflex_dispatch_forecast_fallbacks_total 1.0" in client.get("/metrics").text


@pytest.fixture
def document() -> dict:
    coal = {"kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]]}
    return {
        "format_version": 1,
        "horizon": {"start": START.isoformat(), "step_min": 60, "steps": 2},
        "zones": [{"name": "system", "demand_mw": [80.0, 90.0], "forecast_series": "load"}],
        "resources": [coal | {"initial": {"on": True, "hours": 24, "power_mw": 80}}],
    }
