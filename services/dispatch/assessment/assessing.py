"""From a case to its assessment: every definition side by side, confirmed by unit commitment."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version

import numpy as np

from grid_models.case import Case
from grid_models.plan import Plan
from grid_models.quantities import Floats
from grid_models.resources import InterruptibleLoad, VirtualPowerPlant
from services.dispatch.assessment.capability import Capability, Fleet, Test, capability, shaved_peak
from services.dispatch.assessment.peaks import LoadYear, peak_hours, peak_valley_rates
from services.dispatch.assessment.profiles import Profile, chosen
from services.dispatch.assessment.responders import each_meter_once, relief_limits_mw, responders_of
from services.dispatch.assessment.verdict import (
    Answer,
    Assessment,
    Commitment,
    Duplicated,
    LoadFacts,
    PeakTable,
    Provenance,
    Verdict,
)
from services.dispatch.planning import Options, plan_case

THRESHOLDS = (0.97, 0.95, 0.90)
ROUNDING_MW = 1e-6
SECONDS = 10.0
"""For one level or peak of one definition."""
COMMITMENT = Options(gap=1e-3, time_limit_s=150.0)


@dataclass(frozen=True)
class Register:
    """What a case does not say of its responders."""

    delivery: Mapping[str, float] | None = None
    """Share of a call that arrives, by name."""
    meters: Mapping[str, Mapping[str, float]] | None = None
    """Contracted MW by meter, by name."""
    captive: Collection[str] = ()
    """Users' own thermal units under contract."""
    tests: tuple[Test, ...] = ()
    today: date | None = None


def assess(
    case: Case,
    profiles: Sequence[str | Profile] = (),
    year: LoadYear | None = None,
    register: Register | None = None,
    commitment: Options | None = None,
    seconds: float = SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> Assessment:
    """Whether the case's fleet answers its peak, by each definition (all of them where none is named).

    `year` is the load that is judged, the case's own where it is missing; `commitment` plans the case's day without
    and with response, and `tell` hears what is being done.
    """
    known = register or Register()
    found = responders_of(case, known.delivery, known.meters, known.captive)
    responders, duplicates = each_meter_once(found)
    load = year or LoadYear.of(case)
    fleet = Fleet(load, responders, relief_limits_mw(case), known.tests, known.today)
    definitions = [one if isinstance(one, Profile) else chosen([one])[0] for one in profiles] or list(chosen())
    return Assessment(
        load=load_facts(load),
        verdicts=judged(fleet, definitions, case, seconds, tell),
        duplicates=tuple(Duplicated(**vars(one)) for one in duplicates),
        commitments=with_and_without(case, commitment, tell) if commitment else (),
        provenance=_provenance(case, load, year is None),
    )


def judged(
    fleet: Fleet,
    definitions: Sequence[Profile],
    case: Case | None = None,
    seconds: float = SECONDS,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """The fleet under each definition; the net load needs the case, which has the wind and the sun."""
    # Definitions that differ in their target only have the same capability: the searches are made once.
    reused: dict[str, tuple[Capability, tuple[float, float]]] = {}
    verdicts = []
    for profile in definitions:
        key = profile.model_dump_json(include=_DECIDE_CAPABILITY)
        measured, notes = _measured(fleet, profile, case)
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


def _measured(fleet: Fleet, profile: Profile, case: Case | None) -> tuple[Fleet, tuple[str, ...]]:
    """The fleet before the load that the definition means, and what had to be taken instead."""
    if profile.load_measure == "society":
        return fleet, ()
    if profile.load_measure == "net" and case is not None and len(fleet.year.load_mw) == case.steps:
        net = fleet.year.less(given_mw(case))
        return Fleet(net, fleet.responders, fleet.limits_mw, fleet.tests, fleet.today), ()
    return fleet, (f"the {profile.load_measure} load is not known: that of society stands for it",)


def given_mw(case: Case) -> Floats:
    """What wind, sun and run of river could give, step by step."""
    rows = [np.broadcast_to(one.available_mw, case.steps) for one in case.resources if one.kind == "renewable"]
    return np.asarray(np.sum(rows, axis=0)) if rows else np.zeros(case.steps)


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


def load_facts(year: LoadYear) -> LoadFacts:
    """The load in figures."""
    rates = peak_valley_rates(year)
    return LoadFacts(
        peak_mw=year.peak_mw,
        peak_at=year.moment(year.peak_step).isoformat(),
        hours=len(year.load_mw) * year.step_h,
        energy_mwh=year.energy_mwh,
        peak_valley_annual=rates.annual,
        peak_valley_max_day=rates.max_day,
        peak_valley_peak_day=rates.peak_day,
        thresholds=tuple(_peak_table(year, threshold) for threshold in THRESHOLDS),
    )


def _peak_table(year: LoadYear, threshold: float) -> PeakTable:
    fields = vars(peak_hours(year, threshold))
    return PeakTable(**{name: fields[name] for name in PeakTable.model_fields})


def without_response(case: Case) -> Case:
    """The same day with nobody to call: contracts and virtual power plants are gone, stores and plants stay."""
    kept = tuple(one for one in case.resources if not isinstance(one, InterruptibleLoad | VirtualPowerPlant))
    return case.replaced(resources=kept)


def with_and_without(
    case: Case, options: Options = COMMITMENT, tell: Callable[[str], None] = lambda _: None
) -> tuple[Commitment, Commitment]:
    """The case's day planned twice: what response changes in cost, in unserved energy and in the peak."""
    bare = without_response(case)
    tell("unit commitment without response")
    first = committed(bare, plan_case(bare, options), response=False)
    tell("unit commitment with response")
    return first, committed(case, plan_case(case, options), response=True)


def committed(case: Case, plan: Plan, response: bool) -> Commitment:
    """A plan in the figures of the assessment."""
    callers = [one.name for one in case.resources if isinstance(one, InterruptibleLoad | VirtualPowerPlant)]
    relief_mw = np.sum([plan.power_mw[name] for name in callers], axis=0) if callers else np.zeros(case.steps)
    unserved = [np.sum(row) for row in plan.shortage.unserved_mw.values()]
    return Commitment(
        response=response,
        cost=plan.cost,
        gap=plan.gap,
        status=plan.status,
        unserved_mwh=float(np.sum(unserved)) * case.horizon.step_h,
        peak_left_mw=float((case.demand_mw.sum(axis=0) - relief_mw).max()),
        response_max_mw=float(relief_mw.max()),
        calls=len(plan.calls),
        curtailed_share=1 - plan.utilisation["total"] if "total" in plan.utilisation else None,
    )


def _provenance(case: Case, year: LoadYear, own: bool) -> Provenance:
    hours = len(year.load_mw) * year.step_h
    load = f"demand of the case, {hours:g} h from {year.start.isoformat()}" if own else f"given, {hours:g} h"
    if own and hours < 8760:
        load += "; it stands for the year: peak hours of other days are not seen"
    return Provenance(case_name=case.name, case_hash=case.hash, sources=case.sources, load=load, versions=_versions())


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("gridflex", "highspy", "numpy")}
