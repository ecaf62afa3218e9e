"""Joint futures out of the store: sums agree, a measured sum is followed, probabilities are whole."""

import numpy as np
import pytest
from province import FARMS, LOAD, ORIGIN

from grid_models.forecast import NINETEEN, SeriesDescription
from services.forecast.champions import Champions
from services.forecast.horizons import HORIZONS
from services.forecast.issuing import Question, forecasts
from services.forecast.joint import distances_km, joint
from services.forecast.store import Store
from services.forecast.store.observations import Arrivals, Readings

TOMORROW = Question(HORIZONS["day-ahead"], ORIGIN, NINETEEN)


def with_sum(store: Store, observed: bool) -> str:
    """A zone of the farms; measured at 80 % of their sum, as if a line were lossy."""
    zone = SeriesDescription(name="wind of the coast", kind="wind", members=FARMS)
    store.series.put([zone], ORIGIN - np.timedelta64(100, "D"))
    if observed:
        members = [one.observed for one in store.known_many(FARMS, ORIGIN)]
        total = 0.8 * sum(one.values for one in members)
        readings = Readings.of(members[0].times, total, members[0].known_at)
        nobody_said = np.zeros(len(total), dtype=bool)
        store.observations.add({zone.name: Arrivals(readings, nobody_said)}, ORIGIN)
    return zone.name


def test_a_sum_is_the_sum_of_its_members_in_every_future(store: Store):
    zone = with_sum(store, observed=False)
    drawn = joint(store, Champions(store), (*FARMS, zone), TOMORROW, 100)
    assert drawn.of(zone) == pytest.approx(sum(drawn.of(name) for name in FARMS))


def test_a_measured_sum_has_its_own_forecast_and_members_follow(store: Store):
    zone = with_sum(store, observed=True)
    drawn = joint(store, Champions(store), (*FARMS, zone), TOMORROW, 200)
    assert drawn.of(zone) == pytest.approx(sum(drawn.of(name) for name in FARMS))
    (own,) = forecasts(store, Champions(store), (zone,), TOMORROW)
    assert own.quantiles[:, 9] == pytest.approx(np.median(drawn.of(zone), axis=0), rel=0.05, abs=5)


def test_fewer_futures_carry_probabilities(store: Store):
    few = joint(store, Champions(store), (LOAD, *FARMS), TOMORROW, 100).fewer(7)
    assert (4, 96, 7) == few.values.shape
    assert 1 == pytest.approx(few.probabilities.sum())
    assert (few.probabilities > 0).all()


def test_the_same_seed_draws_the_same(store: Store):
    one, two = (joint(store, Champions(store), FARMS, TOMORROW, 50, seed=3).values for _ in range(2))
    assert (one == two).all()


def test_distances_between_cities():
    """Beijing to Shanghai is about 1,068 km as the crow flies; a series without a position is far from all."""
    places = [(39.9042, 116.4074), (31.2304, 121.4737), (None, None)]
    series = [
        SeriesDescription(name=str(place), kind="wind", latitude=latitude, longitude=longitude)
        for place, (latitude, longitude) in enumerate(places)
    ]
    found = distances_km(series)
    assert 1068 == pytest.approx(found[0, 1], abs=5)
    assert found[0, 2] > 10_000
    assert 0 == found[2, 2]
