"""Series, observations, training and forecasts from Python, on the real service with its worker."""

import pytest

from gridflex.client import Client, Failed, NotFound

LOAD = "zhejiang load"
ORIGIN = "2024-07-28T08:30:00+08:00"
QUICK = {"models": ["climatology", "similar_day"], "holdout_days": 10}


@pytest.fixture
def client(forecast_url):
    with Client(forecast_url=forecast_url) as client:
        yield client


@pytest.mark.slow
def test_from_training_to_scores(client):
    ticket = client.models.train("load", origin=ORIGIN, **QUICK).wait(timeout_s=120)
    assert ["champion"] == [one["status"] for one in ticket.models]
    assert "load" == client.models.all(kind="load")[0]["kind"]
    made = client.forecasts.make(LOAD, origin=ORIGIN)[0]
    assert (LOAD, 96, True) == (made.series, len(made.at_level(0.5)), made.synthetic)
    kept = client.forecasts.newest(LOAD, as_of=ORIGIN)
    assert pytest.approx(made.at_level(0.5)) == kept[0].at_level(0.5)
    assert kept == client.forecasts.vintages(LOAD)
    assert 5 == len(client.scenarios.draw(LOAD, origin=ORIGIN, drawn=20, reduced_to=5).probabilities)
    odds = client.scenarios.odds("load_passes", LOAD, threshold_mw=1.0, origin=ORIGIN, drawn=20)
    assert 1.0 == odds["at_any_time"]
    assert LOAD == client.forecasts.explain(LOAD, origin=ORIGIN)[0]["series"]
    assert 4 == client.forecasts.bring("somebody", [made] * 4)["received"]
    scored = client.backtests.score(LOAD, "2024-07-27T00:00:00Z", "2024-07-29T00:00:00Z")
    assert "rows" in scored


@pytest.mark.slow
def test_a_backtest_is_waited_for(client):
    ticket = client.backtests.ask(
        LOAD, "2024-07-20T00:30:00Z", "2024-07-21T00:30:00Z", model="climatology", folds=1, horizon="day-ahead"
    )
    assert ticket.wait(timeout_s=120).look().scores["rows"]
    assert ticket.id == client.backtests.get(ticket.id).id
    assert client.backtests.rules()


def test_series_and_values_come_and_go(client):
    assert {LOAD} == {one["name"] for one in client.series.each(kind="load")}
    name = "works / shop 1"
    client.series.put(name, {"name": name, "kind": "load"})
    assert 1 == client.series.describe([{"name": "b", "kind": "load"}])["received"]
    sent = {"series": name, "start": "2024-07-28T00:00:00+08:00", "values": [1.0, 2.0, None]}
    assert 3 == client.observations.add([sent])["new"]
    assert [1.0, 2.0] == client.observations.get(name)[0]["values"][:2]
    assert client.observations.check(name)
    assert (name, 1) == (client.series.get(name)["name"], len(client.series.versions(name)))
    assert client.series.page(limit=1)["next"]
    weather = next(one["name"] for one in client.series.each(kind="weather"))
    issue = {"series": weather, "source": "ours", "issued_at": ORIGIN, "start": ORIGIN, "values": [21.0, 22.0]}
    assert 1 == client.weather.add([issue])["new"]
    with pytest.raises(NotFound, match="not described yet"):
        client.series.get("nobody")


def test_a_training_that_cannot_be_done_says_why(client):
    client.series.put("new", {"name": "new", "kind": "hydro_inflow"})
    with pytest.raises(Failed, match=r"training .* failed"):
        client.models.train("hydro_inflow", series=["new"], origin=ORIGIN).wait(timeout_s=120)
