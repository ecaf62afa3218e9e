"""A forecast that is always 5 % low is put right, and nothing that was not known is used."""

import numpy as np
import pytest
from towns import DAY, HOUR, START, poisoned

from services.forecast.features.brought_errors import error_columns, lately
from services.forecast.models.base import NotEnoughHistory, Task
from services.forecast.models.brought_correction import BroughtCorrection, past_rows

TASK = Task(60, 6.0, 30.0, (18.0,), threads=1)
ORIGIN = START + 120 * DAY + 18 * HOUR
TOMORROW = ORIGIN + (6 + np.arange(24)) * HOUR
LEVELS = np.array([0.05, 0.5, 0.95])


@pytest.fixture(scope="module")
def trained(season):
    return BroughtCorrection().train([season.as_of(ORIGIN)], TASK)


def test_a_steady_error_is_taken_out(season, trained):
    """What is left is the operator's noise of 1 %, no longer 5 %."""
    said = trained.quantiles([season.as_of(ORIGIN)], TOMORROW, LEVELS)[0]
    came = season.observed.at(TOMORROW)
    assert np.abs(said[:, 1] / came - 1).mean() < 0.015
    assert (said[:, 0] < came).mean() > 0.8
    assert (came < said[:, 2]).mean() > 0.8


def test_bytes_say_the_same(season, trained):
    back = type(trained).from_bytes(trained.to_bytes())
    known = [season.as_of(ORIGIN)]
    assert np.array_equal(trained.quantiles(known, TOMORROW, LEVELS), back.quantiles(known, TOMORROW, LEVELS))


def test_what_became_known_later_changes_nothing(season, trained):
    known, later = season.as_of(ORIGIN), poisoned(season, ORIGIN).as_of(ORIGIN)
    assert np.array_equal(trained.quantiles([known], TOMORROW, LEVELS), trained.quantiles([later], TOMORROW, LEVELS))


def test_questions_of_the_past_see_only_their_past(season):
    """Nonsense from day 60 on leaves the columns of all origins up to then as they were."""
    cut = START + 60 * DAY
    clean, dirty = (past_rows(of.as_of(ORIGIN), "operator", TASK) for of in (season, poisoned(season, cut)))
    before, same = clean.origins < cut, dirty.origins < cut
    for name, column in clean.columns.items():
        # The last day's answers are nonsense and dropped: compare the rows that both have.
        count = min(before.sum(), same.sum())
        np.testing.assert_array_equal(column[before][:count], dirty.columns[name][same][:count])


def test_errors_by_hand(season):
    """The newest error at 06:00 UTC of a day asked at 18:00 the day before is that of the same day at 06:00."""
    known = season.as_of(ORIGIN)
    columns = error_columns(lately(known, "operator", TOMORROW, 60), TOMORROW)
    asked = TOMORROW[6]
    said = known.brought["operator"].latest(np.array([asked - DAY]))["mean"][0]
    assert np.log(known.observed.at(asked - DAY) / said) == pytest.approx(columns["error_same_hour_0"][6])


def test_a_hole_in_what_was_brought_is_filled_from_last_week(season, trained):
    late = TOMORROW + 400 * DAY
    assert np.isfinite(trained.quantiles([season.as_of(ORIGIN)], late, LEVELS)).all()


def test_without_a_month_of_forecasts_it_says_so(season):
    with pytest.raises(NotEnoughHistory, match="30 days"):
        BroughtCorrection().train([season.as_of(START + 20 * DAY)], TASK)
