"""Forecasts, weather, models, backtests, jobs and keys: what goes in comes out, once, and as it was then."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal
from worlds import at, describe, weather

from grid_models.forecast import NINETEEN, Forecast
from services.forecast.errors import Conflict, KeyUsedOtherwise, NotFound, NothingIssued, UnknownSeries
from services.forecast.known import aware
from services.forecast.store.packing import expand, expand_quantiles, squeeze, squeeze_quantiles


def issue(issued, value, series="load", steps=3) -> Forecast:
    row = tuple(round(value + rank / 10, 1) for rank in range(19))
    return Forecast(
        series=series,
        kind="load",
        unit="MW",
        issued_at=aware(at(issued)),
        start=aware(at(issued + 1)),
        step_min=60,
        levels=NINETEEN,
        quantiles=(row,) * steps,
        basis="degraded",
        reasons=("no weather",),
        model="test 1",
    )


def test_a_forecast_comes_back_as_it_was_issued(store):
    describe(store, "load")
    first, second = issue(0, 100.1), issue(6, 200.1)
    assert 2 == store.save_forecasts([first, second])
    assert 0 == store.save_forecasts([second, first])
    assert second == store.forecast("load")
    assert first == store.forecast("load", as_of=at(5))
    assert [first, second] == [one.forecast() for one in store.forecasts.issues(["load"])]
    assert [second] == [one.forecast() for one in store.forecasts.issues(["load"], at(1), at(7))]


def test_a_forecast_that_was_kept_late_was_not_known_before(store):
    describe(store, "load")
    store.save_forecasts([issue(0, 1)])
    store.save_forecasts([issue(0, 2)], known_at=at(9))
    assert 1 == store.forecast("load", as_of=at(8)).quantiles[0][0]
    assert 2 == store.forecast("load", as_of=at(9)).quantiles[0][0]


def test_a_long_forecast_is_found_behind_newer_short_ones(store):
    describe(store, "load")
    store.save_forecasts([issue(0, 1, steps=48), issue(6, 2)])
    assert 2 == store.forecast("load").quantiles[0][0]
    assert 1 == store.forecast("load", until=at(40)).quantiles[0][0]


def test_no_forecast_is_said_in_words(store):
    describe(store, "load")
    with pytest.raises(NothingIssued, match="load: no forecast known at 2024-01-01T05:00:00"):
        store.forecast("load", as_of=at(5))
    with pytest.raises(UnknownSeries):
        store.forecast("lode")


@given(arrays(np.float32, (7, 5), elements=st.floats(width=32, allow_nan=True, allow_infinity=True)))
def test_no_bit_of_a_quantile_is_lost(quantiles):
    assert quantiles.tobytes() == expand_quantiles(squeeze_quantiles(quantiles), 7, 5).tobytes()


@given(arrays(np.float64, 9, elements=st.floats()), arrays(np.int64, 9))
def test_no_bit_of_a_column_is_lost(floats, whole):
    back = expand(squeeze(floats, whole), 9, "<f8", "<i8")
    assert [floats.tobytes(), whole.tobytes()] == [column.tobytes() for column in back]


def test_weather_that_is_corrected_keeps_what_it_said_first(store):
    describe(store, "t", kind="weather", variable="temperature_c")
    assert 1 == store.weather.add([weather("t", "nwp", 0, 2, 3, 5.0)])
    assert 1 == store.weather.add([weather("t", "nwp", 0, 8, 3, 6.0)])
    assert 0 == store.weather.add([weather("t", "nwp", 0, 2, 3, 5.0), weather("t", "nwp", 0, 9, 3, 6.0)])
    assert_array_equal([5, 5, 5], store.weather.read("t", as_of=at(7))["nwp"].values["t"])
    assert_array_equal([6, 6, 6], store.weather.read("t", as_of=at(8))["nwp"].values["t"])
    assert {} == store.weather.read("t", as_of=at(1))


def test_the_champion_answers_until_it_is_rolled_back(store):
    for _ in range(3):
        store.models.add(
            "solar",
            "boosting",
            "solar",
            b"bytes",
            trained_from=at(0),
            trained_until=at(9),
            data_hash="d",
            code_version="c",
            scores={"pinball": 1.0},
        )
    assert store.models.champion("solar") is None
    for version in (1, 2, 3):
        store.models.promote("solar", version)
    assert ["retired", "retired", "champion"] == [model.status for model in store.models.list("solar")]
    assert 2 == store.models.roll_back("solar").version
    assert 1 == store.models.roll_back("solar").version
    assert ["champion", "withdrawn", "withdrawn"] == [model.status for model in store.models.list(kind="solar")]
    with pytest.raises(Conflict, match="no earlier champion"):
        store.models.roll_back("solar")
    assert b"bytes" == store.models.payload("solar", 3)
    store.models.score("solar", 3, {"coverage": 0.9})
    assert {"pinball": 1.0, "coverage": 0.9} == store.models.get("solar", 3).scores
    with pytest.raises(NotFound, match="no version 4"):
        store.models.promote("solar", 4)


def test_a_backtest_goes_on_where_it_stopped(store):
    run = store.backtests.begin({"series": ["a"]}, parts=2)
    store.backtests.keep(run.id, "a/2013-04", b"1")
    store.backtests.keep(run.id, "a/2013-04", b"other")
    assert {"a/2013-04": b"1"} == store.backtests.parts(run.id)
    assert (2, 1) == (store.backtests.get(run.id).parts, store.backtests.get(run.id).done)
    assert "done" == store.backtests.change(run.id, "done", {"pinball": 2}).status
    assert [run.id] == [one.id for one in store.backtests.page()]
    with pytest.raises(NotFound):
        store.backtests.get("none")


def test_a_job_is_taken_once_and_ends_once(store):
    job = store.jobs.submit("forecast", {"series": "a"})
    assert store.jobs.take("backtest") is None
    assert job.id == store.jobs.take("forecast").id
    assert store.jobs.take() is None
    assert {"done": 0.5} == store.jobs.report(job.id, {"done": 0.5}).progress
    assert store.jobs.requeue(job.id)
    assert job.id == store.jobs.take().id
    assert [job.id] == [one.id for one in store.jobs.waiting()]
    assert "cancelled" == store.jobs.cancel(job.id).status
    assert "cancelled" == store.jobs.end(job.id, "done", {"late": True}).status
    assert "cancelled" == store.jobs.cancel(job.id).status
    other = store.jobs.submit("forecast", {})
    store.jobs.end(other.id, "failed", error="no data")
    with pytest.raises(Conflict, match="it is failed already"):
        store.jobs.cancel(other.id)


def test_a_key_gives_the_first_answer_again_and_to_no_other_request(store):
    assert store.keys.find("k", "digest") is None
    store.keys.keep("k", "digest", 201, {"new": 1})
    assert {"new": 1} == store.keys.keep("k", "digest", 201, {"new": 0}).answer
    with pytest.raises(KeyUsedOtherwise, match="take a new key"):
        store.keys.find("k", "other")


def test_pages_go_by_name(store):
    describe(store, "b", "a", "c")
    describe(store, "d", kind="wind", zone="north")
    assert ["a", "b"] == [one.name for one in store.series.page(limit=2)]
    assert ["c", "d"] == [one.name for one in store.series.page(after="b")]
    assert ["d"] == [one.name for one in store.series.page(kind="wind", zone="north")]
