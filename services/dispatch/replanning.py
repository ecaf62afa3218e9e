"""The rest of a plan as a case of its own: what has been executed is frozen into the state from which it goes on."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.plan import Plan
from grid_models.quantities import Floats, per_step
from grid_models.resources import (
    AnyResource,
    Battery,
    InterruptibleLoad,
    PumpedHydro,
    Renewable,
    ThermalUnit,
    VirtualPowerPlant,
)
from grid_models.resources.base import StoreEnd
from grid_models.resources.interruptible_load import CallState
from grid_models.resources.pumped_hydro import Mode, PumpedHydroUnit
from grid_models.resources.thermal import ThermalState
from grid_models.resources.virtual_power_plant import Composition, Envelope
from grid_models.window import window

Bools = NDArray[np.bool_]
LEAST_CYCLES = 1e-9
"""A battery that has used up its day: a case cannot say 0."""


@dataclass(frozen=True)
class Rest:
    """What is left to plan, and in words what of the past it cannot know."""

    case: Case
    not_carried: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """The executed part of a plan."""

    case: Case
    plan: Plan
    steps: int

    @property
    def step_h(self) -> float:
        return self.case.horizon.step_h

    def column(self, name: str, quantity: str) -> Floats:
        """What a resource did; for the units of a station one row each."""
        return np.asarray(self.plan.resources[name][quantity], dtype=float)[..., : self.steps]

    def today(self) -> Bools:
        """Which executed steps lie on the day on which the rest begins."""
        days = self.case.horizon.day_of_step
        same: Bools = days[: self.steps] == days[self.steps]
        return same

    def ends_today(self) -> bool:
        """Whether the rest ends with the day on which it begins, so that a limit of the day is a limit of the rest."""
        days = self.case.horizon.day_of_step
        return bool(days[-1] == days[self.steps])


def remaining(case: Case, plan: Plan, now: datetime) -> Rest:
    """The steps that have not begun by `now`, from the state in which the plan leaves everything."""
    past = Past(case, plan, _executed(case, now))
    rest = window(case, past.steps, case.steps - past.steps)
    resources = tuple(_gone_on(resource, past) for resource in rest.resources)
    zones = tuple(
        zone.model_copy(update={"demand_mw": _with_rebound(per_step(zone.demand_mw, rest.steps), zone.name, past)})
        for zone in rest.zones
    )
    changes = {"resources": resources, "zones": zones, "decision_time": now, "name": _named(case, rest)}
    return Rest(Case.model_validate(rest.replaced(**changes).model_dump()), tuple(_not_carried(past)))


def _executed(case: Case, now: datetime) -> int:
    horizon = case.horizon
    steps = math.ceil((now - horizon.start) / timedelta(minutes=horizon.step_min) - 1e-9)
    if not 1 <= steps < horizon.steps:
        raise BadInput(
            "now",
            f"{now.isoformat()} must lie after the beginning of the plan, {horizon.start.isoformat()}, and before its "
            f"last step, {horizon.moment(horizon.steps - 1).isoformat()}; ask for a plan of another case otherwise",
        )
    return steps


def _named(case: Case, rest: Case) -> str:
    return f"{case.name[:150]}, from {rest.horizon.start:%Y-%m-%d %H:%M} on"


def _gone_on(resource: AnyResource, past: Past) -> AnyResource:
    """The resource in the state in which the plan leaves it."""
    if isinstance(resource, ThermalUnit):
        return resource.model_copy(update={"initial": _thermal(resource, past), **_left_today(resource, past)})
    if isinstance(resource, Battery):
        return resource.model_copy(update=_battery(resource, past))
    if isinstance(resource, PumpedHydro):
        return resource.model_copy(update=_pumped_hydro(resource, past))
    if isinstance(resource, InterruptibleLoad):
        return resource.model_copy(update={"initial": _contract(resource, past)})
    if isinstance(resource, VirtualPowerPlant):
        return resource.model_copy(update={"model": _portfolio(resource, past)})
    return resource


def _thermal(unit: ThermalUnit, past: Past) -> ThermalState:
    on = past.column(unit.name, "on") > 0.5
    same, hours = bool(on[-1]), _hours_at_end(on, past.step_h)
    before = unit.initial or past.plan.assumptions.initial.get(unit.name)
    if (on == same).all() and before is not None and before.on == same:
        hours += before.hours
    power_mw = float(past.column(unit.name, "power_mw")[-1]) if same else 0.0
    return ThermalState(on=same, hours=hours, power_mw=max(power_mw, unit.min_mw if same else 0.0))


def _left_today(unit: ThermalUnit, past: Past) -> dict[str, Any]:
    """What the executed part has left of the starts and the energy of the day."""
    left: dict[str, Any] = {}
    if not past.ends_today():
        return left
    if unit.starts_per_day_max is not None:
        left["starts_per_day_max"] = max(0, unit.starts_per_day_max - int(_starts(unit, past)[past.today()].sum()))
    if unit.energy_per_day_max_mwh is not None:
        given_mwh = float(past.column(unit.name, "power_mw")[past.today()].sum()) * past.step_h
        left["energy_per_day_max_mwh"] = max(0.0, unit.energy_per_day_max_mwh - given_mwh)
    return left


def _starts(unit: ThermalUnit, past: Past) -> Bools:
    on = past.column(unit.name, "on") > 0.5
    before = unit.initial or past.plan.assumptions.initial.get(unit.name)
    starts: Bools = on & ~np.concatenate([[before.on if before else bool(on[0])], on[:-1]])
    return starts


def _hours_at_end(series: NDArray[Any], step_h: float) -> float:
    """How long the last value has stood."""
    other = np.flatnonzero(series != series[-1])
    return float(len(series) - 1 - (other[-1] if other.size else -1)) * step_h


def _battery(battery: Battery, past: Past) -> dict[str, Any]:
    """The level may stand a rounding beside its limits; the end is what it was, not where the rest begins."""
    highest_mwh = float(np.max(battery.energy_max_mwh))
    energy_mwh = float(np.clip(past.column(battery.name, "energy_mwh")[-1], 0.0, highest_mwh))
    state = {"energy_start_mwh": energy_mwh, "end": _same_end(battery.end, battery.energy_start_mwh)}
    if battery.cycles_per_day_max is None or not past.ends_today():
        return state
    drawn_mw = past.column(battery.name, "discharge_mw")[past.today()] / battery.discharge_efficiency
    cycles = float(drawn_mw.sum()) * past.step_h / highest_mwh
    return state | {"cycles_per_day_max": max(LEAST_CYCLES, battery.cycles_per_day_max - cycles)}


def _same_end(end: StoreEnd, start_mwh: float) -> StoreEnd:
    return end.model_copy(update={"min_mwh": end.floor_mwh(start_mwh)}) if end == StoreEnd() else end


def _pumped_hydro(station: PumpedHydro, past: Past) -> dict[str, Any]:
    generating, pumping = (
        np.atleast_2d(past.column(station.name, name)) > 0.5 for name in ("unit_generating", "unit_pumping")
    )
    modes = np.where(generating, 1, np.where(pumping, -1, 0))
    units = tuple(_set(unit, row, past.step_h) for unit, row in zip(station.units, modes, strict=True))
    upper_mwh = float(past.column(station.name, "upper_mwh")[-1])
    levels = {"upper_start_mwh": float(np.clip(upper_mwh, station.upper_min_mwh, station.upper_max_mwh))}
    if station.lower_max_mwh is not None:
        lower_mwh = float(past.column(station.name, "lower_mwh")[-1])
        levels["lower_start_mwh"] = float(np.clip(lower_mwh, station.lower_min_mwh, station.lower_max_mwh))
    return {"units": units, "end": _same_end(station.end, station.upper_start_mwh), **levels}


def _set(unit: PumpedHydroUnit, modes: NDArray[np.int64], step_h: float) -> PumpedHydroUnit:
    names: dict[int, Mode] = {1: "generate", -1: "pump", 0: "off"}
    mode, hours = names[int(modes[-1])], _hours_at_end(modes, step_h)
    if (modes == modes[-1]).all() and unit.initial_mode == mode:
        hours += unit.initial_hours
    return unit.model_copy(update={"initial_mode": mode, "initial_hours": hours})


def _contract(load: InterruptibleLoad, past: Past) -> CallState:
    called, shed_mw = past.column(load.name, "called") > 0.5, past.column(load.name, "shed_mw")
    before, carried = load.initial, load.initial.in_progress_h > 0
    starts = called & ~np.concatenate([[carried], called[:-1]])
    used = {
        "calls_used": before.calls_used + int(starts.sum()),
        "calls_used_today": int(starts[past.today()].sum()) + (before.calls_used_today if past.today().all() else 0),
    }
    if called[-1]:
        run = round(_hours_at_end(called, past.step_h) / past.step_h)
        whole = carried and run == past.steps
        return CallState(
            **used,
            in_progress_h=run * past.step_h + (before.in_progress_h if whole else 0.0),
            in_progress_mw=float(shed_mw[-1]),
            in_progress_mwh=float(shed_mw[-run:].sum() * past.step_h) + (before.in_progress_mwh if whole else 0.0),
        )
    rest_h = _hours_at_end(called, past.step_h)
    # A call that was running and was ended with the beginning of the horizon has ended then.
    earlier_h = 0.0 if called.any() or carried else before.hours_since_call
    return CallState(**used, hours_since_call=rest_h + earlier_h)


def _portfolio(plant: VirtualPowerPlant, past: Past) -> Envelope | Composition:
    if isinstance(plant.model, Composition):
        members: Any = tuple(_gone_on(member, past) for member in plant.model.members)
        return plant.model.model_copy(update={"members": members})
    given_mwh = float(past.column(plant.name, "energy_mwh")[-1])
    steps = past.case.steps - past.steps
    availability = per_step(plant.availability, steps)
    # What was given counts in full; the limits count as far as the plant is available.
    spent_mwh = np.divide(given_mwh, availability, out=np.zeros(steps), where=availability > 0)
    limits = {"energy_min_mwh": plant.model.energy_min_mwh, "energy_max_mwh": plant.model.energy_max_mwh}
    shifted = {
        name: tuple((per_step(limit, steps) - spent_mwh).tolist())
        for name, limit in limits.items()
        if limit is not None
    }
    return plant.model.model_copy(update=shifted)


def _with_rebound(demand_mw: Floats, zone: str, past: Past) -> tuple[float, ...]:
    """Demand, with what contracts of the zone draw again after calls that are over."""
    extra_mw = np.zeros(past.case.steps)
    for load, home in _contracts(past.case):
        if home == zone and load.rebound_share > 0:
            extra_mw += _rebound_of_ended_calls(load, past)
    return tuple((demand_mw + extra_mw[past.steps :]).tolist())


def _contracts(case: Case) -> Iterator[tuple[InterruptibleLoad, str]]:
    for resource in case.resources:
        if isinstance(resource, InterruptibleLoad):
            yield resource, resource.zone
        if isinstance(resource, VirtualPowerPlant):
            yield from ((one, resource.zone) for one in resource.members if isinstance(one, InterruptibleLoad))


def _rebound_of_ended_calls(load: InterruptibleLoad, past: Past) -> Floats:
    called, shed_mw = past.column(load.name, "called") > 0.5, past.column(load.name, "shed_mw")
    edges = np.diff(np.concatenate([[load.initial.in_progress_h > 0], called]).astype(int))
    window_steps = past.case.horizon.steps_in(load.rebound_window_h)
    extra_mw = np.zeros(past.case.steps)
    for end in np.flatnonzero(edges < 0):
        off = np.flatnonzero(~called[:end])
        begin = int(off[-1]) + 1 if off.size else 0
        carried_mwh = load.initial.in_progress_mwh if begin == 0 and load.initial.in_progress_h > 0 else 0.0
        shed_mwh = float(shed_mw[begin:end].sum() * past.step_h) + carried_mwh
        extra_mw[end : end + window_steps] += shed_mwh * load.rebound_share / (window_steps * past.step_h)
    return extra_mw


def _not_carried(past: Past) -> Iterator[str]:
    """Limits of a day or of the horizon of which the past has used a part that a case cannot say."""
    if past.today().any():
        yield from _of_the_day(past)
    for resource in past.case.everything:
        if isinstance(resource, Renewable) and resource.utilisation_min is not None:
            yield f"{resource.name}: its least utilisation counts over what is left, not over the whole plan"
        envelope = resource.model if isinstance(resource, VirtualPowerPlant) else None
        if isinstance(envelope, Envelope) and envelope.ramp_mw_per_h is not None:
            yield f"{resource.name}: its ramp begins from 0, not from what it gives now"


def _of_the_day(past: Past) -> Iterator[str]:
    for resource in past.case.everything:
        if past.ends_today() and not isinstance(resource, PumpedHydro):
            continue  # carried on: what is left of the day's limit is the limit of the rest
        limits = ("starts_per_day_max", "energy_per_day_max_mwh", "cycles_per_day_max")
        for limit in (name for name in limits if getattr(resource, name, None) is not None):
            yield f"{resource.name}: {limit} counts anew from the beginning of the rest, in the middle of a day"
    for fuel in past.case.fuels:
        if fuel.day_max_gj is not None:
            yield f"{fuel.name}: day_max_gj counts anew from the beginning of the rest, in the middle of a day"
