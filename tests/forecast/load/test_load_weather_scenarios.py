"""Load of a month whose weather nobody knows."""

import numpy as np
import pytest
from towns import DAY, HOUR, START, poisoned, town

from services.forecast.features.temperatures import climate, memory_of_weather, stations, telling_stations
from services.forecast.models import load_by_temperature
from services.forecast.models.base import NotEnoughHistory, Task
from services.forecast.models.load_weather_scenarios import LoadWeatherScenarios, season, weathers

ORIGIN = START + 1000 * DAY
MONTH = ORIGIN + np.arange(20 * 24) * HOUR
LEVELS = np.array([0.05, 0.5, 0.95])
TASK = Task(60, 0.0, 480.0, threads=1)


@pytest.fixture(scope="module")
def trained(three_years):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load_by_temperature, "ROUNDS", 60)
        return LoadWeatherScenarios().train([three_years.as_of(ORIGIN)], TASK)


def test_the_interval_holds_what_came(three_years, trained):
    said = trained.quantiles([three_years.as_of(ORIGIN)], MONTH, LEVELS)[0]
    came = three_years.observed.at(MONTH)
    assert 0.75 < ((said[:, 0] <= came) & (came <= said[:, 2])).mean()
    assert (np.diff(said, axis=1) >= 0).all()
    assert np.abs(said[:, 1] / came - 1).mean() < 0.1


def test_bytes_say_the_same(three_years, trained):
    back = type(trained).from_bytes(trained.to_bytes())
    known = [three_years.as_of(ORIGIN)]
    assert np.array_equal(trained.quantiles(known, MONTH, LEVELS), back.quantiles(known, MONTH, LEVELS))


def test_what_became_known_later_changes_nothing(three_years, trained):
    known, later = three_years.as_of(ORIGIN), poisoned(three_years, ORIGIN).as_of(ORIGIN)
    assert np.array_equal(trained.quantiles([known], MONTH, LEVELS), trained.quantiles([later], MONTH, LEVELS))


def test_scenarios_start_from_what_was_measured(three_years):
    """The first hour of every scenario lies nearer to the last measured one than those of ten days later."""
    known = three_years.as_of(ORIGIN)
    measured = stations(known, 60)
    rows, first = weathers(measured, measured.names, known.series, MONTH)
    assert np.array_equal(rows[0, :first], measured.values[0, -first:])
    assert rows[:, first].std() < 0.5 * rows[:, first + 240].std()


def test_weather_is_forgotten():
    """Departures that keep 90 % from day to day: half a day's mean is remembered, and less after days."""
    chance = np.random.default_rng(3)
    departure = np.zeros(24 * 800)
    for step in range(1, len(departure)):
        departure[step] = 0.995 * departure[step - 1] + chance.normal()
    left = memory_of_weather(departure, 60)
    assert left[0] > 0.9
    assert 0.995**48 == pytest.approx(left[42:54].mean(), abs=0.15)
    assert 0 == len(memory_of_weather(departure[: 24 * 30], 60))


def test_the_station_that_tells_is_chosen(three_years):
    known = three_years.as_of(ORIGIN)
    measured = stations(known, 60)
    noise = np.random.default_rng(1).normal(size=measured.values.shape)
    both = type(measured)(("noise", "true"), measured.start, 60, np.concatenate([noise, measured.values]))
    assert "true" == telling_stations(both, known.observed.at(measured.times), measured.times)[0]


def test_climate_knows_summer_from_winter(three_years):
    measured = stations(three_years, 60)
    usual, spread = climate(measured.times, measured.values[0], "UTC").at(
        np.array(["2022-01-15T00:00", "2022-07-15T12:00"], "datetime64[s]")
    )
    assert usual[1] - usual[0] > 20
    assert (spread > 0).all()


def test_seasons():
    assert [0, 0, 1, 2, 3] == season(
        np.array(["2021-12-05", "2021-02-01", "2021-03-01", "2021-08-31", "2021-09-01"], "datetime64[s]")
    ).tolist()


def test_less_than_a_year_is_not_enough():
    with pytest.raises(NotEnoughHistory, match="a year"):
        LoadWeatherScenarios().train([town(200)], TASK)
