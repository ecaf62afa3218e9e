"""Peaks of small loads, by hand."""

from datetime import datetime

import numpy as np
import pytest

from services.dispatch.assessment.peaks import (
    LoadYear,
    PeakEvent,
    duration_curve,
    events,
    peak_hours,
    peak_season,
    peak_valley_rates,
    worst_days,
)

approx = pytest.approx
START = datetime(2030, 7, 15)  # noqa: DTZ001 - local time of the province, as the load curves have it


def year(*load: float, start: datetime = START, step_h: float = 1.0) -> LoadYear:
    return LoadYear(np.array(load, dtype=float), start, step_h)


def test_the_peak_of_the_worked_example():
    """Threshold 9,500 of 10,000: h14..h17; above it 200 + 500 + 400 + 100 = 1,200 MWh, 2.4 hours of the 500 MW."""
    day = year(9400, 9700, 10000, 9900, 9600, 9300, start=START.replace(hour=13))
    found = peak_hours(day, 0.95)
    assert (4, 1, 4) == (found.hours, found.days, found.longest_run_h)
    assert 1200 == approx(found.above_mwh)
    assert 2.4 == approx(found.full_load_hours)
    assert (14, 15, 16, 17) == found.top_hours
    assert (PeakEvent(1, 5),) == events(day, 0.95)


def test_short_gaps_join_two_runs():
    """Steps 0, 2 and 5 are peaks: gaps of 1 h and 2 h."""
    load = year(100, 50, 100, 50, 50, 100)
    assert 3 == len(events(load, 0.95))
    assert (PeakEvent(0, 3), PeakEvent(5, 6)) == events(load, 0.95, merge_gap_h=1)
    assert 6 == peak_hours(load, 0.95, merge_gap_h=2).longest_run_h


def test_quarter_hours_are_quarters():
    """Three quarter hours of peak, 5 MW over the threshold each at most: 0.75 h, (5 + 5 + 0) / 4 MWh."""
    found = peak_hours(year(100, 100, 95, 50, step_h=0.25), 0.95)
    assert 0.75 == approx(found.hours)
    assert 2.5 == approx(found.above_mwh)


def test_peak_valley_rates_differ_by_reading():
    """Day 1: 100 to 80 (0.20). Day 2: 90 to 36 (0.60). Year: 100 to 36 (0.64)."""
    rates = peak_valley_rates(year(*[80] * 12, *[100] * 12, *[36] * 12, *[90] * 12))
    assert (0.64, 0.6, 0.2, 0.4) == approx((rates.annual, rates.max_day, rates.peak_day, rates.mean))
    assert 0.6 == approx(rates.read_as("max day"))


def test_the_net_load_peaks_at_another_hour():
    """100 at noon with 40 of sun, 90 in the evening without: the net peak is the evening's."""
    load = year(60, 100, 90)
    assert 1 == load.peak_step
    assert 2 == load.less(np.array([0.0, 40.0, 0.0])).peak_step


def test_curve_season_and_worst_days():
    load = year(*[1] * 24, *[3] * 24, *[2] * 24)
    assert [3] * 24 == duration_curve(load)[:24].tolist()
    assert "summer" == peak_season(load)
    assert (1, 2) == worst_days(load, 2)
