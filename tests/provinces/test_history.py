"""The made-up past: seeded, marked, and shaped like the province on the card."""

from datetime import date

import numpy as np
import pytest

from grid_models.provinces import builtin_case
from grid_models.provinces.card import read_card
from grid_models.provinces.history import History, history
from grid_models.resources import Renewable

END = date(2024, 7, 29)


@pytest.fixture(scope="module")
def past() -> History:
    return history(read_card("zhejiang"), END, days=400)


def test_every_series_says_that_it_was_made_up(past: History):
    assert all(one.synthetic for one in past.series)


def test_every_series_that_the_case_asks_for_is_there(past: History):
    case = builtin_case("zhejiang")
    asked = {one.forecast_series for one in case.zones} | {
        one.forecast_series for one in case.resources if isinstance(one, Renewable)
    }
    assert asked == set(past.observed)
    assert asked <= {one.name for one in past.series}


def test_it_is_whole_and_within_the_capacity(past: History):
    capacity = {one.name: one.capacity_mw[0].capacity_mw for one in past.series if one.capacity_mw}
    for name, values in past.observed.items():
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= capacity.get(name, np.inf) + 1e-9


def test_the_load_peaks_in_the_heat_near_the_peak_of_the_card(past: History):
    load_mw = past.observed["zhejiang load"]
    peak = past.times[load_mw.argmax()].astype("datetime64[M]").astype(int) % 12 + 1
    assert peak in (6, 7, 8)
    assert 0.85 < load_mw.max() / 115_000 < 1.1


def test_the_sun_sets(past: History):
    local_h = (past.times.astype(np.int64) // 3600 + 8) % 24
    assert 0 == past.observed["pv-plants-Ningbo"][local_h == 1].max()


def test_weather_forecasts_are_there_in_time_and_err_more_the_further_they_reach(past: History):
    wind = past.weather["Zhoushan wind_speed_100m_m_per_s"]
    assert (wind.known_at > wind.issued).all()
    issued = wind.issued.astype(np.int64)
    # The same hour, said a day before and two days before, against what was said at once.
    one_day, two_days, at_once = wind.values[1:-1, 24], wind.values[:-2, 48], wind.values[2:, 0]
    assert (np.diff(issued) == 86400).all()
    assert np.abs(two_days - at_once).mean() > 1.1 * np.abs(one_day - at_once).mean()


def test_the_same_seed_makes_the_same_past():
    card = read_card("zhejiang")
    one, two, other = (history(card, END, 10, seed).observed["zhejiang load"] for seed in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()
