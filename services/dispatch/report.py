"""What a planner wants to know of a plan, as rows: no drawing, only arithmetic."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, is_dataclass
from datetime import datetime
from typing import Any

import numpy as np

from grid_models.case import Case
from grid_models.plan import Binding, Call, Plan
from grid_models.quantities import Data, Floats, per_step
from grid_models.resources import ThermalUnit

BINDING_SHOWN = 10
UTILISATION_SHOWN = 5


@dataclass(frozen=True)
class CostRow:
    """Part of the cost of the plan."""

    kind: str
    item: str
    amount: float


@dataclass(frozen=True)
class EnergyRow:
    """What a kind of resource gave to the grid and drew from it."""

    kind: str
    given_mwh: float
    drawn_mwh: float
    peak_mw: float
    """The most that the kind gave at once."""


@dataclass(frozen=True)
class StartRow:
    """How the units of one technology were used."""

    technology: str
    units: int
    used: int
    """How many ran at all."""
    starts: int


@dataclass(frozen=True)
class ReserveRow:
    """A reserve product over the horizon."""

    product: str
    requirement_mw: float
    """Mean over the steps, as the award."""
    award_mw: float
    shortage_mwh: float


@dataclass(frozen=True)
class PriceRow:
    """A price over the horizon, per MWh, and when it was highest."""

    name: str
    least: float
    mean: float
    most: float
    at: datetime


@dataclass(frozen=True)
class ShortageRow:
    """What could not be met of one thing."""

    what: str
    name: str
    mwh: float
    peak_mw: float


@dataclass(frozen=True)
class Report:
    """A plan at a glance."""

    case: str
    status: str
    stopped_by: str
    """What ended the search before the gap asked for; empty where it was reached."""
    currency: str
    cost: float
    lower_bound: float
    gap: float
    demand_mwh: float
    costs: tuple[CostRow, ...]
    energy: tuple[EnergyRow, ...]
    starts: tuple[StartRow, ...]
    reserves: tuple[ReserveRow, ...]
    calls: tuple[Call, ...]
    prices: tuple[PriceRow, ...]
    emissions_t: dict[str, float]
    utilisation: dict[str, float]
    """The total, and the plants that lose most."""
    shortage: tuple[ShortageRow, ...]
    binding: tuple[Binding, ...]
    """The limits that are worth most."""
    seconds: dict[str, float]
    assumptions: tuple[str, ...]
    rebound_after_horizon_mwh: dict[str, float] = field(default_factory=dict)
    not_carried: tuple[str, ...] = ()
    """What the reader of the case had to leave behind."""


def _stopped_by(plan: Plan) -> str:
    wanted = plan.solver.get("gap")
    if not isinstance(wanted, int | float) or plan.gap <= wanted + 1e-6:
        return ""
    reason = str(plan.solver.get("stopped_by") or "the end of the search").replace("interrupted", "an interrupt")
    return f"stopped by {reason} before the gap of {wanted:.3%} that was asked for"


def report(plan: Plan, case: Case, not_carried: tuple[str, ...] = ()) -> Report:
    """The plan of this case at a glance."""
    return Report(
        case=plan.case_name or case.name,
        status=plan.status,
        stopped_by=_stopped_by(plan),
        currency=plan.currency,
        cost=plan.cost,
        lower_bound=plan.lower_bound,
        gap=plan.gap,
        demand_mwh=float(case.demand_mw.sum() * case.horizon.step_h),
        costs=costs(plan),
        energy=energy(plan, case.horizon.step_h),
        starts=starts(plan, case),
        reserves=reserves(plan, case),
        calls=tuple(plan.calls),
        prices=prices(plan),
        emissions_t=plan.emissions_t,
        utilisation=_utilisation(plan),
        shortage=shortage(plan, case.horizon.step_h),
        binding=tuple(sorted(plan.binding, key=lambda item: -item.worth)[:BINDING_SHOWN]),
        seconds=plan.seconds,
        assumptions=_assumptions(plan),
        rebound_after_horizon_mwh=plan.rebound_after_horizon_mwh,
        not_carried=not_carried,
    )


def costs(plan: Plan) -> tuple[CostRow, ...]:
    """Kind by kind, item by item, without what costs nothing."""
    return tuple(
        CostRow(kind, item, amount)
        for kind, items in plan.cost_by_kind.items()
        for item, amount in items.items()
        if amount
    )


def energy(plan: Plan, step_h: float) -> tuple[EnergyRow, ...]:
    """Kind by kind; members of a virtual power plant count within it."""
    by_kind: dict[str, list[list[float]]] = defaultdict(list)
    for name, power_mw in plan.power_mw.items():
        resource = plan.resources.get(name, {})
        if "within" not in resource:
            by_kind[resource.get("kind", "unknown")].append(power_mw)
    return tuple(_energy_row(kind, np.array(series), step_h) for kind, series in by_kind.items())


def _energy_row(kind: str, power_mw: Floats, step_h: float) -> EnergyRow:
    return EnergyRow(
        kind=kind,
        given_mwh=float(np.clip(power_mw, 0, None).sum() * step_h),
        drawn_mwh=float(np.clip(-power_mw, 0, None).sum() * step_h),
        peak_mw=max(0.0, float(power_mw.sum(axis=0).max())),
    )


def starts(plan: Plan, case: Case) -> tuple[StartRow, ...]:
    """Technology by technology; a unit that ran before the horizon does not start by running on."""
    units, used, started = Counter[str](), Counter[str](), Counter[str]()
    for unit in (item for item in case.everything if isinstance(item, ThermalUnit)):
        technology = unit.technology or unit.kind
        initial = unit.initial or plan.assumptions.initial.get(unit.name)
        on = plan.commitment.get(unit.name, [])
        units[technology] += 1
        used[technology] += any(on)
        started[technology] += count_starts(on, bool(initial and initial.on))
    return tuple(StartRow(name, units[name], used[name], started[name]) for name in units)


def count_starts(on: list[int], on_before: bool) -> int:
    """How often a unit goes from off to on."""
    return sum(now > before for before, now in zip([int(on_before), *on], on, strict=False))


def reserves(plan: Plan, case: Case) -> tuple[ReserveRow, ...]:
    rows = []
    for item in case.reserves:
        award_mw = sum((np.array(mw) for mw in plan.reserves_mw.get(item.name, {}).values()), np.zeros(case.steps))
        short_mw = np.array(plan.shortage.reserve_mw.get(item.name, [0.0]))
        requirement_mw = per_step(item.requirement_mw, case.steps)
        rows.append(
            ReserveRow(
                product=item.name,
                requirement_mw=float(requirement_mw.mean()),
                award_mw=float(award_mw.mean()),
                shortage_mwh=float(short_mw.sum() * case.horizon.step_h),
            )
        )
    return tuple(rows)


def prices(plan: Plan) -> tuple[PriceRow, ...]:
    return tuple(
        PriceRow(name, min(series), float(np.mean(series)), max(series), plan.times[int(np.argmax(series))])
        for name, series in plan.prices.items()
        if series
    )


def shortage(plan: Plan, step_h: float) -> tuple[ShortageRow, ...]:
    """Only where something is short."""
    groups = (
        ("unserved", plan.shortage.unserved_mw),
        ("spilled", plan.shortage.spilled_mw),
        ("reserve", plan.shortage.reserve_mw),
    )
    return tuple(
        ShortageRow(what, name, sum(series) * step_h, max(series))
        for what, group in groups
        for name, series in group.items()
        if any(mw > 1e-6 for mw in series)
    )


def _utilisation(plan: Plan) -> dict[str, float]:
    plants = sorted((share, name) for name, share in plan.utilisation.items() if name != "total" and share < 1 - 1e-9)
    worst = {name: share for share, name in plants[:UTILISATION_SHOWN]}
    return {**{name: share for name, share in plan.utilisation.items() if name == "total"}, **worst}


def _assumptions(plan: Plan) -> tuple[str, ...]:
    return tuple(_in_words(plan))


def _in_words(plan: Plan) -> Iterable[str]:
    chosen = plan.assumptions
    yield from chosen.notes
    if chosen.initial:
        on = sum(state.on for state in chosen.initial.values())
        yield f"the initial state of {len(chosen.initial)} units was chosen by a first solve ({on} of them on)"
    if chosen.after_horizon_per_mwh is not None:
        yield f"rebound beyond the horizon is charged at {chosen.after_horizon_per_mwh:g} {plan.currency}/MWh"


def as_json(rows: object) -> dict[str, Any]:
    """A report (or any of its rows) as plain values."""
    return {name: _plain(value) for name, value in vars(rows).items()}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Data):
        return value.model_dump(mode="json")
    if is_dataclass(value):
        return as_json(value)
    return value.isoformat() if isinstance(value, datetime) else value
