"""From the store to forecasts: champions answer, baselines stand in, and the past is not told the future."""

from dataclasses import replace

import numpy as np
import pytest
from province import FARMS, LOAD, ORIGIN

from grid_models.forecast import NINETEEN
from services.forecast import issuing
from services.forecast.champions import UNTRAINED, Champions
from services.forecast.errors import Unusable
from services.forecast.explaining import explained
from services.forecast.horizons import HORIZONS
from services.forecast.issuing import Question, forecasts
from services.forecast.known import moment
from services.forecast.store import Store
from services.forecast.store.observations import Arrivals, Readings
from services.forecast.training import Wish, train

TOMORROW = Question(HORIZONS["day-ahead"], ORIGIN, NINETEEN)


def test_one_issue_per_series_in_the_order_asked(store: Store):
    issues = forecasts(store, Champions(store), (LOAD, *FARMS), TOMORROW)
    assert [LOAD, *FARMS] == [issue.series for issue in issues]
    for issue in issues:
        assert (96, 19) == issue.quantiles.shape
        assert moment("2024-07-28T16:00:00") == issue.start
        assert (np.diff(issue.quantiles, axis=1) >= 0).all()
        assert issue.synthetic


def test_the_champion_is_named(store: Store):
    (issue,) = forecasts(store, Champions(store), FARMS[:1], TOMORROW)
    assert "wind day-ahead 15 min v1" == issue.model


def test_where_nothing_is_trained_baselines_answer_and_say_so(empty_handed: Store):
    (issue,) = forecasts(empty_handed, Champions(empty_handed), (LOAD,), TOMORROW)
    assert UNTRAINED in issue.reasons
    assert issue.basis in ("degraded", "climatology")


def test_what_becomes_known_later_changes_nothing(store: Store):
    """A correction of yesterday that arrives after the origin is not seen; seen from later, it is."""
    champions = Champions(store)
    before = forecasts(store, champions, FARMS, TOMORROW)
    times = ORIGIN - np.timedelta64(2, "h") + np.arange(4) * np.timedelta64(900, "s")
    late = ORIGIN + np.timedelta64(3600, "s")
    readings = Readings.of(times, np.full(4, 1.0), np.full(4, late))
    store.observations.add({FARMS[0]: Arrivals(readings, np.zeros(4, dtype=bool))}, late)
    again = forecasts(store, champions, FARMS, TOMORROW)
    assert all((one.quantiles == two.quantiles).all() for one, two in zip(before, again, strict=True))


def test_days_tell_as_much_as_weeks(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Of farms only the last days are read: what is said, and on what basis, is the same as from all that was seen."""
    quick = forecasts(store, Champions(store), FARMS, TOMORROW)
    monkeypatch.setattr(issuing, "RECENT_IS_ENOUGH", frozenset())
    whole = forecasts(store, Champions(store), FARMS, TOMORROW)
    for one, two in zip(whole, quick, strict=True):
        assert np.array_equal(one.quantiles, two.quantiles)
        assert (one.basis, one.reasons) == (two.basis, two.reasons)


def test_a_meter_silent_for_a_fortnight_is_read_further_back(store: Store):
    """It is told how old its last value is, not that nothing has been observed yet."""
    late = replace(TOMORROW, origin=ORIGIN + np.timedelta64(14, "D"))
    (issue,) = forecasts(store, Champions(store), FARMS[:1], late)
    assert [] == [words for words in issue.reasons if "nothing has been observed" in words]
    assert any("the last observation is 3" in words for words in issue.reasons)


def test_a_new_champion_answers_at_once(store: Store):
    champions = Champions(store)
    forecasts(store, champions, FARMS, TOMORROW)
    wish = Wish("wind", HORIZONS["day-ahead"], FARMS, ("climatology",), holdout_days=10, threads=1)
    (record,) = train(store, wish, ORIGIN)
    store.models.promote(record.slot, record.version)
    assert forecasts(store, champions, FARMS, TOMORROW)[0].model.endswith("v2")
    store.models.roll_back(record.slot)
    assert forecasts(store, champions, FARMS, TOMORROW)[0].model.endswith("v1")


def test_a_worse_challenger_stays_challenger(store: Store):
    """The champion is said to have lost next to nothing when it was tried."""
    store.models.score("load day-ahead 15 min", 1, {"pinball": 1e-6})
    wish = Wish("load", HORIZONS["day-ahead"], (LOAD,), ("climatology",), holdout_days=10, threads=1)
    told: list[str] = []
    (record,) = train(store, wish, ORIGIN, told.append)
    assert "challenger" == record.status
    assert any("stays challenger" in words for words in told)


def test_a_model_says_what_it_learned_from(store: Store):
    champion = store.models.champion("wind day-ahead 15 min")
    assert champion is not None
    assert ORIGIN == champion.trained_until
    assert {"pinball", "coverage_90", "width_90", "nmae", "weights", "series"} <= set(champion.scores)
    assert len(champion.data_hash) == 64


def test_an_explanation_adds_up(store: Store):
    for one in explained(store, Champions(store), FARMS[:2], TOMORROW):
        total = one.climatology + sum(one.moved_by.values())
        assert one.median == pytest.approx(total)
        assert "recent observations" in one.moved_by


def test_weather_is_not_forecast_here(store: Store):
    with pytest.raises(Unusable, match="Hangzhou temperature_c is weather: bring a weather forecast"):
        forecasts(store, Champions(store), ("Hangzhou temperature_c",), TOMORROW)


def test_training_without_series_is_told(store: Store):
    with pytest.raises(Unusable, match="offshore-wind-Jiaxing is wind, not load"):
        train(store, Wish("load", HORIZONS["day-ahead"], FARMS[:1]), ORIGIN)
