"""The accuracy rules against hand computation."""

import math

import numpy as np
import pytest

from services.forecast.scoring.rules import RULES, UnknownRule, rule_of
from services.forecast.scoring.submission import best_submission

CAPACITY = np.full(4, 100.0)
FORECAST = np.array([50.0, 40.0, 5.0, 80.0])
ACTUAL = np.array([40.0, 40.0, 8.0, 60.0])


def accuracy(rule: str) -> float:
    return RULES[rule].accuracy(FORECAST, ACTUAL, CAPACITY)


def test_north_weighs_large_errors_more():
    """Errors 10, 0, -3, 20: sum of cubes 1000 + 27 + 8000 = 9027, sum 33; 1 - sqrt(9027/33)/100 = 0.83461."""
    assert 1 - math.sqrt(9027 / 33) / 100 == pytest.approx(accuracy("north"))
    assert 0.4 * 100 * (0.85 - accuracy("north")) == pytest.approx(RULES["north"].penalty_mwh(accuracy("north"), 100))


def test_central_takes_root_mean_square_for_wind_and_mean_for_solar():
    """sqrt((100 + 0 + 9 + 400) / 4) = 11.28 MW; (10 + 0 + 3 + 20) / 4 = 8.25 MW."""
    assert 1 - math.sqrt(509 / 4) / 100 == pytest.approx(accuracy("central-wind"))
    assert 1 - 0.0825 == pytest.approx(accuracy("central-solar"))


def test_southern_drops_points_below_a_tenth_and_divides_by_output():
    """The third point (5 and 8 MW) is dropped; 10/40, 0/40, 20/60: sqrt((0.0625 + 0 + 0.1111) / 3)."""
    assert 1 - math.sqrt((0.0625 + 1 / 9) / 3) == pytest.approx(accuracy("southern-2022-wind"))


def test_southern_never_divides_by_less_than_a_fifth_of_capacity():
    """15 MW against 11 MW: 4 / 20, not 4 / 11."""
    rule = RULES["southern-2022-solar"]
    assert 1 - 0.2 == pytest.approx(rule.accuracy(np.array([15.0]), np.array([11.0]), np.array([100.0])))


def test_jiangsu_counts_points_beyond_a_tenth_of_capacity():
    """Of four points one misses by more than 10 MW."""
    assert 0.75 == pytest.approx(accuracy("jiangsu"))


def test_northwest_charges_what_lies_beyond_a_quarter_of_the_output():
    """Beyond 25 % of 40, 40, 8, 60: 0, 0, 1, 5 MW; a mean of 1.5 MW over a day of 24 h is 36 MWh."""
    rule = RULES["northwest-2023-wind"]
    assert 1 - 0.015 == pytest.approx(accuracy("northwest-2023-wind"))
    assert 36 == pytest.approx(rule.penalty_mwh(accuracy("northwest-2023-wind"), 100.0))


def test_northwest_weighs_by_the_hour_and_the_side():
    """
    Each point misses 40 MW of output by 30 MW, 20 MW beyond a quarter of it.

    At noon more came than was forecast: twice; less: once. At 20 h less: three times, more: once. At 3 h: once.
    """
    rule, capacity = RULES["northwest-2023-wind"], np.array([100.0])
    for hour, forecast, weight in ((12, 10, 2), (12, 70, 1), (20, 70, 3), (20, 10, 1), (3, 70, 1), (16, 10, 1)):
        found = rule.accuracy(np.array([float(forecast)]), np.array([40.0]), capacity, np.array([float(hour)]))
        assert 1 - weight * 0.2 == pytest.approx(found)


def test_northwest_looks_away_near_standstill():
    """3 MW and 2 MW are both within 3 % of 100 MW."""
    some = np.array([3.0]), np.array([2.0]), np.array([100.0])
    assert 1.0 == RULES["northwest-2023-wind"].accuracy(*some)
    assert 1.0 == RULES["northwest-2023-wind-hour-2"].accuracy(*some)


def test_zhejiang_counts_no_point_as_more_than_a_whole_miss():
    """10/40, 0, 3/8, 20/60; then nothing came where 5 MW were said, and 30 MW where 10 came: one each."""
    squares = 0.25**2 + 0.375**2 + 1 / 9
    assert 1 - math.sqrt(squares / 4) == pytest.approx(accuracy("zhejiang"))
    odd = np.array([5.0, 30.0, 0.0]), np.array([0.0, 10.0, 0.0]), np.full(3, 100.0)
    assert 1 - math.sqrt(2 / 3) == pytest.approx(RULES["zhejiang"].accuracy(*odd))


def test_what_comes_too_late_is_not_judged():
    """For the 2nd: said at nine of the 1st is in time, a quarter later is not; of hour 2 ahead minutes 60 to 119."""
    step = np.array(["2030-07-02T12:00:00"], "datetime64[s]")
    said = np.array(["2030-07-01T09:00:00"], "datetime64[s]")
    late = said + np.timedelta64(900, "s")
    lead = np.array([27], "timedelta64[h]")
    assert [True, False] == [bool(RULES["north"].looks_at(step, one, lead)[0]) for one in (said, late)]
    ahead = RULES["northwest-2023-solar-hour-2"]
    minutes = np.array([45, 60, 119, 120]).astype("timedelta64[m]")
    assert [False, True, True, False] == ahead.looks_at(step, step - minutes, minutes).tolist()


def test_days_and_months_are_cut_by_the_local_clock():
    shown = np.array(["2030-06-30T23:00", "2030-06-30T23:45", "2030-07-01T00:00", "2030-07-02T00:00"], "datetime64[s]")
    values = np.arange(4.0)
    assert [2, 1, 1] == [len(column) for (column,) in RULES["north"].windows(shown, values)]
    assert [2, 2] == [len(column) for (column,) in RULES["jiangsu"].windows(shown, values)]


def test_harmonic_accuracy_of_the_northwest():
    """|40/90 - 0.5| x 10 + |8/13 - 0.5| x 3 + |60/140 - 0.5| x 20 over 33, twice, from one."""
    missing = abs(40 / 90 - 0.5) * 10 + abs(8 / 13 - 0.5) * 3 + abs(60 / 140 - 0.5) * 20
    assert 1 - 2 * missing / 33 == pytest.approx(accuracy("northwest-2023-wind-hour-1"))


def test_load_accuracy_is_relative_to_load():
    """0.25, 0, -0.375, 1/3 of the load."""
    mean = (0.25**2 + 0.375**2 + 1 / 9) / 4
    assert 1 - math.sqrt(mean) == pytest.approx(accuracy("load"))


def test_load_needs_no_capacity():
    accuracy_without = RULES["load"].accuracy(FORECAST, ACTUAL, np.full(4, np.nan))
    assert accuracy("load") == pytest.approx(accuracy_without)


@pytest.mark.parametrize("rule", RULES)
def test_a_perfect_forecast_is_perfect_under_every_rule(rule: str):
    assert 1.0 == pytest.approx(RULES[rule].accuracy(ACTUAL, ACTUAL, CAPACITY))


@pytest.mark.parametrize("rule", RULES)
def test_nothing_to_judge_is_no_accuracy(rule: str):
    missing = np.full(4, np.nan)
    assert math.isnan(RULES[rule].accuracy(FORECAST, missing, CAPACITY))


def test_an_unknown_rule_is_answered_with_those_that_exist():
    with pytest.raises(UnknownRule, match="there is no accuracy rule 'east'; accepted are north, "):
        rule_of("east")


@pytest.mark.parametrize("rule", [name for name, rule in RULES.items() if "wind" in rule.kinds])
def test_no_other_submission_is_expected_to_cost_less(rule: str):
    """Against the median, the mean, and 200 random curves, on the scenarios that the submission was made from."""
    rng = np.random.default_rng(5)
    scenarios = 100 * rng.beta(1.2, 3.0, (80, 8))
    best = best_submission(RULES[rule], scenarios, 100.0)
    assert best.expected_penalty <= best.expected_penalty_of_median + 1e-3
    tried = [np.median(scenarios, axis=0), scenarios.mean(axis=0), *(100 * rng.uniform(size=(200, 8)))]
    costs = [_cost(rule, curve, scenarios) for curve in tried]
    assert best.expected_penalty <= min(costs) + 1e-3


def _cost(rule: str, curve: np.ndarray, scenarios: np.ndarray) -> float:
    capacity = np.full(scenarios.shape[1], 100.0)
    accuracies = np.array([RULES[rule].accuracy(curve, actual, capacity) for actual in scenarios])
    return float(RULES[rule].shortfall(np.where(np.isnan(accuracies), 1.0, accuracies)).mean())
