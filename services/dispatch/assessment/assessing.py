"""From a province or a case to its assessment: every definition side by side, confirmed by unit commitment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version

from grid_models.case import Case
from grid_models.quantities import Floats
from services.dispatch.assessment.capability import Fleet, capability
from services.dispatch.assessment.document.assessment import Answer, Assessment, Duplicated, Provenance, Verdict
from services.dispatch.assessment.document.days import PlannedDay
from services.dispatch.assessment.document.levels import Capability
from services.dispatch.assessment.document.ways import Closing, PathTo, Sensitivity
from services.dispatch.assessment.load_facts import load_facts
from services.dispatch.assessment.outlook import closing, held_for, path_to, sensitivities
from services.dispatch.assessment.payments import payments
from services.dispatch.assessment.peaks import LoadYear, peak_valley_rates
from services.dispatch.assessment.planned_days import COMMITMENT, Judge, planned_day
from services.dispatch.assessment.profiles import DEFAULT, Profile, chosen, profile_of
from services.dispatch.assessment.register import Register
from services.dispatch.assessment.risk import Supply, risk
from services.dispatch.assessment.shaving import shaved_peak
from services.dispatch.assessment.subject import Subject, subject_of_case
from services.dispatch.planning import Options

ROUNDING_MW = 1e-6
SECONDS = 10.0
"""For one level or peak of one definition."""
STRICT = "STRICT"
YEAR_H = 8760
Tell = Callable[[str], None]


def silent(_: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Depth:
    """How thorough an assessment is."""

    commitment: Options | None = COMMITMENT
    """For the worst days; None: they are not planned."""
    sample_years: int = 1000
    """Of weather and outages; 0: no adequacy."""
    outlook: bool = True
    """Closing portfolio, path and sensitivities."""
    seconds: float = SECONDS
    """For one level or peak of one definition."""


THOROUGH = Depth()
QUICK = Depth(commitment=None, sample_years=0, outlook=False)
"""The verdicts alone."""


def assess(
    given: Subject | Case,
    profiles: Sequence[str | Profile] = (),
    depth: Depth = THOROUGH,
    register: Register | None = None,
    tell: Tell = silent,
) -> Assessment:
    """Whether a fleet answers its peak, by each definition (all of them where none is named).

    A case is judged by its own horizon, with what the `register` knows of its responders; `tell` hears what is done.
    """
    subject = subject_of_case(given, register=register) if isinstance(given, Case) else given
    fleet, duplicates = subject.fleet()
    definitions = [one if isinstance(one, Profile) else chosen([one])[0] for one in profiles] or list(chosen())
    verdicts = judged(fleet, definitions, subject.renewable_mw, depth.seconds, tell)
    supply = _supply(subject)
    closings, paths, changes = _outlook(subject, fleet, tell) if depth.outlook else ((), (), ())
    return Assessment(
        name=subject.name,
        title=subject.title,
        title_zh=subject.title_zh,
        year=subject.year,
        load=load_facts(subject.load, subject.temperature_c),
        verdicts=verdicts,
        duplicates=tuple(Duplicated(**vars(one)) for one in duplicates),
        days=_days(subject, depth, tell),
        risk=risk(supply, depth.sample_years, tell=tell) if depth.sample_years else None,
        payments=payments(subject.name, subject.answering, supply.net, subject.coal_mw) if depth.outlook else None,
        closings=closings,
        paths=paths,
        sensitivities=changes,
        held=held_for(fleet, profile_of(STRICT), depth.seconds) if depth.outlook else (),
        notes=subject.notes,
        stated=subject.stated,
        names_zh=dict(subject.names_zh),
        provenance=_provenance(subject, depth),
    )


def _days(subject: Subject, depth: Depth, tell: Tell) -> tuple[PlannedDay, ...]:
    if depth.commitment is None:
        return ()
    judge = Judge(subject.register, profile_of(STRICT), depth.seconds)
    return tuple(planned_day(case, judge, depth.commitment, tell) for case in subject.days)


def _supply(subject: Subject) -> Supply:
    net = subject.load if subject.renewable_mw is None else subject.load.less(subject.renewable_mw)
    return Supply(subject.supply, subject.answering, net.hourly())


def _outlook(
    subject: Subject, fleet: Fleet, tell: Tell
) -> tuple[tuple[Closing, ...], tuple[PathTo, ...], tuple[Sensitivity, ...]]:
    """For the default definition and the strict one; the path needs to know how the load grows."""
    now = subject.year or subject.load.start.year
    closings, paths = [], []
    for profile in (profile_of(DEFAULT), profile_of(STRICT)):
        tell(f"closing the gap of {profile.id}")
        found = closing(fleet, profile, now)
        closings.append(found)
        if subject.growth is not None:
            share = found.closed.target_mw / fleet.year.peak_mw
            paths.append(path_to(profile, fleet.year.peak_mw, found.closed.before_mw, share, subject.growth, now))
    others = [replace(subject.load, load_mw=load_mw) for load_mw in subject.other_loads_mw]
    return tuple(closings), tuple(paths), sensitivities(fleet, profile_of(STRICT), tell, others)


def judged(
    fleet: Fleet,
    definitions: Sequence[Profile],
    renewable_mw: Floats | None = None,
    seconds: float = SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """The fleet under each definition; the net load needs what wind and sun could give."""
    # Definitions that differ in their target only have the same capability: the searches are made once.
    reused: dict[str, tuple[Capability, tuple[float, float]]] = {}
    verdicts = []
    for profile in definitions:
        key = profile.model_dump_json(include=_DECIDE_CAPABILITY)
        measured, notes = _measured(fleet, profile, renewable_mw)
        if key not in reused:
            tell(f"{profile.id}: {profile.duration_h:g} h at {profile.notice_h:g} h notice, {profile.scope}")
            reused[key] = (
                capability(measured, profile, seconds),
                shaved_peak(measured.counted(profile), profile, seconds),
            )
        verdicts.append(_verdict(measured.year, profile, *reused[key], notes))
    return tuple(verdicts)


_DECIDE_CAPABILITY = {
    "load_measure", "peak_threshold", "merge_gap_h", "duration_h", "notice_h", "scope", "theoretical_statistic",
    "deliverable_statistic", "tests",
}  # fmt: skip


def _measured(fleet: Fleet, profile: Profile, renewable_mw: Floats | None) -> tuple[Fleet, tuple[str, ...]]:
    """The fleet before the load that the definition means, and what had to be taken instead."""
    if profile.load_measure == "society":
        return fleet, ()
    if profile.load_measure == "net" and renewable_mw is not None:
        return replace(fleet, year=fleet.year.less(renewable_mw)), ()
    return fleet, (f"the {profile.load_measure} load is not known: that of society stands for it",)


def _verdict(
    year: LoadYear, profile: Profile, found: Capability, peak: tuple[float, float], notes: tuple[str, ...]
) -> Verdict:
    share = profile.target.at(peak_valley_rates(year).read_as(profile.target.reading))
    target_mw = share * year.peak_mw
    counted_mw: float | None = getattr(found, f"{profile.level}_mw")
    return Verdict(
        profile=profile,
        target_share=share,
        target_mw=target_mw,
        counted_mw=counted_mw,
        ratio=None if counted_mw is None else counted_mw / year.peak_mw,
        gap_mw=None if counted_mw is None else max(0.0, target_mw - counted_mw),
        answer=_answer(counted_mw, target_mw),
        capability=found,
        shaved_peak_mw=peak[0],
        shaved_peak_bound_mw=peak[1],
        notes=notes,
    )


def _answer(counted_mw: float | None, target_mw: float) -> Answer:
    if counted_mw is None:
        return "not tested"
    return "yes" if counted_mw >= target_mw - ROUNDING_MW else "no"


def _provenance(subject: Subject, depth: Depth) -> Provenance:
    hours = len(subject.load.load_mw) * subject.load.step_h
    load = f"{hours:g} h from {subject.load.start.isoformat()}"
    if hours < YEAR_H:
        load += "; it stands for the year: peak hours of other days are not seen"
    return Provenance(
        case_name=subject.case.name,
        case_hash=subject.case.hash,
        sources=subject.case.sources,
        load=load,
        versions=versions(),
        commitment_gap=None if depth.commitment is None else depth.commitment.gap,
        sample_years=depth.sample_years,
    )


@cache
def versions() -> dict[str, str]:
    """Of what decides the numbers."""
    return {name: version(name) for name in ("gridflex", "highspy", "numpy")}
