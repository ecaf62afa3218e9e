"""Fewer calls a year than events: who answers when, what that leaves, and what nobody could do better."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from dispatch.assessment.textbook import strict

from services.dispatch.assessment.capability import Fleet, capability, deliverable_mw
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.responders import Responder
from services.dispatch.assessment.shaving import shaved_peak, shaved_peak_mw
from services.dispatch.assessment.yearly_calls import at_most, calls_left, shared_out

approx = pytest.approx
ALWAYS = Responder("buildings", 30)


def days(*peaks_mw: float) -> LoadYear:
    """One hour of the day, at noon, is as high as this; all others draw 50 MW."""
    load = np.full((len(peaks_mw), 24), 50.0)
    load[:, 12] = peaks_mw
    return LoadYear(load.ravel(), datetime(2030, 7, 1))  # noqa: DTZ001 - local time


def users(mw: float, calls: int | None, count: int) -> tuple[Responder, ...]:
    return tuple(Responder(f"users of {mw:g} MW {one}", mw, calls_per_year=calls) for one in range(count))


def test_events_take_turns():
    """30 events, six users of 10 MW with 10 calls: two of them in each event, and the buildings: 50 MW; no more is
    there: 6 x 10 x 10 / 30 = 20. Without the limit all six: 90."""
    fleet = Fleet(days(*[1000] * 30), (ALWAYS, *users(10, 10, 6)), {})
    found = capability(fleet, strict(1))
    assert (90, 50, 50) == approx((found.theoretical_mw, found.deliverable_mw, found.deliverable_bound_mw))
    assert {"calls": 40} == approx({loss.cause: loss.mw for loss in found.losses if loss.mw > 1e-6})


def test_what_does_not_come_out_even_has_its_bound():
    """Seven users with 10 calls in 30 events: 70 places, so some events have two users; no sharing gives above 23.3."""
    found = capability(Fleet(days(*[1000] * 30), (ALWAYS, *users(10, 10, 7)), {}), strict(1))
    assert (50, 30 + 70 / 3) == approx((found.deliverable_mw, found.deliverable_bound_mw))


def twice_a_day(count: int) -> LoadYear:
    """At 10:00 and at 20:00."""
    load = np.full((count, 24), 50.0)
    load[:, [10, 20]] = 1000
    return LoadYear(load.ravel(), datetime(2030, 7, 1))  # noqa: DTZ001 - local time


def test_turns_keep_to_one_call_a_day_and_to_rest():
    """30 events on 15 days, two users with 15 calls, one a day: a user for each event, where both on one would leave
    the other alone. Ten hours of rest keep calls nine hours apart asunder as well."""
    for limit in ({"calls_per_day": 1}, {"rest_h": 10.0}):
        both = tuple(replace(one, **limit) for one in users(10, 15, 2))
        assert 10 == approx(deliverable_mw(Fleet(twice_a_day(15), both, {}), strict(1)))


def test_one_event_in_ten_may_be_left_to_the_others():
    """Three of 30 are left out: six users of 9 calls serve 27 events two at a time."""
    tenth = strict(1).model_copy(update={"deliverable_statistic": "p10"})
    fleet = Fleet(days(*[1000] * 30), (ALWAYS, *users(10, 9, 6)), {})
    assert (40, 50) == approx((deliverable_mw(fleet, strict(1)), deliverable_mw(fleet, tenth)))


def test_the_shaved_peak_keeps_to_the_calls_of_the_year():
    """
    Days of 1,000, 1,000, 980 and 970 MW, two users of 20 MW called once each, buildings of 30.

    A user on each of the first two days: 1,000 - 50 = 950, and so is 980 - 30; no sharing of 40 MW does better on two
    days of 1,000. Were all called on every day, 1,000 - 70 = 930.
    """
    once = Fleet(days(1000, 1000, 980, 970), (ALWAYS, *users(20, 1, 2)), {})
    always = replace(once, responders=(ALWAYS, *users(20, None, 2)))
    assert (950, 930) == approx((shaved_peak_mw(once, strict(1)), shaved_peak_mw(always, strict(1))))
    peak_mw, bound_mw = shaved_peak(once, strict(1))
    assert peak_mw == approx(bound_mw)


def test_calls_on_days_that_stay_low_are_not_counted():
    """Two calls are enough where only two of thirty days rise above what is left."""
    fleet = Fleet(days(1000, 990, *[900] * 28), users(60, 2, 1), {})
    assert 940 == approx(shaved_peak_mw(fleet, strict(1)))


def test_the_worst_event_gains_first_and_the_best_events_bound_it():
    """Needs 10, 9, 5; one user of 6 MW twice, one of 2 MW once: 10 - 6 = 4, 9 - 6 = 3, then 5 - 2."""
    worth = np.array([[6.0, 6, 6], [2.0, 2, 2]])
    calls = calls_left([Responder("six", 6, calls_per_year=2), Responder("two", 2, calls_per_year=1)], 3)
    assert [[True, True, False], [False, False, True]] == shared_out(np.array([10.0, 9, 5]), worth, calls).tolist()
    assert 14 == at_most(worth, calls)
    assert calls_left([Responder("often", 1, calls_per_year=3)], 3) == [np.inf]
