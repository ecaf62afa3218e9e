"""What changed between two plans, and what it cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from grid_models.errors import BadInput
from grid_models.plan import Call, Plan
from services.dispatch.report import count_starts, energy, shortage

SMALL = 1e-6


@dataclass(frozen=True)
class Change:
    """A number before and after."""

    name: str
    before: float
    after: float

    @property
    def by(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class CommitmentChange:
    """A unit that runs at other times."""

    unit: str
    hours_before: float
    hours_after: float
    hours_changed: float
    """On in one plan and off in the other."""
    starts: int
    """How many more starts within the horizon."""


@dataclass(frozen=True)
class CallChange:
    """A call that only one of the plans makes."""

    made: bool
    """By the second plan (else by the first)."""
    call: Call


@dataclass(frozen=True)
class Difference:
    """From the first plan to the second; only what differs is listed."""

    currency: str
    cost: Change
    lower_bound: Change
    same_case: bool
    same_times: bool
    """Where the times differ, only totals are compared."""
    since: datetime | None
    """Only from then on are the two compared, where one of them goes on from the middle of the other."""
    costs: tuple[Change, ...]
    """By kind and item."""
    energy_mwh: tuple[Change, ...]
    """Net, by kind."""
    starts: Change
    commitment: tuple[CommitmentChange, ...]
    calls: tuple[CallChange, ...]
    prices: tuple[Change, ...]
    """Means over the horizon."""
    shortage_mwh: tuple[Change, ...]
    emissions_t: tuple[Change, ...]
    resources_added: tuple[str, ...]
    resources_removed: tuple[str, ...]


def difference(before: Plan, after: Plan, since: datetime | None = None) -> Difference:
    """What the second plan does differently, and what that costs."""
    if before.currency != after.currency:
        raise BadInput("diff", f"one plan is in {before.currency}, the other in {after.currency}: compare plans of one")
    same_times = before.times == after.times
    return Difference(
        currency=after.currency,
        cost=Change("cost", before.cost, after.cost),
        lower_bound=Change("lower bound", before.lower_bound, after.lower_bound),
        same_case=before.case_hash == after.case_hash,
        same_times=same_times,
        since=since,
        costs=_changes(_costs(before), _costs(after)),
        energy_mwh=_changes(_energy(before), _energy(after)),
        starts=Change("starts", _starts(before), _starts(after)),
        commitment=tuple(sorted(_commitment(before, after), key=_most_first)) if same_times else (),
        calls=_calls(before, after),
        prices=_changes(_means(before.prices), _means(after.prices)),
        shortage_mwh=_changes(_shortage(before), _shortage(after)),
        emissions_t=_changes(before.emissions_t, after.emissions_t),
        resources_added=tuple(sorted(after.resources.keys() - before.resources.keys())),
        resources_removed=tuple(sorted(before.resources.keys() - after.resources.keys())),
    )


def step_h(plan: Plan) -> float:
    """The length of a step; a plan of a single step is taken to last an hour."""
    return (plan.times[1] - plan.times[0]) / timedelta(hours=1) if len(plan.times) > 1 else 1.0


def _changes(before: dict[str, float], after: dict[str, float]) -> tuple[Change, ...]:
    """Largest first."""
    names = dict.fromkeys([*before, *after])
    changes = (Change(name, before.get(name, 0.0), after.get(name, 0.0)) for name in names)
    differing = (change for change in changes if abs(change.by) > SMALL)
    return tuple(sorted(differing, key=lambda change: -abs(change.by)))


def _costs(plan: Plan) -> dict[str, float]:
    return {f"{kind} {item}": cost for kind, items in plan.cost_by_kind.items() for item, cost in items.items()}


def _energy(plan: Plan) -> dict[str, float]:
    return {row.kind: row.given_mwh - row.drawn_mwh for row in energy(plan, step_h(plan))}


def _shortage(plan: Plan) -> dict[str, float]:
    return {f"{row.what} {row.name}": row.mwh for row in shortage(plan, step_h(plan))}


def _starts(plan: Plan) -> int:
    """Within the horizon: what a unit did before it is not in the plan."""
    return sum(_starts_within(on) for on in plan.commitment.values())


def _starts_within(on: list[int]) -> int:
    return count_starts(on, bool(on and on[0]))


def _means(series: dict[str, list[float]]) -> dict[str, float]:
    return {name: float(np.mean(values)) for name, values in series.items() if values}


def _commitment(before: Plan, after: Plan) -> Iterable[CommitmentChange]:
    hours = step_h(after)
    for unit in before.commitment.keys() & after.commitment.keys():
        first, second = before.commitment[unit], after.commitment[unit]
        changed = sum(one != other for one, other in zip(first, second, strict=True))
        if changed:
            starts = _starts_within(second) - _starts_within(first)
            yield CommitmentChange(unit, sum(first) * hours, sum(second) * hours, changed * hours, starts)


def _most_first(change: CommitmentChange) -> tuple[float, str]:
    return -change.hours_changed, change.unit


def _calls(before: Plan, after: Plan) -> tuple[CallChange, ...]:
    """A call is the same where its name, start, length and energy are."""
    old, new = ({_identity(call): call for call in plan.calls} for plan in (before, after))
    dropped = (CallChange(False, call) for key, call in old.items() if key not in new)
    made = (CallChange(True, call) for key, call in new.items() if key not in old)
    return tuple(sorted((*dropped, *made), key=lambda change: (change.call.start, change.call.name, change.made)))


def _identity(call: Call) -> tuple[object, ...]:
    return call.name, call.start, round(call.hours, 6), round(call.energy_mwh, 3)
