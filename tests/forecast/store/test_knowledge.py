"""What is known at an origin: never anything that became known later, and all of what drives a series."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from worlds import arrivals, at, describe, weather

from grid_models.forecast import CapacityFrom, SeriesDescription
from services.forecast.known import aware
from services.forecast.store import Issue, Store
from services.forecast.store.knowledge import _distance_km

COUNTER = itertools.count()
HOURS = st.integers(0, 300)
VALUES = st.lists(st.tuples(HOURS, st.floats(-1e6, 1e6), HOURS), min_size=1, max_size=60)
ISSUES = st.lists(st.tuples(HOURS, HOURS, st.integers(1, 30), st.floats(-50, 50, width=32)), max_size=20)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One database for all examples: each brings series of its own."""
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('leak')}/leak.db") as store:
        yield store


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, ISSUES, st.lists(HOURS, min_size=1, max_size=5))
def test_nothing_leaks_from_after_the_origin(shared, values, issues, origins):
    """
    The proof by a naive witness: for each origin the newest value known by then, found by going through all of them.

    Values of the same moments are left out: which of them holds is a matter of arrival, tested elsewhere.
    """
    number = next(COUNTER)
    plant, point = f"p{number}", f"w{number}"
    describe(shared, point, kind="weather", variable="temperature_c")
    describe(shared, plant, kind="wind", weather=(point,))
    once = {(hour, known): value for hour, value, known in values}
    rows = sorted(((hour, value, known) for (hour, known), value in once.items()), key=lambda row: row[2])
    for some in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        measured = [(hour, -value, known) for hour, value, known in some]
        shared.observations.add({plant: arrivals(some), point: arrivals(measured)})
    issued = {issue: (known, steps, value) for issue, known, steps, value in issues}
    shared.weather.add([weather(point, "a", issue, *told) for issue, told in issued.items()])
    for origin in origins:
        known = shared.known(plant, at(origin))
        assert (known.observed.known_at <= at(origin)).all()
        assert _witness(once, origin) == _pairs(known.observed)
        assert {hour: -value for hour, value in _witness(once, origin).items()} == _pairs(
            known.weather_observed.get("temperature_c", known.observed)
        ) or not once
        for vintages in known.weather.values():
            assert (vintages.known_at <= at(origin)).all()
        seen = {issue for issue, (when, _, _) in issued.items() if when <= origin}
        found = {one for vintages in known.weather.values() for one in np.unique(vintages.issued)}
        assert {at(issue) for issue in seen} == found


def _witness(once, origin):
    newest = {}
    for (hour, known), value in sorted(once.items()):
        if known <= origin:
            newest[at(hour)] = value
    return newest


def _pairs(observed):
    return dict(zip(observed.times, observed.values, strict=True))


def test_what_drives_a_plant_is_named_or_near(store):
    describe(store, "t", "v", kind="weather", variable="temperature_c", latitude=30.0, longitude=120.0)
    describe(store, "far", kind="weather", variable="temperature_c", latitude=40.0, longitude=120.0)
    describe(store, "near_it", kind="wind", latitude=30.5, longitude=120.0)
    describe(store, "alone", kind="wind", latitude=35.0, longitude=120.0)
    describe(store, "names_it", kind="wind", latitude=30.0, longitude=120.0, weather=("far",))
    store.weather.add([weather(name, "nwp", 0, 1, 3, value) for name, value in (("t", 1), ("v", 3), ("far", 9))])
    near, alone, named = store.known_many(["near_it", "alone", "names_it"], at(5))
    latest = near.weather["nwp"].latest(np.array([at(0), at(9)]))
    assert {"temperature_c", "temperature_c@t", "temperature_c@v"} == set(latest)
    assert_array_equal([2, np.nan], latest["temperature_c"])
    assert {} == alone.weather
    assert_array_equal([9], named.weather["nwp"].latest(np.array([at(0)]))["temperature_c"])


def test_variables_that_come_at_different_times_stand_side_by_side(store):
    describe(store, "t", kind="weather", variable="temperature_c")
    describe(store, "w", kind="weather", variable="wind_speed_100m_m_per_s")
    describe(store, "farm", kind="wind", weather=("t", "w"))
    store.weather.add([weather("t", "a", 0, 1, 4, 5.0), weather("w", "a", 0, 3, 2, 7.0), weather("w", "b", 0, 1, 1, 8)])
    known = store.known("farm", at(5))
    assert {"a", "b"} == set(known.weather)
    rows = known.weather["a"]
    assert_array_equal([5, 5, 5, 5], rows.values["temperature_c"])
    assert_array_equal([7, 7, np.nan, np.nan], rows.values["wind_speed_100m_m_per_s"])
    assert_array_equal([at(3), at(3), at(1), at(1)], rows.known_at)
    assert {"temperature_c"} == set(store.known("farm", at(2)).weather["a"].values)


def test_since_leaves_out_the_past_but_not_the_weather_of_today(store):
    describe(store, "t", kind="weather", variable="temperature_c")
    describe(store, "farm", kind="wind", weather=("t",))
    store.observations.add({"farm": arrivals([(hour, float(hour), hour + 1) for hour in range(48)])})
    store.weather.add([weather("t", "a", issue, issue + 1, 36, issue) for issue in (0, 24)])
    known = store.known("farm", at(48), since=at(40), weather_since=at(24))
    assert_array_equal(np.arange(40, 48), known.observed.values)
    assert_array_equal([at(24)], np.unique(known.weather["a"].issued))
    assert 2 == len(np.unique(store.known("farm", at(48), since=at(20)).weather["a"].issued))


def test_a_description_is_the_one_of_its_day(store):
    first = SeriesDescription(name="s", kind="solar", capacity_mw=(CapacityFrom(since=aware(at(0)), capacity_mw=10),))
    second = first.model_copy(update={"capacity_mw": (CapacityFrom(since=aware(at(0)), capacity_mw=20),)})
    assert (1,) == store.series.put([first], at(100))
    assert (0,) == store.series.put([first], at(150))
    assert (2,) == store.series.put([second], at(200))
    assert [10] == store.known("s", at(150)).capacity_mw(np.array([at(0)])).tolist()
    assert [20] == store.known("s", at(200)).capacity_mw(np.array([at(0)])).tolist()
    # Before anything was said, what is best known stands in.
    assert [20] == store.known("s", at(0)).capacity_mw(np.array([at(0)])).tolist()
    assert [at(100), at(200)] == [since for since, _ in store.series.versions("s")]


def test_forecasts_of_others_are_known_by_their_names(store):
    describe(store, "load")
    common = {"series": "load", "kind": "load", "unit": "MW", "start": at(24), "step_min": 60}
    common |= {"basis": "full", "model": "theirs"}
    mean = Issue(issued=at(0), levels=(), quantiles=np.full((2, 1), 5.0), author="ISO", known_at=at(3), **common)
    range_ = Issue(issued=at(0), levels=(0.1, 0.9), quantiles=np.array([[1, 2], [3, 4.0]]), author="bank", **common)
    store.save_forecasts([mean, range_])
    assert {"bank"} == set(store.known("load", at(2)).brought)
    brought = store.known("load", at(3)).brought
    assert_array_equal([5, 5], brought["ISO"].values["mean"])
    assert_array_equal([2, 4], brought["bank"].values["0.9"])
    assert {} == store.known("load", at(80), since=at(26)).brought


def test_a_degree_of_latitude_is_111_km():
    degree = np.radians([[30.0, 120.0], [31.0, 120.0]])
    assert 111.2 == pytest.approx(float(_distance_km(degree[0], degree[1])), abs=0.1)
