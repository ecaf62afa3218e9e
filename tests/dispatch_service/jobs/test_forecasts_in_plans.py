"""Plans rest on the forecast service, and on its last word while it is away; they say which."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pytest
from asking import asked, at_work, ended
from hypothesis import given
from hypothesis import strategies as some
from serving import served

from grid_models.case import Case
from grid_models.forecast import Forecast
from grid_models.horizon import Horizon
from services.dispatch.app import create_app
from services.dispatch.forecasts import Breaker, ForecastAway, ForecastSource, NoForecast, resampled
from services.dispatch.questions import ForecastWish
from services.dispatch.store import Store

START = datetime(2030, 7, 14, 16, tzinfo=UTC)  # midnight in Shanghai


def forecast(series="load", mw=(60.0, 70.0, 90.0, 90.0), step_min=30, **fields) -> Forecast:
    """By default two hours in half hours: 65 MW and 90 MW in the median, 10 MW more at the level of 0.9."""
    told = {
        "series": series, "kind": "load", "unit": "MW", "issued_at": START - timedelta(hours=12), "start": START,
        "step_min": step_min, "levels": (0.1, 0.5, 0.9), "quantiles": tuple((v - 10, v, v + 10) for v in mw),
        "basis": "full", "model": "test",
    }  # fmt: skip
    return Forecast(**(told | fields))


class Service:
    """A forecast service that answers as it is told."""

    def __init__(self):
        self.forecasts: dict[str, Forecast] = {}
        self.failures: list[int] = []
        self.asked: list[dict] = []
        service = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                service.asked.append(query)
                status = service.failures.pop(0) if service.failures else 200
                found = [json.loads(service.forecasts[name].model_dump_json()) for name in query["series"]]
                body = {"forecasts": found} if status == 200 else {"detail": "not issued"}
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service():
    service = Service()
    yield service
    service.close()


@pytest.fixture
def quick_store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as store:
        yield store


@contextmanager
def source_of(service, store, attempts=3):
    with httpx.Client(base_url=service.url, timeout=5, trust_env=False) as client:
        yield ForecastSource(store, client, Breaker(rest_s=60), attempts, pause_s=0.001)


@pytest.fixture
def with_series(document) -> Case:
    document["zones"][0]["forecast_series"] = "load"
    return Case.model_validate(document)


def test_a_plan_takes_the_median_preserving_energy(service, quick_store, with_series):
    """60 and 70 MW in two half hours are 65 MWh in the hour."""
    service.forecasts["load"] = forecast()
    with source_of(service, quick_store) as source:
        case, told = source.applied(with_series, ForecastWish(as_of=START))
        high, _ = source.applied(with_series, ForecastWish(basis="quantile", level=0.9, as_of=START))
    assert (65.0, 90.0) == case.zones[0].demand_mw
    assert (75.0, 100.0) == high.zones[0].demand_mw
    assert ("latest", "full", False) == tuple(told.document[name] for name in ("basis", "quality", "synthetic"))
    assert [START.isoformat(timespec="seconds")] == service.asked[0]["as_of"]


def test_a_hiccup_is_asked_again(service, quick_store, with_series):
    service.forecasts["load"], service.failures = forecast(), [503, 429]
    with source_of(service, quick_store) as source:
        assert "latest" == source.applied(with_series, ForecastWish())[1].document["basis"]
    assert 3 == len(service.asked)


def test_while_it_is_away_the_last_vintage_stands_in_and_is_named(service, quick_store, with_series):
    service.forecasts["load"] = forecast()
    with source_of(service, quick_store) as source:
        source.applied(with_series, ForecastWish())
        service.failures = [500] * 9
        case, told = source.applied(with_series, ForecastWish())
    assert (65.0, 90.0) == case.zones[0].demand_mw
    assert ("last vintage", ["load"]) == (told.document["basis"], told.document["stale_series"])
    assert "did not answer" in told.reasons[0]
    counts = {one.metric: one.value for one in quick_store.tallies.all()}
    assert (1.0, 1.0) == tuple(counts[f"gridflex_dispatch_forecast{end}"] for end in ("s_fetched", "_fallbacks"))


def test_without_any_vintage_there_is_no_plan_and_it_says_what_to_do(service, quick_store, with_series):
    service.failures = [500] * 9
    with (
        source_of(service, quick_store) as source,
        pytest.raises(NoForecast, match="no earlier forecast of load is kept: ask for a plan without"),
    ):
        source.applied(with_series, ForecastWish())


def test_a_refusal_is_passed_on(service, quick_store, with_series):
    service.failures, service.forecasts["load"] = [404], forecast()
    with source_of(service, quick_store) as source, pytest.raises(NoForecast, match="refuses: not issued"):
        source.applied(with_series, ForecastWish())
    assert 1 == len(service.asked)


def test_a_forecast_that_ends_too_early_is_refused(service, quick_store, with_series):
    service.forecasts["load"] = forecast(mw=(60.0, 70.0))
    with source_of(service, quick_store) as source, pytest.raises(NoForecast, match="not the whole horizon"):
        source.applied(with_series, ForecastWish())


def test_a_breaker_opens_after_three_failures_and_lets_one_try_after_its_rest():
    now = [0.0]
    breaker = Breaker(rest_s=30, clock=lambda: now[0])
    for _ in range(3):
        breaker.check()
        breaker.tell(answered=False)
    with pytest.raises(ForecastAway):
        breaker.check()
    now[0] = 31.0
    breaker.check()
    with pytest.raises(ForecastAway):
        breaker.check()
    breaker.tell(answered=True)
    breaker.check()
    breaker.check()


@given(
    mw=some.lists(some.floats(0, 1e4), min_size=24, max_size=24),
    step_min=some.sampled_from([5, 10, 15, 20, 30, 60]),
    skipped=some.integers(0, 3),
)
def test_no_energy_is_lost_between_steps(mw, step_min, skipped):
    """Whatever the steps: over the horizon there is the energy that the forecast gives for it."""
    hourly = forecast(mw=mw, step_min=60)
    horizon = Horizon(start=START + timedelta(hours=skipped), step_min=step_min, steps=20 * 60 // step_min)
    power = np.array(resampled(hourly, 0.5, horizon))
    assert pytest.approx(sum(mw[skipped : skipped + 20]), abs=1e-3) == power.sum() * horizon.step_h


def test_a_plan_over_http_names_its_forecasts(service, settings, document):
    """65 and 90 MWh at 300 CNY."""
    service.forecasts["load"] = forecast(synthetic=True)
    document["zones"][0]["forecast_series"] = "load"
    chained = settings.model_copy(update={"forecast_url": service.url})
    with (
        served(create_app(chained)) as address,
        httpx.Client(base_url=address, timeout=20, trust_env=False) as client,
        at_work(chained),
    ):
        plan = ended(client, asked(client, case=document, forecast={"basis": "median"}))
        assert pytest.approx(155 * 300, rel=1e-3) == plan["summary"]["cost"]
        assert ("latest", True) == tuple(plan["summary"]["forecast"][name] for name in ("basis", "synthetic"))
        assert plan["solved_case_hash"] != plan["case_hash"]
        notes = client.get(f"{plan['url']}/result").json()["assumptions"]["notes"]
        assert any("forecasts: latest of 1 series" in note for note in notes)
        assert any("synthetic" in note for note in notes)
        assert client.get(f"{plan['url']}/verdict").json()["accepted"]
        solved = client.get(f"/v1/cases/{plan['solved_case_hash']}").json()
        assert [65.0, 90.0] == solved["zones"][0]["demand_mw"]
