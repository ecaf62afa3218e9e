"""Worked example 2 of PEAK_RESPONSE.md, and what a meter may lack."""

from datetime import date, timedelta

import numpy as np
import pytest

from services.dispatch.assessment.baselines import (
    BASELINES,
    Adjustment,
    DayAverage,
    Event,
    Metering,
    NoBaseline,
    Regression,
    response_mw,
    rule_of,
)
from services.dispatch.assessment.settlement import PRICE_RULES, proven_share, settled

EVENT_DAY = date(2030, 7, 26)
# The two hours of the event on the ten working days before it, the latest first.
PAIRS = [(50, 52), (48, 50), (54, 56), (46, 48), (52, 54), (60, 62), (44, 46), (58, 60), (50, 50), (48, 52)]
EVENT = Event(EVENT_DAY, 14, 16)


def working_days_before(day: date, count: int) -> list[date]:
    days = [day - timedelta(days=back) for back in range(1, 40)]
    return [one for one in days if one.weekday() < 5][:count]


def metering() -> Metering:
    """Event hours as above; 46 and 47 MW on ordinary days in the two hours before, 49 and 51 on the event day."""
    loads = {EVENT_DAY: day_of((38, 41), (49, 51))}
    loads |= {day: day_of(pair, (46, 47)) for day, pair in zip(working_days_before(EVENT_DAY, 10), PAIRS, strict=True)}
    dates = tuple(sorted(loads))
    return Metering(dates, np.array([loads[day] for day in dates]))


def day_of(pair: tuple[int, int], before: tuple[int, int]) -> np.ndarray:
    load_mw = np.full(24, 40.0)
    load_mw[12:14], load_mw[14:16] = before, pair
    return load_mw


def average(days: int, keep: int, ranking: str = "none", form: str = "none", cap: float | None = None) -> DayAverage:
    adjustment = Adjustment(form, window_h=2, gap_h=0, cap=cap)  # type: ignore[arg-type]
    return DayAverage("test", "", "unverified", days, keep, ranking, adjustment=adjustment)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("response", "rule"),
    [
        (11.5, BASELINES["CN_JS_AVG5"]),
        (12.5, BASELINES["AVG10"]),
        (16.3, BASELINES["NYISO_HIGH5OF10"]),
        (12.5, BASELINES["HIGH4OF5"]),
        (15.0, average(5, 5, form="additive")),
        (15.339, average(5, 5, form="multiplicative")),
        (11.5 + 0.02 * 46.5, average(5, 5, form="additive", cap=0.02)),
    ],
)
def test_the_baseline_decides_the_response(response: float, rule: DayAverage):
    assert response == pytest.approx(response_mw(rule, metering(), EVENT), abs=5e-4)


def test_events_holidays_and_silent_days_are_not_ordinary():
    """Without D1 (an event), D2 (a holiday) and D3 (silent), five days are D4..D8: 52 and 54 on average."""
    whole = metering()
    days = working_days_before(EVENT_DAY, 3)
    load_mw = whole.load_mw.copy()
    load_mw[whole.dates.index(days[2]), 3] = np.nan
    rest = Metering(whole.dates, load_mw, not_working=frozenset({days[1]}), events=frozenset({days[0]}))
    assert (52 + 54 - 38 - 41) / 2 == pytest.approx(response_mw(BASELINES["CN_JS_AVG5"], rest, EVENT))


def test_too_few_days_are_told():
    whole = metering()
    short = Metering(whole.dates[-4:], whole.load_mw[-4:])
    with pytest.raises(NoBaseline, match="CN_JS_AVG5 needs 5 ordinary working days before 2030-07-26; the meter has 3"):
        response_mw(BASELINES["CN_JS_AVG5"], short, EVENT)


def test_real_time_users_are_held_to_the_load_just_before():
    """The hour before was 51 MW: (51 - 38 + 51 - 41) / 2."""
    assert 11.5 == pytest.approx(response_mw(BASELINES["CN_JS_RT15"], metering(), EVENT))


def test_same_day_takes_three_hours_before_and_two_after():
    """Hours 10, 11, 12 (40, 40, 49) and 17, 18 (40, 40): 41.8."""
    assert 41.8 - 39.5 == pytest.approx(response_mw(BASELINES["PJM_SAMEDAY_3+2"], metering(), EVENT))


def test_matching_days_are_those_most_alike_in_the_other_hours():
    """All ten days are alike except one, which equals the event day before noon: it alone is kept."""
    whole = metering()
    load_mw = whole.load_mw.copy()
    load_mw[:-1, :8] += 5.0
    load_mw[2, :8] -= 5.0
    rule = DayAverage("match", "", "unverified", 10, 1, "nearest")
    of_that_day = load_mw[2, 14:16]
    expected = (of_that_day - [38, 41]).mean()
    assert expected == pytest.approx(response_mw(rule, Metering(whole.dates, load_mw), EVENT))


def test_regression_finds_load_by_temperature():
    """40 MW and 2 MW per degree above 24; the event day has 31 degrees."""
    dates = tuple(EVENT_DAY - timedelta(days=back) for back in range(30, -1, -1))
    temperature = {day: np.full(24, 20.0 + place % 12) for place, day in enumerate(dates)}
    temperature[EVENT_DAY] = np.full(24, 31.0)
    load_mw = np.array([40 + 2 * np.maximum(0, temperature[day] - 24) for day in dates])
    load_mw[-1, 14:16] = 38
    rule = Regression("regression", "", "unverified", temperature)
    assert 16.0 == pytest.approx(response_mw(rule, Metering(dates, load_mw), EVENT))


def test_the_rule_decides_whether_an_event_counts():
    """15 MW agreed: 11.5 MW is 76.7 %, below the gate; 15 MW is paid in full; 20 MW up to 18 MW."""
    rule = PRICE_RULES["hainan-2025-contract"]
    assert not settled(11.5, 15, 2, rule).valid
    assert 0 == settled(11.5, 15, 2, rule).payment_cny
    assert 30_000 == pytest.approx(settled(15, 15, 2, rule).payment_cny)
    assert 36 == pytest.approx(settled(20, 15, 2, rule).paid_mwh)


def test_tests_prove_a_lower_bound_of_the_share():
    """Mean 0.875, s 0.07594, t(0.90, 3) = 1.638: 0.8128, so 200 MW count 162.6."""
    share = proven_share([0.92, 0.85, 0.78, 0.95])
    assert 0.8128 == pytest.approx(share, abs=5e-5)
    assert 162.6 == pytest.approx(200 * share, abs=0.05)
    assert 0 == proven_share([1.0])


def test_an_unknown_rule_is_answered_with_those_that_exist():
    with pytest.raises(NoBaseline, match="there is no baseline rule 'X'; accepted are CN_JS_AVG5"):
        rule_of("X")
