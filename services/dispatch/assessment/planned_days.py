"""The worst days, planned by unit commitment without response and with it: what response changes, hour by hour."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from grid_models.case import Case
from grid_models.plan import Plan
from grid_models.quantities import Floats
from grid_models.resources import AnyResource, InterruptibleLoad, VirtualPowerPlant
from services.dispatch.assessment.capability import capability
from services.dispatch.assessment.document.days import Bound, Commitment, Layer, PlannedDay
from services.dispatch.assessment.profiles import Profile
from services.dispatch.assessment.register import Register
from services.dispatch.assessment.subject import subject_of_case
from services.dispatch.planning import Options, plan_case

COMMITMENT = Options(gap=1e-3, time_limit_s=150.0)
BINDING_KEPT = 6
CALLED = (InterruptibleLoad, VirtualPowerPlant)
"""Who answers when called; stores and plants are there either way."""
CALLED_KINDS = ("interruptible_load", "virtual_power_plant")
BY_TECHNOLOGY: tuple[tuple[str, str], ...] = (
    ("nuclear", "nuclear"),
    ("gas", "gas"),
    ("coal", "coal"),
    ("captive", "coal"),
    ("photovoltaic", "solar"),
    ("solar", "solar"),
    ("wind", "wind"),
    ("hydro", "hydro"),
    ("river", "hydro"),
)
"""A word in the technology of a plant, and the layer of the picture that it belongs to; the first that fits."""
BY_KIND = {
    "thermal": "other thermal",
    "renewable": "other renewable",
    "profile": "imports",
    "battery": "batteries",
    "pumped_hydro": "pumped hydro",
    "interruptible_load": "response",
    "virtual_power_plant": "response",
    "price_sensitive_load": "response",
}
LAYERS = (
    "nuclear", "imports", "coal", "gas", "other thermal", "hydro", "wind", "solar", "other renewable",
    "pumped hydro", "batteries", "response", "unserved",
)  # fmt: skip
"""From the bottom of the picture to its top."""


@dataclass(frozen=True)
class Judge:
    """How a day's response is judged apart from its plan."""

    register: Register
    profile: Profile
    seconds: float


def without_response(case: Case) -> Case:
    """The same day with nobody to call: contracts and virtual power plants are gone, stores and plants stay."""
    return case.replaced(resources=tuple(one for one in case.resources if not isinstance(one, CALLED)))


def planned_day(
    case: Case, judge: Judge, options: Options = COMMITMENT, tell: Callable[[str], None] = lambda _: None
) -> PlannedDay:
    """The case's day planned twice: what response changes in cost, in unserved energy and in the peak."""
    day = case.horizon.start.astimezone(case.horizon.zone).date().isoformat()
    bare = without_response(case)
    tell(f"{day}: unit commitment without response")
    without = committed(bare, plan_case(bare, options), response=False)
    tell(f"{day}: unit commitment with response")
    answered = committed(case, plan_case(case, options), response=True)
    fleet, _ = subject_of_case(case, register=judge.register).fleet()
    held = capability(fleet, judge.profile, judge.seconds)
    return PlannedDay(
        date=day,
        case_hash=case.hash,
        times=tuple(moment.isoformat() for moment in case.horizon.times),
        demand_mw=_rounded(case.demand_mw.sum(axis=0)),
        currency=case.currency,
        without=without,
        answered=answered,
        held_mw=held.deliverable_mw,
        losses=held.losses,
    )


def committed(case: Case, plan: Plan, response: bool) -> Commitment:
    """A plan in the figures of the assessment."""
    callers = [one.name for one in case.resources if isinstance(one, CALLED)]
    relief_mw = _total((plan.power_mw[name] for name in callers), case.steps)
    unserved_mw = _total(plan.shortage.unserved_mw.values(), case.steps)
    short_mw = _total(plan.shortage.reserve_mw.values(), case.steps)
    price = np.max([plan.prices[zone.name] for zone in case.zones], axis=0)
    return Commitment(
        response=response,
        cost=plan.cost,
        gap=plan.gap,
        status=plan.status,
        unserved_mwh=float(unserved_mw.sum()) * case.horizon.step_h,
        reserve_short_mwh=float(short_mw.sum()) * case.horizon.step_h,
        peak_left_mw=float((case.demand_mw.sum(axis=0) - relief_mw).max()),
        response_max_mw=float(relief_mw.max()),
        called_mwh=sum(call.energy_mwh for call in plan.calls),
        calls=len(plan.calls),
        curtailed_share=1 - plan.utilisation["total"] if "total" in plan.utilisation else None,
        price_mean=float(price.mean()),
        price_max=float(price.max()),
        seconds=sum(plan.seconds.values()),
        layers=layers(case, plan),
        response_cost=sum(sum(_paid(plan, kind).values()) for kind in CALLED_KINDS),
        standing_cost=sum(_paid(plan, kind).get("standing", 0.0) for kind in CALLED_KINDS),
        price=_rounded(price),
        called=tuple(plan.calls),
        binding=_binding(plan),
    )


def _paid(plan: Plan, kind: str) -> dict[str, float]:
    return plan.cost_by_kind.get(kind, {})


def layers(case: Case, plan: Plan) -> tuple[Layer, ...]:
    """The plan in a dozen groups that add up to the demand; spilled energy is taken off, losses stand as they are."""
    total = {name: np.zeros(case.steps) for name in LAYERS}
    for resource in case.resources:
        total[layer_of(resource)] += plan.power_mw[resource.name]
    total["unserved"] += _total(plan.shortage.unserved_mw.values(), case.steps)
    return tuple(Layer(name=name, power_mw=_rounded(power)) for name, power in total.items() if np.abs(power).max() > 0)


def layer_of(resource: AnyResource) -> str:
    """The group of the picture in which a resource is drawn."""
    if resource.kind in ("thermal", "renewable", "profile"):
        technology = resource.technology.lower()
        found = next((layer for word, layer in BY_TECHNOLOGY if word in technology), None)
        if found is not None:
            return found
    return BY_KIND[resource.kind]


def _binding(plan: Plan) -> tuple[Bound, ...]:
    dearest = sorted(plan.binding, key=lambda one: -one.worth)[:BINDING_KEPT]
    return tuple(Bound(what=one.what, name=one.name, worth=one.worth, steps=one.steps) for one in dearest)


def _total(rows: Iterable[list[float]], steps: int) -> Floats:
    return np.asarray(np.sum([np.zeros(steps), *map(np.asarray, rows)], axis=0))


def _rounded(values: Floats) -> tuple[float, ...]:
    """To the tenth: enough for a picture, and a table of it adds up to within one."""
    return tuple(round(float(value), 1) + 0.0 for value in values)
