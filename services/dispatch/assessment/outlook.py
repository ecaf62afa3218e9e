"""What it takes, by when: the portfolio that closes the gap, the way to 2030, and what the answer hinges on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from services.dispatch.assessment.capability import Fleet, contracted_mw, demand_of, theoretical_mw
from services.dispatch.assessment.closing import closed, path
from services.dispatch.assessment.delivery import binding_step, sustained
from services.dispatch.assessment.document.ways import Closing, Held, PathTo, Sensitivity
from services.dispatch.assessment.options import options_for
from services.dispatch.assessment.peaks import LoadYear, peak_hours, peak_valley_rates
from services.dispatch.assessment.profiles import Profile
from services.dispatch.assessment.responders import Responder
from services.dispatch.assessment.subject import Growth

CLOSING_BY = 2030
"""The year of the plan."""
BUILT_WITHIN = 3
"""Years that closing a gap is given at least."""
SECONDS = 3.0
"""For one fleet that is tried."""
HELD_H = (1.0, 2.0, 4.0)
TRIED_TO = 5e-4
"""Of the contracted power: how finely a fleet that is only tried is worked out."""


def counted_mw(fleet: Fleet, profile: Profile, seconds: float = SECONDS) -> float:
    """At the level that the definition judges; what only tests could prove is judged as deliverable."""
    if profile.level == "contracted":
        return contracted_mw(fleet.responders)
    if profile.level == "theoretical":
        return theoretical_mw(fleet, profile.peak_threshold, profile.theoretical_statistic)
    return sustained(fleet.responders, demand_of(fleet, profile), profile.deliverable_statistic, seconds, TRIED_TO)[0]


def closing(fleet: Fleet, profile: Profile, now: int) -> Closing:
    """Options bought until the target is met, and the portfolio assessed again."""
    year = _due(now)
    counted = fleet.counted(profile)
    load = fleet.year
    share = profile.target.at(peak_valley_rates(load).read_as(profile.target.reading))
    call_h = peak_hours(load, profile.peak_threshold).full_load_hours

    def assess(responders: Sequence[Responder]) -> float:
        return counted_mw(replace(counted, responders=tuple(responders)), profile)

    options = options_for(profile, load.peak_mw)
    found = closed(counted.responders, options, share * load.peak_mw, assess, call_h, year, now)
    return Closing(profile=profile.id, year=year, call_h=call_h, closed=found)


def _due(now: int) -> int:
    return max(CLOSING_BY, now + BUILT_WITHIN)


def path_to(profile: Profile, peak_mw: float, counted: float, share: float, growth: Growth, now: int) -> PathTo:
    """From now to 2030: targets of 3 % or 5 % as the definition has them, load and build-out as P10, P50 and P90."""
    years = range(now, _due(now) + 1)
    low, middle, high = (rate * counted for rate in growth.response)
    found = path(now, years, peak_mw, growth.load, counted, (low, middle, high), lambda _: share)
    return PathTo(profile=profile.id, source=growth.source, years=found)


def held_for(fleet: Fleet, profile: Profile, seconds: float = SECONDS) -> tuple[Held, ...]:
    """What the fleet holds for one, two and four hours at the notice of the definition, class by class."""
    counted = fleet.counted(profile)
    return tuple(_held_for(counted, profile.model_copy(update={"duration_h": hours}), seconds) for hours in HELD_H)


def _held_for(counted: Fleet, profile: Profile, seconds: float) -> Held:
    held_mw, answer = sustained(
        counted.responders, demand_of(counted, profile), profile.deliverable_statistic, seconds
    )  # fmt: skip
    by_class: dict[str, float] = {}
    for one, mw in zip(counted.responders, answer.share_mw[:, binding_step(answer)], strict=True):
        name = f"{one.source}: {one.programme}"
        by_class[name] = by_class.get(name, 0.0) + float(mw)
    return Held(duration_h=profile.duration_h, deliverable_mw=held_mw, by_class=by_class)


def sensitivities(
    fleet: Fleet,
    profile: Profile,
    tell: Callable[[str], None] = lambda _: None,
    other_years: Sequence[LoadYear] = (),
) -> tuple[Sensitivity, ...]:
    """The definition with one thing changed at a time."""
    tell(f"sensitivities of {profile.id}")
    base_mw = _held(fleet, profile)
    rows = [_row("as it is", "", fleet, profile, base_mw, base_mw)]
    for what, value, changed, definition in _changes(fleet, profile, other_years):
        rows.append(_row(what, value, changed, definition, _held(changed, definition), base_mw))
    return tuple(rows)


Changed = Literal["threshold", "duration", "notice", "availability", "load", "scope", "baseline", "weather year"]
CHANGES: tuple[tuple[Changed, str, dict[str, object]], ...] = (
    ("threshold", "90 %", {"peak_threshold": 0.90}),
    ("threshold", "97 %", {"peak_threshold": 0.97}),
    ("duration", "1 h", {"duration_h": 1.0}),
    ("duration", "2 h", {"duration_h": 2.0}),
    ("notice", "0.5 h", {"notice_h": 0.5}),
    ("notice", "24 h", {"notice_h": 24.0}),
    ("scope", "D+S", {"scope": "D+S"}),
    ("scope", "D+S+P", {"scope": "D+S+P"}),
)
"""Of the strict definition: four hours at four hours' notice, demand side only, above 95 %."""


def _changes(
    fleet: Fleet, profile: Profile, other_years: Sequence[LoadYear]
) -> Iterator[tuple[Changed, str, Fleet, Profile]]:
    for what, value, fields in CHANGES:
        yield what, value, fleet, profile.model_copy(update=fields)
    fewer = tuple(replace(one, availability=0.9 * one.availability) for one in fleet.responders)
    yield "availability", "-10 %", replace(fleet, responders=fewer), profile
    yield "baseline", "-10 %", replace(fleet, responders=tuple(map(_lower, fleet.responders))), profile
    for growth in (-0.05, 0.05):
        yield "load", f"{growth:+.0%}", replace(fleet, year=_grown(fleet.year, growth)), profile
    if other_years:
        by_peak = sorted(other_years, key=lambda year: year.peak_mw)
        yield "weather year", "lowest peak", replace(fleet, year=by_peak[0]), profile
        yield "weather year", "highest peak", replace(fleet, year=by_peak[-1]), profile


def _lower(one: Responder) -> Responder:
    """With a tenth less between baseline and floor."""
    return one if one.headroom_mw is None else replace(one, headroom_mw=tuple(0.9 * mw for mw in one.headroom_mw))


def _grown(year: LoadYear, by: float) -> LoadYear:
    return replace(year, load_mw=(1 + by) * year.load_mw)


def _held(fleet: Fleet, profile: Profile) -> float:
    counted, statistic = fleet.counted(profile), profile.deliverable_statistic
    return sustained(counted.responders, demand_of(counted, profile), statistic, SECONDS, TRIED_TO)[0]


def _row(
    what: Changed | Literal["as it is"],
    value: str,
    fleet: Fleet,
    profile: Profile,
    held_mw: float,
    base_mw: float,
) -> Sensitivity:
    asked_mw = profile.target.at(peak_valley_rates(fleet.year).read_as(profile.target.reading)) * fleet.year.peak_mw
    return Sensitivity(
        what=what,
        value=value,
        deliverable_mw=held_mw,
        peak_mw=fleet.year.peak_mw,
        ratio=held_mw / fleet.year.peak_mw,
        change_mw=held_mw - base_mw,
        gap_mw=max(0.0, asked_mw - held_mw),
    )
