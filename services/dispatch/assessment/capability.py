"""How much of the peak a fleet answers, at four levels: contracted, theoretical, deliverable, verified.

Where one level has less than the one before, every missing megawatt has a cause: the limits are put back one after the
other in the order of `CAUSES`, and each is charged with what it takes. So the losses add up exactly; another order
would share them differently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.assessment.delivery import SECONDS, binding_step, sustained
from services.dispatch.assessment.demand import Demand
from services.dispatch.assessment.document.levels import CAUSES, Capability, Cause, Loss, Share, Test
from services.dispatch.assessment.peaks import LoadYear, PeakEvent, events, is_peak
from services.dispatch.assessment.profiles import Profile, Statistic, TestRules
from services.dispatch.assessment.responders import Responder
from services.dispatch.assessment.settlement import proven_share

STAGE_SECONDS = 3.0
"""For one limit in between: how a loss is shared among causes is not worth more; the levels themselves are."""


@dataclass(frozen=True)
class Fleet:
    """Who answers, for which load, with which tests."""

    year: LoadYear
    responders: tuple[Responder, ...]
    limits_mw: Mapping[str, float]
    tests: tuple[Test, ...] = ()
    today: date | None = None
    """From which tests are counted back; None: the end of the load."""

    @property
    def day(self) -> date:
        return self.today or self.year.moment(len(self.year.load_mw) - 1).date()

    def counted(self, profile: Profile) -> "Fleet":
        """Only what the definition counts."""
        return replace(self, responders=tuple(one for one in self.responders if one.source in profile.counted))


def contracted_mw(responders: Sequence[Responder]) -> float:
    """What the papers say."""
    return float(sum(one.contracted_mw for one in responders))


def theoretical_mw(fleet: Fleet, threshold: float = 0.95, statistic: Statistic = "at peak") -> float:
    """What baselines, floors and stores leave of it in the peak hours, with nobody failing."""
    return float(_statistic(_theoretical(fleet, threshold, statistic).sum(axis=0), statistic))


def deliverable_mw(fleet: Fleet, profile: Profile, seconds: float = SECONDS) -> float:
    """What can be held for the hours and at the notice of the definition, in every event of the year."""
    demand = demand_of(fleet, profile)
    return sustained(fleet.responders, demand, profile.deliverable_statistic, seconds)[0]


def verified_mw(fleet: Fleet, rules: TestRules) -> float | None:
    """What tests prove; None where nothing was tested and the rules do not call that zero."""
    proven = [_proven_mw(one, fleet, rules) for one in fleet.responders]
    known = [mw for mw in proven if mw is not None]
    return sum(known) if known or rules.untested == "zero" else None


def capability(fleet: Fleet, profile: Profile, seconds: float = SECONDS) -> Capability:
    """The four levels of what the definition counts, and where every lost megawatt went."""
    counted = fleet.counted(profile)
    held_mw, answer = sustained(counted.responders, demand_of(counted, profile), profile.deliverable_statistic, seconds)
    theory = _theoretical(counted, profile.peak_threshold, profile.theoretical_statistic)
    place = binding_step(answer)
    total_mw = contracted_mw(counted.responders)
    theory_mw = float(_statistic(theory.sum(axis=0), profile.theoretical_statistic))
    return Capability(
        peak_mw=fleet.year.peak_mw,
        duration_h=profile.duration_h,
        notice_h=profile.notice_h,
        windows=len(windows_for(fleet.year, profile)),
        contracted_mw=total_mw,
        theoretical_mw=theory_mw,
        deliverable_mw=held_mw,
        deliverable_bound_mw=answer.bound_mw,
        verified_mw=verified_mw(counted, profile.tests),
        losses=(Loss(cause="baseline", mw=total_mw - theory_mw), *_losses(counted, profile, theory_mw, held_mw)),
        shares=tuple(
            _share(one, counted, profile.tests, float(column), float(delivered))
            for one, column, delivered in zip(
                counted.responders,
                _of_steps(theory, profile.theoretical_statistic),
                answer.share_mw[:, place],
                strict=True,
            )
        ),
    )


def windows_for(year: LoadYear, profile: Profile) -> tuple[PeakEvent, ...]:
    """For each peak event, the stretch of the definition's duration with the highest load.

    Events so close that their stretches overlap are one, with the higher of the two: a definition of four hours asks
    for four hours, not for seven.
    """
    length = max(1, int(np.ceil(profile.duration_h / year.step_h - 1e-9)))
    kept: list[PeakEvent] = []
    for event in events(year, profile.peak_threshold, profile.merge_gap_h):
        window = _window(year, event, length)
        if not kept or window.first >= kept[-1].end:
            kept.append(window)
        elif _energy(year, window) > _energy(year, kept[-1]):
            kept[-1] = window
    return tuple(kept)


def _energy(year: LoadYear, window: PeakEvent) -> float:
    return float(year.load_mw[window.first : window.end].sum())


def _window(year: LoadYear, event: PeakEvent, length: int) -> PeakEvent:
    steps = len(year.load_mw)
    first, last = max(0, min(event.first, event.end - length)), min(max(event.first, event.end - length), steps)
    firsts = range(first, max(first, min(last, steps - length)) + 1)
    best = max(firsts, key=lambda one: _energy(year, PeakEvent(one, one + length)))
    return PeakEvent(best, min(best + length, steps))


def demand_of(fleet: Fleet, profile: Profile) -> Demand:
    """The windows in which the definition wants the fleet."""
    windows = tuple(np.arange(one.first, one.end) for one in windows_for(fleet.year, profile))
    return Demand(windows, fleet.year.step_h, profile.notice_h, fleet.limits_mw, steps_per_day(fleet.year))


def steps_per_day(year: LoadYear) -> int:
    return round(24 / year.step_h)


def _theoretical(fleet: Fleet, threshold: float, statistic: Statistic) -> Floats:
    """Responders x peak steps (the peak step alone, where only that one counts)."""
    year = fleet.year
    steps = np.array([year.peak_step]) if statistic == "at peak" else np.flatnonzero(is_peak(year, threshold))
    rows = [one.possible_mw(steps, year.step_h) for one in fleet.responders]
    return np.array(rows).reshape(len(rows), len(steps))


def _statistic(values: Floats, statistic: Statistic) -> float:
    if statistic == "p10":
        return float(np.quantile(values, 0.1, method="lower"))
    return float(values.mean() if statistic == "mean" else values.min())


def _of_steps(rows: Floats, statistic: Statistic) -> Floats:
    """Each responder's part of the statistic: of the mean its mean, else what it has at the step that decides."""
    if statistic == "mean":
        return np.asarray(rows.mean(axis=1))
    totals = rows.sum(axis=0)
    return np.asarray(rows[:, int(np.abs(totals - _statistic(totals, statistic)).argmin())])


def _losses(fleet: Fleet, profile: Profile, theory_mw: float, held_mw: float) -> list[Loss]:
    """Put the limits back one by one; each costs what is then held less."""
    names: tuple[Cause, ...] = ("other hours", *CAUSES)
    held = _held_with_fewer_limits(fleet, profile, held_mw)
    for place in reversed(range(len(CAUSES) - 1)):
        # With fewer limits no less can be held, also where a search ran out of time; losses spared are no limit.
        held[place] = max(held[place], held[place + 1])
    before = [theory_mw, *held[:-1]]
    return [Loss(cause=cause, mw=was - now) for cause, was, now in zip(names, before, held, strict=True)]


def _held_with_fewer_limits(fleet: Fleet, profile: Profile, held_mw: float) -> list[float]:
    """What is held without any of the limits, then with the first of `CAUSES`, with the first two, ... with all."""
    demand, after = demand_of(fleet, profile), list(fleet.responders)
    held = [held_mw]
    for place in reversed(range(len(CAUSES))):
        before = [_without(one, CAUSES[place]) for one in after]
        nobody_is_freer = before == after or (CAUSES[place] == "zone" and not fleet.limits_mw)
        statistic = profile.deliverable_statistic
        held.append(held[-1] if nobody_is_freer else sustained(before, demand, statistic, STAGE_SECONDS)[0])
        after = before
    return held[::-1]


def _without(one: Responder, lifted: Cause) -> Responder:
    """The responder without one of its limits; a store still gives no more than one step can empty."""
    return replace(one, **_LIFTED[lifted])  # type: ignore[arg-type]


_LIFTED: Mapping[str, Mapping[str, object]] = {
    "availability": {"availability": 1.0},
    "delivery": {"delivery": 1.0},
    "notice": {"notice_h": 0.0},
    "energy": {"energy_mwh": None},
    "block": {"duration_h": None},
    "calls": {"calls_per_day": None, "calls_per_year": None},
    "rest": {"rest_h": 0.0},
    "rebound": {"rebound_share": 0.0},
    "zone": {"corridors": ()},
    "losses spared": {"loss": 0.0},
}


def _proven_mw(one: Responder, fleet: Fleet, rules: TestRules) -> float | None:
    ratios = [test.ratio for test in fleet.tests if test.responder == one.name and rules.counts(test.date, fleet.day)]
    if not ratios:
        return 0.0 if rules.untested == "zero" else None
    return one.contracted_mw * proven_share(ratios, rules.confidence)


def _share(one: Responder, fleet: Fleet, rules: TestRules, theory_mw: float, delivered_mw: float) -> Share:
    return Share(
        name=one.name,
        source=one.source,
        programme=one.programme,
        contracted_mw=one.contracted_mw,
        theoretical_mw=theory_mw,
        deliverable_mw=delivered_mw,
        verified_mw=_proven_mw(one, fleet, rules),
        note=one.note,
        calls_per_year=one.calls_per_year,
    )
