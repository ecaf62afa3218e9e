"""K*: how low the highest load of a year can be left, day by day, calls of the year, rebound and losses included."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.assessment.capability import Fleet, demand_of
from services.dispatch.assessment.delivery import SECONDS, Answer, shaved
from services.dispatch.assessment.demand import Open, Steps
from services.dispatch.assessment.peaks import worst_days
from services.dispatch.assessment.profiles import Profile
from services.dispatch.assessment.responders import Responder
from services.dispatch.assessment.yearly_calls import at_most, calls_left, shared_out


def shaved_peak_mw(fleet: Fleet, profile: Profile, seconds: float = SECONDS) -> float:
    """K*: the highest load that is left, day by day, one call a day, rebound and losses included."""
    return shaved_peak(fleet, profile, seconds)[0]


def shaved_peak(fleet: Fleet, profile: Profile, seconds: float = SECONDS) -> tuple[float, float]:
    """K* that was found, and the bound below which no search could go."""
    lowest = _KnownDays(fleet, profile, seconds).peak()
    calls = calls_left(fleet.responders, sum(day.max() > lowest[0] for day in fleet.year.days))
    if np.isinf(calls).all():
        return lowest
    year, worth_mw = fleet.year, _worth_of_days(fleet, profile)
    peaks_mw = np.array([day.max() for day in year.days])
    left_mw, _ = _KnownDays(fleet, profile, seconds, shared_out(peaks_mw, worth_mw, calls)).peak()
    return left_mw, min(left_mw, max(lowest[1], _least_left(peaks_mw, worth_mw, calls)))


def _worth_of_days(fleet: Fleet, profile: Profile) -> Floats:
    """What each could give at the highest hour of every day; responders x days."""
    year = fleet.year
    firsts = np.searchsorted(year.day_of_step, np.arange(len(year.days)))
    highest = firsts + np.array([int(day.argmax()) for day in year.days])
    uplift = np.array([1 / (1 - one.loss) for one in fleet.responders])[:, None]
    return uplift * replace(demand_of(fleet, profile), windows=(highest,)).caps_mw(fleet.responders)


def _least_left(peaks_mw: Floats, worth_mw: Floats, calls: Floats) -> float:
    """What no sharing of the calls could go below: the mean of the worst days less all that can be given on them."""
    order = np.argsort(-peaks_mw, kind="stable")
    counts = range(1, len(order) + 1)
    return max(float(peaks_mw[order[:n]].sum() - at_most(worth_mw[:, order[:n]], calls)) / n for n in counts)


class _KnownDays:
    """The days of a year from the worst on; what was done on one of them can be done again on another."""

    def __init__(self, fleet: Fleet, profile: Profile, seconds: float, open_on: Open | None = None):
        self._fleet, self._seconds = replace(fleet, responders=_free(fleet.responders)), seconds
        self._demand = demand_of(fleet, profile)
        self._open_on = np.ones((len(fleet.responders), len(fleet.year.days)), bool) if open_on is None else open_on
        per_day = self._demand.steps_per_day
        headrooms = [one.headroom_mw for one in fleet.responders]
        self._days_are_alike = all(one is None or per_day % len(one) == 0 for one in headrooms)
        self._done: list[tuple[Open, Floats]] = []

    def peak(self) -> tuple[float, float]:
        """What is left of the highest load, and its bound."""
        year = self._fleet.year
        left_mw = bound_mw = 0.0
        for day in worst_days(year, len(year.days)):
            if year.days[day].max() <= left_mw:
                break  # this day and all that follow stay below what is left of a worse one
            if self._suffice(day, left_mw):
                continue
            found_mw, answer = self._searched(day, left_mw)
            if answer.bound_mw > left_mw:  # at the floor nothing was proven of this day
                bound_mw = max(bound_mw, answer.bound_mw)
            left_mw = max(left_mw, found_mw)
        return left_mw, bound_mw

    def _searched(self, day: int, floor_mw: float) -> tuple[float, Answer]:
        steps = _steps_that_matter(self._fleet, day)
        demand = replace(self._demand, windows=(steps,), open_for=self._open_on[:, [day]])
        found_mw, answer = shaved(self._fleet.responders, self._fleet.year.load_mw, demand, self._seconds, floor_mw)
        if self._days_are_alike:
            by_phase = np.zeros(self._demand.steps_per_day)
            by_phase[steps % len(by_phase)] = answer.relief_mw
            self._done.append((np.abs(answer.share_mw).max(axis=1) > 0, by_phase))
        return found_mw, answer

    def _suffice(self, day: int, left_mw: float) -> bool:
        """Whether what was done on another day, by those who may be called on this one, leaves no more of its load."""
        steps = np.flatnonzero(self._fleet.year.day_of_step == day)
        load_mw, phase = self._fleet.year.load_mw[steps], steps % self._demand.steps_per_day
        may = self._open_on[:, day]
        done = (relief_mw for called, relief_mw in self._done if not (called & ~may).any())
        return any(float((load_mw - relief_mw[phase]).max()) <= left_mw for relief_mw in done)


def _free(responders: Sequence[Responder]) -> tuple[Responder, ...]:
    """Without a ledger of the year: who is called on which day is decided before."""
    return tuple(replace(one, calls_per_year=None) for one in responders)


def _steps_that_matter(fleet: Fleet, day: int) -> Steps:
    """The stretch of a day outside of which nobody need be called: not even with all rebound is the load as high."""
    year = fleet.year
    steps = np.flatnonzero(year.day_of_step == day)
    most_mw = sum(one.contracted_mw / (1 - one.loss) for one in fleet.responders)
    back_mw = sum(one.contracted_mw * one.rebound_share for one in fleet.responders)
    load_mw = year.load_mw[steps]
    high = np.flatnonzero(load_mw + back_mw >= load_mw.max() - most_mw)
    return np.asarray(steps[high[0] : high[-1] + 1])
