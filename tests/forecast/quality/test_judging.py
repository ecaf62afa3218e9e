"""The quality gate: each fault is put into clean values, and found there and nowhere else."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from worlds import START, at, describe

from grid_models.forecast import CapacityFrom, SeriesDescription, SolarSite
from services.forecast.ingest import ingest
from services.forecast.known import aware
from services.forecast.quality.availability import online_share
from services.forecast.quality.clocks import _height_of_sun
from services.forecast.quality.flags import DOUBTS, MASKING, Flag, named
from services.forecast.quality.judging import judged
from services.forecast.quality.on_demand import check
from services.forecast.quality.sample import Sample, runs
from services.forecast.sources.tables import NOT_TOLD, Incoming
from services.forecast.store import Readings

CAPACITY_MW = (CapacityFrom(since=aware(START), capacity_mw=100),)
LOAD = SeriesDescription(name="load", kind="load", step_min=60)
WIND = SeriesDescription(name="wind", kind="wind", step_min=15, capacity_mw=CAPACITY_MW)
SOLAR = SeriesDescription(
    name="sun",
    kind="solar",
    step_min=15,
    capacity_mw=CAPACITY_MW,
    latitude=30.0,
    longitude=120.0,
    solar=SolarSite(tilt_deg=25),
)
NOTHING = Readings.joined([])


def grid(series, days, from_day=0):
    steps = days * 24 * 60 // series.step_min
    return START + np.timedelta64(from_day, "D") + np.arange(steps) * np.timedelta64(series.step_min * 60, "s")


def load_mw(times, seed=1):
    hour = times.astype(np.int64) / 3600 % 24
    noise = np.random.default_rng(seed).normal(0, 8, len(times))
    return 1000 + 250 * np.sin((hour - 2) / 24 * 2 * np.pi) + 90 * np.sin((hour + 3) / 12 * 2 * np.pi) + noise


def wind_mw(times, seed=1):
    steps = np.random.default_rng(seed).normal(0, 0.15, len(times))
    state = np.zeros(len(times))
    for place in range(1, len(times)):
        state[place] = 0.98 * state[place - 1] + steps[place]
    return np.round(100 / (1 + np.exp(-1.5 * state + 0.5)), 3)


def solar_mw(times, shift_h=0.0, seed=1):
    sample = Sample(SOLAR, times, times.astype(float), NOTHING)
    light = np.maximum(0, _height_of_sun(sample, times + np.timedelta64(450 - round(shift_h * 3600), "s")))
    clouds = np.repeat(np.random.default_rng(seed).uniform(0.5, 1, len(times) // 8 + 1), 8)[: len(times)]
    return np.round(90 * light * clouds * np.random.default_rng(seed).uniform(0.9, 1, len(times)), 3)


CLEAN = {"load": (LOAD, load_mw), "wind": (WIND, wind_mw), "solar": (SOLAR, solar_mw)}


def readings(times, values):
    return Readings.of(times, np.asarray(values, dtype=float), times + np.timedelta64(3600, "s"))


def judge(series, values, days=7, correct=False, make=None):
    """The values judged after four clean weeks."""
    make = make or CLEAN[series.kind][1]
    before = grid(series, 28)
    context = readings(before, make(before))
    times = grid(series, days, from_day=28)
    return judged(series, readings(times, values(make(times, seed=2))), context, correct)


@pytest.mark.parametrize("kind", CLEAN)
@pytest.mark.parametrize("days", [1, 7])
def test_clean_values_are_not_doubted(kind, days):
    rows, findings = judge(CLEAN[kind][0], lambda values: values, days=days)
    assert [] == findings
    assert_array_equal(rows.values, rows.usable)


def doubts(findings):
    return {finding.doubt: finding for finding in findings}


def put(place, value):
    def change(values):
        changed = values.copy()
        changed[place] = value
        return changed

    return change


def test_a_spike_is_found_where_it_stands():
    for series, value in ((LOAD, 2400.0), (LOAD, 30.0)):
        rows, findings = judge(series, put(40, value))
        assert ["spike"] == [finding.doubt for finding in findings]
        assert (1, "masked", aware(rows.times[40])) == (findings[0].values, findings[0].action, findings[0].first)
        assert [40] == np.flatnonzero(np.isnan(rows.usable)).tolist()
        assert value == rows.values[40]


def test_a_meter_that_hangs_is_found():
    rows, findings = judge(LOAD, put(slice(30, 40), 1017.3))
    assert 10 == doubts(findings)["frozen"].values
    assert_array_equal(np.arange(30, 40), np.flatnonzero(rows.flags & Flag.FROZEN))


def test_a_farm_at_rest_or_at_its_rating_does_not_hang():
    for value in (0.0, 100.0):
        _, findings = judge(WIND, put(slice(100, 200), value))
        assert "frozen" not in doubts(findings)


def test_a_farm_held_down_is_found():
    wobble = 40 + np.random.default_rng(3).uniform(-0.08, 0.08, 40)
    rows, findings = judge(WIND, put(slice(100, 140), wobble))
    assert 38 <= doubts(findings)["curtailed"].values <= 42
    assert np.isnan(rows.usable[100:140]).all()


def test_output_above_capacity_is_found_and_a_little_is_not():
    _, findings = judge(WIND, lambda values: np.where(values > 50, values + 60, values))
    assert "capacity of 100 MW" in doubts(findings)["above_capacity"].detail
    _, findings = judge(WIND, lambda values: np.minimum(values * 1.03, 103))
    assert "above_capacity" not in doubts(findings)


@pytest.mark.parametrize("series", [LOAD, WIND, SOLAR], ids=lambda one: one.name)
@pytest.mark.parametrize(("factor", "name"), [(1e3, "kW"), (1e6, "W"), (1e-3, "GW")])
def test_another_unit_is_told_and_undone_only_if_asked(series, factor, name):
    rows, findings = judge(series, lambda values: values * factor)
    assert f"fit {name}, not MW" in doubts(findings)["unit"].detail
    assert {"unit"} == set(doubts(findings))
    assert np.isnan(rows.usable[rows.values != 0]).all()
    rows, findings = judge(series, lambda values: values * factor, correct=True)
    assert "corrected" == doubts(findings)["unit"].action
    np.testing.assert_allclose(rows.values / factor, rows.usable)
    assert (rows.flags[rows.values != 0] & Flag.CORRECTED).all()


def test_shares_of_the_capacity_are_told():
    _, findings = judge(SOLAR, lambda values: values / 100)
    assert "shares of the capacity" in doubts(findings)["unit"].detail


def test_a_wrong_sign_is_told_and_undone_only_if_asked():
    rows, findings = judge(LOAD, lambda values: -values)
    assert {"sign"} == set(doubts(findings))
    assert np.isnan(rows.usable).all()
    rows, findings = judge(LOAD, lambda values: -values, correct=True)
    assert_array_equal(-rows.values, rows.usable)


def test_the_little_that_a_plant_draws_at_rest_is_no_wrong_sign():
    _, findings = judge(SOLAR, lambda values: np.where(values == 0, -0.4, values))
    assert "sign" not in doubts(findings)


@pytest.mark.parametrize("hours", [-8, -1, 1, 8])
def test_a_solar_clock_that_is_off_is_told_by_the_sun(hours):
    times = grid(SOLAR, 7, from_day=28)
    rows, findings = judged(SOLAR, readings(times, solar_mw(times, shift_h=hours)), NOTHING)
    assert f"{-hours * 60:+.0f} min" in doubts(findings)["clock"].detail
    assert np.isnan(rows.usable).all()
    assert abs(hours) == 1 or "night_output" in doubts(findings)


@pytest.mark.parametrize("hours", [-8, -1, 1, 8])
def test_a_load_clock_that_is_off_is_told_by_its_own_days(hours):
    _, findings = judge(LOAD, lambda values: np.roll(values, hours))
    assert f"{-hours * 60:+.0f} min" in doubts(findings)["clock"].detail


def test_output_at_night_is_found():
    midnight = 16 * 4  # UTC; the plant stands at 120 degrees east
    rows, findings = judge(SOLAR, put(midnight, 30.0))
    assert 1 == doubts(findings)["night_output"].values
    assert np.isnan(rows.usable[midnight])


def test_rows_are_named_for_what_they_are():
    times = np.array([at(0), at(1), at(1), at(2), at(4.25), at(9)], "datetime64[s]")
    rows = Readings.of(times, np.array([1, 2, 3, np.nan, 5, 6.0]), np.full(6, at(10)))
    rows, findings = judged(LOAD, rows, NOTHING)
    told = doubts(findings)
    assert {"duplicate", "missing", "off_step", "gap"} == set(told)
    assert (2, "kept") == (told["duplicate"].values, told["duplicate"].action)
    assert (1, "masked") == (told["missing"].values, told["missing"].action)
    assert (5, aware(at(3)), aware(at(8))) == (told["gap"].values, told["gap"].first, told["gap"].last)


def test_a_plant_of_which_half_is_out_shows_it_after_weeks():
    times = grid(WIND, 120)
    output = wind_mw(times)
    half = times >= START + np.timedelta64(80, "D")
    output = np.where(half, np.minimum(output, 50 + 0.01 * np.arange(len(output)) % 1), output)
    share = online_share(times, output / 100)
    assert (share[~half][: 50 * 96] == 1).all()
    assert (share[times >= START + np.timedelta64(85, "D")] < 0.6).all()
    rows, findings = judged(WIND, readings(times, output), NOTHING)
    assert "kept" == doubts(findings)["partly_available"].action
    assert rows.flags[-1] & Flag.PARTLY_AVAILABLE


def test_runs_count_how_long_values_stay():
    assert [3, 3, 3, 1, 2, 2] == runs(np.array([1, 1, 1, 2, 3, 3.0])).tolist()
    assert [] == runs(np.array([])).tolist()


def test_every_flag_has_its_word():
    assert len(Flag) == len(DOUBTS)
    assert ("frozen", "clock") == named(Flag.FROZEN | Flag.CLOCK)
    assert not MASKING & Flag.CORRECTED
    assert MASKING & Flag.FROZEN


def arriving(times, values):
    return [Incoming("load", times, np.asarray(values, dtype=float), np.full(len(times), NOT_TOLD))]


def test_a_meter_that_hangs_shows_only_once_its_values_are_there(quick_store):
    """One by one no value is doubtful; the check on demand sees the row of them, and what was thought stays known."""
    describe(quick_store, "load")
    times = grid(LOAD, 3)
    values = put(slice(50, 60), 1000.5)(load_mw(times))
    for place in range(0, len(times), 4):
        ingest(quick_store, arriving(times[place : place + 4], values[place : place + 4]))
    before = quick_store.observations.read("load").usable
    report = check(quick_store, ["load"])
    assert {"frozen"} == set(doubts(report.findings))
    assert 10 == report.findings[0].values
    assert_array_equal(before, quick_store.observations.read("load").usable)
    check(quick_store, ["load"], mark=True)
    known = quick_store.observations.read("load")
    assert np.isnan(known.usable[50:60]).all()
    assert 10 == np.isnan(known.usable).sum()
    assert_array_equal(before, quick_store.observations.read("load", as_of=at(24 * 300)).usable)
    again = len(quick_store.observations.history("load"))
    check(quick_store, ["load"], mark=True)
    assert again == len(quick_store.observations.history("load"))


def test_the_last_of_two_values_for_one_time_holds(quick_store):
    describe(quick_store, "load")
    report = ingest(quick_store, arriving(np.array([at(0), at(0)]), [5.0, 7.0]))
    assert ("duplicate", 2) == (report.findings[0].doubt, report.findings[0].values)
    assert [7] == quick_store.known("load", at(99)).observed.values.tolist()
    assert [5, 7] == quick_store.observations.history("load").values.tolist()


def test_a_plant_that_makes_little_is_not_in_another_unit():
    """Live values come one by one: 0.4 MW at dawn is a thousandth of what is usual, and no fault."""
    week = grid(SOLAR, 7)
    context = Readings.of(week, solar_mw(week), week + np.timedelta64(1800, "s"))
    dawn = week[-1] + np.timedelta64(900, "s") + np.arange(1) * np.timedelta64(900, "s")
    rows, findings = judged(SOLAR, Readings.of(dawn, np.array([0.04]), dawn + np.timedelta64(1800, "s")), context)
    assert "unit" not in doubts(findings)
    assert 0.04 == rows.usable[0]


def test_what_was_known_before_it_began_is_no_measurement():
    """Four minutes ahead are a clock; five hours ahead is a forecast: models do not see it."""
    times = grid(LOAD, 1)
    known_at = times + np.timedelta64(3600, "s")
    known_at[3], known_at[4] = times[3] - np.timedelta64(240, "s"), times[4] - np.timedelta64(5, "h")
    rows, findings = judged(LOAD, Readings.of(times, load_mw(times), known_at), NOTHING)
    assert [4] == np.flatnonzero(np.isnan(rows.usable)).tolist()
    assert [("early", 1)] == [(one.doubt, one.values) for one in findings]
