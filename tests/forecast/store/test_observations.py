"""Values with both clocks: what is corrected stays known as it was, what is repeated changes nothing."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from worlds import arrivals, at, describe

from services.forecast.errors import UnknownSeries
from services.forecast.store import Added, Readings
from services.forecast.store.observations import Arrivals


def test_a_correction_keeps_the_earlier_value(store):
    describe(store, "load")
    store.observations.add({"load": arrivals([(0, 100.0, 1), (1, 200.0, 2)])})
    added = store.observations.add({"load": arrivals([(0, 90.0, 5)])})
    assert Added(new=0, corrected=1, repeated=0) == added
    assert_array_equal([100, 200], store.observations.read("load", as_of=at(4)).values)
    assert_array_equal([90, 200], store.observations.read("load", as_of=at(5)).values)
    assert_array_equal([], store.observations.read("load", as_of=at(0)).values)
    assert_array_equal([100, 90, 200], store.observations.history("load").values)


def test_a_value_for_which_nobody_said_when_it_was_known_corrects_from_its_arrival_on(store):
    describe(store, "load")
    store.observations.add({"load": arrivals([(0, 100.0, 1)], assumed=True)}, received_at=at(50))
    store.observations.add({"load": arrivals([(0, 90.0, 1)], assumed=True)}, received_at=at(60))
    assert_array_equal([100], store.observations.read("load", as_of=at(59)).values)
    assert_array_equal([90], store.observations.read("load", as_of=at(60)).values)
    # The first one again is an echo of what was known at its moment.
    assert Added(0, 0, 1) == store.observations.add({"load": arrivals([(0, 100.0, 1)], assumed=True)})


def test_two_values_of_the_same_moments_are_both_kept(store):
    describe(store, "load")
    for _ in range(2):
        store.observations.add({"load": arrivals([(0, 100.0, 1)])}, received_at=at(7))
        store.observations.add({"load": arrivals([(0, 90.0, 1)])}, received_at=at(8))
    assert_array_equal([100, 90], store.observations.history("load").values)
    assert_array_equal([at(1), at(8)], store.observations.history("load").known_at)


def test_the_same_batch_twice_changes_nothing(store):
    describe(store, "a", "b")
    batch = {"a": arrivals([(0, 1.0, 1), (500, 2.0, 501)]), "b": arrivals([(3, np.nan, 4)])}
    assert Added(3, 0, 0) == store.observations.add(batch, digest=b"one", report=lambda added: {"new": added.new})
    assert Added(0, 0, 3) == store.observations.add(batch, digest=b"one")
    assert Added(0, 0, 3) == store.observations.add(batch)
    assert {"new": 3} == store.observations.seen_batch(b"one")
    assert store.observations.seen_batch(b"two") is None


def test_values_come_back_bit_by_bit_and_in_order(store):
    describe(store, "load")
    numbers = np.random.default_rng(1)
    hours = numbers.permutation(3000)
    values = numbers.normal(size=3000) * 10.0 ** numbers.integers(-300, 300, 3000)
    rows = list(zip(hours.tolist(), values.tolist(), (hours + 1).tolist(), strict=True))
    for begin in range(0, 3000, 700):
        store.observations.add({"load": arrivals(rows[begin : begin + 700])})
    read = store.observations.read("load")
    assert_array_equal(at(0) + np.arange(3000) * np.timedelta64(3600, "s"), read.times)
    assert_array_equal(values[np.argsort(hours)], read.values)
    part = store.observations.read("load", at(10), at(12))
    assert_array_equal(read.values[10:12], part.values)


def test_times_before_1970_and_very_late_knowledge_survive(store):
    describe(store, "load")
    times = np.array(["1931-05-01T00:00:00", "1969-12-31T23:00:00"], "datetime64[s]")
    readings = Readings.of(times, np.array([1.0, 2.0]), np.full(2, np.datetime64("2200-01-01", "s")))
    store.observations.add({"load": Arrivals(readings, np.zeros(2, bool))})
    assert_array_equal(times, store.observations.read("load").times)


def test_a_doubt_cast_later_hides_the_value_from_then_on_only(store):
    describe(store, "load")
    store.observations.add({"load": arrivals([(0, 100.0, 1), (1, 9e9, 2)])})
    readings = store.observations.read("load").rows([1])
    doubted = Readings(readings.times, readings.known_at, readings.values, np.array([np.nan]), np.array([4], np.uint16))
    store.observations.judge("load", doubted, at=at(10))
    assert_array_equal([100, 9e9], store.known("load", at(9)).observed.values)
    assert_array_equal([100, np.nan], store.known("load", at(10)).observed.values)
    assert_array_equal([100, 9e9], store.observations.read("load").values)
    assert [0, 4] == store.observations.read("load").flags.tolist()


def test_an_unknown_series_is_named_and_nothing_is_kept(store):
    describe(store, "a")
    with pytest.raises(UnknownSeries, match="b: not described yet"):
        store.observations.add({"a": arrivals([(0, 1.0, 1)]), "b": arrivals([(0, 1.0, 1)])})
    assert 0 == len(store.observations.read("a"))


def test_nothing_is_known_about_a_series_without_values(store):
    describe(store, "a")
    assert 0 == len(store.observations.read("a", at(0), at(5)))
    assert Added(0, 0, 0) == store.observations.add({"a": arrivals([])})
    assert 0 == len(store.known("a", at(3)).observed.times)
