"""Forecasts, scenarios, odds, backtests and models as a client sees them."""

import io
import json
from typing import Any

import httpx
import numpy as np
import pyarrow.ipc
import pytest
from province import AT, FARMS, LOAD

from grid_models.forecast import Forecast, Scenarios

ARROW = "application/vnd.apache.arrow.stream"


def made(client: httpx.Client, **wish: Any) -> httpx.Response:
    return client.post("/v1/forecasts", json={"series": list(FARMS), "origin": AT} | wish)


def test_forecasts_are_made_and_found_again(client: httpx.Client):
    answer = made(client)
    assert 200 == answer.status_code
    made_now = [Forecast.model_validate_json(json.dumps(one)) for one in answer.json()["forecasts"]]
    assert list(FARMS) == [one.series for one in made_now]
    assert all(one.synthetic for one in made_now)
    found = client.get("/v1/forecasts", params={"series": FARMS[0], "as_of": "2024-07-28T12:00:00Z"}).json()[
        "forecasts"
    ]
    assert np.array(found[0]["quantiles"]) == pytest.approx(made_now[0].quantile_values, rel=1e-5, abs=1e-3)


def test_before_it_was_issued_it_is_not_known(client: httpx.Client):
    made(client)
    answer = client.get("/v1/forecasts", params={"series": FARMS[0], "as_of": "2024-07-27T12:00:00Z"})
    assert (404, "/problems/nothing-issued") == (answer.status_code, answer.json()["type"])


def test_what_is_not_to_be_kept_is_not(client: httpx.Client):
    made(client, keep=False)
    assert 404 == client.get("/v1/forecasts", params={"series": FARMS[0]}).status_code


def test_an_arrow_stream_says_the_same_as_json(client: httpx.Client):
    wish = {"series": list(FARMS), "origin": AT, "levels": [0.1, 0.5, 0.9]}
    table = pyarrow.ipc.open_stream(
        io.BytesIO(client.post("/v1/forecasts", json=wish, headers={"Accept": ARROW}).content)
    ).read_all()
    told = client.post("/v1/forecasts", json=wish).json()["forecasts"]
    assert 3 * 96 == table.num_rows
    assert ["q0.1", "q0.5", "q0.9"] == table.column_names[-3:]
    assert np.array(told[0]["quantiles"])[:, 1] == pytest.approx(table["q0.5"].to_numpy()[:96], rel=1e-5)


def test_steps_may_be_named_instead_of_a_horizon(client: httpx.Client):
    answer = made(client, start="2024-07-28T01:00:00Z", steps=8, step_min=15)
    assert 8 == len(answer.json()["forecasts"][0]["quantiles"])


def test_a_zone_or_a_kind_stands_for_its_series(client: httpx.Client):
    answer = client.post("/v1/forecasts", json={"kind": "load", "origin": AT, "keep": False})
    assert [LOAD] == [one["series"] for one in answer.json()["forecasts"]]


def test_a_forecast_of_your_own_is_kept_as_yours(client: httpx.Client):
    (ours,) = made(client, series=[FARMS[0]]).json()["forecasts"]
    mine = ours | {"levels": [0.5], "quantiles": [[row[9] + 1] for row in ours["quantiles"]], "model": "mine"}
    body = {"author": "a neighbour", "forecasts": [mine]}
    assert {"received": 1, "new": 1} == client.post("/v1/forecasts/brought", json=body).json()
    assert {"received": 1, "new": 0} == client.post("/v1/forecasts/brought", json=body).json()
    found = client.get("/v1/forecasts", params={"series": FARMS[0], "author": "a neighbour"}).json()["forecasts"]
    assert "mine" == found[0]["model"]


def test_an_explanation_adds_up(client: httpx.Client):
    answer = client.post("/v1/forecasts/explanations", json={"series": [FARMS[0]], "origin": AT})
    (told,) = answer.json()["explanations"]
    total = np.array(told["climatology"]) + sum(np.array(by) for by in told["moved_by"].values())
    assert told["median"] == pytest.approx(total.tolist())


def test_a_submission_costs_no_more_than_the_median(client: httpx.Client):
    wish = {"series": [FARMS[0]], "origin": AT, "rule": "north", "scenarios": 50}
    told = client.post("/v1/forecasts/submissions", json=wish).json()
    assert 96 == len(told["power_mw"])
    assert told["expected_penalty_mwh"] <= told["expected_penalty_mwh_of_median"] + 1e-9


def test_scenarios_are_joint_and_reduced(client: httpx.Client):
    wish = {"series": [LOAD, *FARMS], "origin": AT, "drawn": 60, "reduced_to": 5}
    told = Scenarios.model_validate_json(client.post("/v1/scenarios", json=wish).content)
    assert 5 == len(told.probabilities)
    assert {LOAD, *FARMS} == set(told.values)
    assert told.synthetic


def test_odds_of_load(client: httpx.Client):
    """Load never passes a million MW and always passes one."""
    for threshold_mw, expected in ((1e6, 0.0), (1.0, 1.0)):
        wish = {"series": [LOAD], "origin": AT, "question": "load_passes", "threshold_mw": threshold_mw, "drawn": 50}
        assert expected == client.post("/v1/scenarios/odds", json=wish).json()["at_any_time"]


def test_issued_forecasts_are_scored_and_judged(client: httpx.Client):
    made(client, origin="2024-07-26T00:30:00Z")
    wish = {"series": list(FARMS), "first": "2024-07-01T00:00:00Z", "last": "2024-08-01T00:00:00Z", "rule": "north"}
    told = client.post("/v1/backtests/scores", json=wish).json()
    groups = {row["group"] for row in told["rows"]}
    assert {"all", "lead", "hour", "season", "series", "regime"} == groups
    assert list(FARMS) == [one["series"] for one in told["judged"]]


def test_only_what_was_said_in_time_is_judged(client: httpx.Client):
    """The 27th is due at nine of the 26th: an issue of 08:30 counts, the better informed one of 14:30 does not."""
    for origin in ("2024-07-26T08:30:00+08:00", "2024-07-26T14:30:00+08:00"):
        made(client, series=[FARMS[0]], origin=origin)
    verdicts = []
    for first in ("2024-07-26T00:00:00Z", "2024-07-26T01:00:00Z"):
        wish = {"series": [FARMS[0]], "first": first, "last": "2024-08-01T00:00:00Z", "rule": "north"}
        verdicts += client.post("/v1/backtests/scores", json=wish).json()["judged"]
    assert [(1, True), (0, False)] == [(one["days"], one["accuracy"] is not None) for one in verdicts]


def test_rules_name_their_sources(client: httpx.Client):
    told = client.get("/v1/backtests/rules").json()["rules"]
    assert {"north", "central-wind", "southern-2022-solar", "jiangsu", "load"} <= {one["id"] for one in told}
    assert all(one["source"] and one["certainty"] in ("sourced", "unverified") for one in told)


def test_models_are_listed_promoted_and_rolled_back(client: httpx.Client):
    slot = "wind day-ahead 15 min"
    (told,) = client.get("/v1/models", params={"slot": slot}).json()["models"]
    assert ("champion", ["climatology", "persistence"]) == (told["status"], told["members"])
    assert 409 == client.post("/v1/models/rollbacks", json={"slot": slot}).status_code
    assert 200 == client.post("/v1/models/promotions", json={"slot": slot, "version": 1}).status_code
    assert {"climatology", "renewable_boosting"} <= {
        one["name"] for one in client.get("/v1/models/known").json()["models"]
    }


def test_training_and_backtest_answer_with_a_ticket(client: httpx.Client):
    training = client.post(
        "/v1/models/trainings", json={"kind": "wind", "origin": AT}, headers={"Idempotency-Key": "k"}
    )
    again = client.post("/v1/models/trainings", json={"kind": "wind", "origin": AT}, headers={"Idempotency-Key": "k"})
    assert (202, training.json()["url"]) == (training.status_code, training.headers["Location"])
    assert training.json()["id"] == again.json()["id"]
    assert "queued" == client.get(training.headers["Location"]).json()["status"]
    assert "cancelled" == client.delete(training.headers["Location"]).json()["status"]
    with client.stream("GET", training.headers["Location"] + "/events") as stream:
        assert "event: cancelled" in "".join(stream.iter_text())


def test_metrics_tell_of_age(client: httpx.Client):
    assert "gridflex_forecast_age_seconds" in client.get("/metrics").text


BAD = [
    ("/v1/forecasts", {}, 422, "series: name some, or give a kind or a zone"),
    ("/v1/forecasts", {"series": ["nobody"]}, 404, "nobody: not described yet"),
    ("/v1/forecasts", {"series": [LOAD], "origin": "2024-07-28T00:30:00"}, 422, "needs its offset from UTC"),
    ("/v1/forecasts", {"series": [LOAD], "origin": "2124-07-28T00:30:00Z"}, 422, "lies in the future"),
    ("/v1/forecasts", {"series": [LOAD], "horizon": "year"}, 422, "horizon: must be"),
    ("/v1/forecasts", {"series": [LOAD], "levels": [0.9, 0.1]}, 422, "must rise"),
    ("/v1/forecasts", {"series": [LOAD], "levels": [1.5]}, 422, "must be below 1"),
    ("/v1/forecasts", {"series": [LOAD], "steps": 4}, 422, "belong together"),
    ("/v1/forecasts", {"series": [LOAD], "colour": 4}, 422, "is not a field here"),
    (
        "/v1/forecasts",
        {"series": [LOAD], "origin": AT, "start": "2024-07-28T01:00:00Z", "steps": 400, "step_min": 15},
        422,
        "no model forecasts steps of 15 min",
    ),
    (
        "/v1/forecasts",
        {"series": [LOAD], "origin": AT, "start": "2024-07-27T01:00:00Z", "steps": 4, "step_min": 15},
        422,
        "lies before the origin",
    ),
    ("/v1/forecasts", {"series": ["Hangzhou temperature_c"], "origin": AT}, 422, "is weather"),
    (
        "/v1/forecasts",
        {"series": [LOAD], "origin": AT, "start": "2024-07-28T01:07:13Z", "steps": 4, "step_min": 15},
        422,
        "is no full multiple of 15 min",
    ),
    (
        "/v1/forecasts",
        {"series": [LOAD], "origin": AT, "start": "2024-07-28T01:00:00Z", "steps": 4, "step_min": 7},
        422,
        "step_min: must divide the hour",
    ),
    ("/v1/forecasts", {"series": [f"q{place}" for place in range(5001)]}, 422, "at most 5000 of them, not 5001"),
    (
        "/v1/forecasts/submissions",
        {"series": [FARMS[0]], "origin": AT, "rule": "northwest-2023-wind-hour-1"},
        422,
        "judges intraday forecasts",
    ),
    (
        "/v1/scenarios/odds",
        {"series": [LOAD], "question": "net_load_ramps", "ramp_mw": 0.0},
        422,
        "ramp_mw: must not be 0",
    ),
    (
        "/v1/scenarios/odds",
        {"series": [LOAD], "question": "net_load_ramps", "ramp_mw": 9.0, "within_h": 24.0, "origin": AT, "drawn": 20},
        422,
        "within_h: must be at least a step (0.25 h) and shorter than the forecast (24 h)",
    ),
    ("/v1/backtests", {"series": [FARMS[0]], "model": "oracle", "first": AT, "last": AT}, 422, "there is no oracle"),
    ("/v1/backtests", {"series": [FARMS[0]], "levels": [0.9, 0.1], "first": AT, "last": AT}, 422, "must rise"),
    ("/v1/backtests", {"series": ["Hangzhou temperature_c"], "first": AT, "last": AT}, 422, "weather is not forecast"),
    ("/v1/backtests/scores", {"series": [LOAD], "first": AT, "last": "2024-01-01T00:00:00Z"}, 422, "lies before first"),
    ("/v1/models/trainings", {"kind": "wind", "series": [LOAD]}, 422, "is load, not wind"),
    ("/v1/models/trainings", {"kind": "wind", "origin": "2124-01-01T00:00:00Z"}, 422, "lies in the future"),
    ("/v1/forecasts/submissions", {"series": [LOAD], "rule": "east"}, 422, "rule: there is no 'east'"),
    ("/v1/forecasts/submissions", {"series": [LOAD], "rule": "north"}, 422, "is load"),
    ("/v1/forecasts/submissions", {"kind": "wind", "rule": "north"}, 422, "one plant at a time"),
    ("/v1/scenarios", {"series": [LOAD], "drawn": 1}, 422, "drawn: must be at least 2"),
    ("/v1/scenarios/odds", {"series": [LOAD], "question": "load_passes", "origin": AT}, 422, "threshold_mw: is needed"),
    (
        "/v1/scenarios/odds",
        {"series": [FARMS[0]], "question": "load_passes", "threshold_mw": 1.0, "origin": AT},
        422,
        "name a series of load",
    ),
    ("/v1/backtests", {"series": [LOAD, FARMS[0]], "first": AT, "last": AT}, 422, "one kind and one step"),
    ("/v1/backtests", {"series": [LOAD], "first": AT, "last": "2024-01-01T00:00:00Z"}, 422, "lies before first"),
    ("/v1/backtests/scores", {"series": [LOAD], "first": AT, "last": AT}, 404, "issued nothing"),
    (
        "/v1/backtests/scores",
        {"series": [LOAD], "first": AT, "last": AT, "rule": "north"},
        422,
        "rule: north is for solar and wind, but",
    ),
    ("/v1/models/trainings", {"kind": "weather"}, 422, "weather is not forecast here"),
    ("/v1/models/trainings", {"kind": "wind", "models": ["oracle"]}, 422, "there is no oracle for wind"),
    ("/v1/models/promotions", {"slot": "wind day-ahead 15 min", "version": 9}, 404, "version 9"),
    ("/v1/models/promotions", {"slot": "wind day-ahead 15 min"}, 422, "name the version"),
]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "load"}, "kind: offshore-wind-Jiaxing is wind, not load"),
        ({"unit": "kW"}, "unit: offshore-wind-Jiaxing is MW, not kW"),
        ({"quantiles": [[1e6] * 19] * 96}, "is far above the"),
        ({"issued_at": "2024-08-27T00:30:00Z"}, "lies after the last step of the forecast"),
        ({"series": "Hangzhou temperature_c", "kind": "weather", "unit": "degC"}, "bring it to /v1/weather"),
    ],
)
def test_what_is_no_forecast_of_the_series_is_not_learned_from(client: httpx.Client, changes: Any, words: str):
    (ours,) = made(client, series=["offshore-wind-Jiaxing"], keep=False).json()["forecasts"]
    answer = client.post("/v1/forecasts/brought", json={"author": "somebody", "forecasts": [ours | changes]})
    assert (422, True) == (answer.status_code, words in answer.json()["detail"])


WEATHER = {
    "series": "Hangzhou temperature_c",
    "source": "x",
    "issued_at": "2024-07-27T00:00:00Z",
    "start": "2024-07-27T00:00:00Z",
    "values": [30.0, 31.0],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"series": LOAD}, "is load, not weather"),
        ({"issued_at": "2124-07-27T00:00:00Z"}, "which is still to come"),
        ({"known_at": "2124-07-27T00:00:00Z"}, "which is still to come"),
        ({"known_at": "2024-07-20T00:00:00Z"}, "cannot be known at 2024-07-20T00:00:00 already"),
        ({"values": [303.0, 304.0]}, "is it in kelvin or Fahrenheit?"),
    ],
)
def test_weather_that_cannot_be_meant_is_refused(client: httpx.Client, changes: Any, words: str):
    answer = client.post("/v1/weather", json={"issues": [WEATHER | changes]})
    assert (422, True) == (answer.status_code, words in answer.json()["detail"])
    assert 200 == client.post("/v1/weather", json={"issues": [WEATHER]}).status_code


@pytest.mark.parametrize(("path", "body", "status", "words"), BAD)
def test_bad_input_is_answered_in_words(client: httpx.Client, path: str, body: Any, status: int, words: str):
    answer = client.post(path, json=body)
    assert status == answer.status_code
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_unknown_tickets_are_not_found(client: httpx.Client):
    for path in ("/v1/backtests/none", "/v1/models/trainings/none", "/v1/backtests/none/events"):
        assert 404 == client.get(path).status_code
