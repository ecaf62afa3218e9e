"""Who can answer a peak: every resource of a case as the assessment sees it, and each meter counted once."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from grid_models.case import Case
from grid_models.quantities import Floats, per_step
from grid_models.resources import (
    Battery,
    InterruptibleLoad,
    PumpedHydro,
    Renewable,
    Resource,
    ThermalUnit,
    VirtualPowerPlant,
)
from grid_models.resources.virtual_power_plant import Envelope
from services.dispatch.assessment.profiles import Source

USER_SIDE = ("user-side", "behind the meter", "用户侧")
"""Words in a battery's technology that say on whose side it stands."""
PROGRAMMES = ("contract", "store", "captive", "virtual power plant")
"""Which of two programmes keeps a meter that is in both: what was signed with the user itself goes first."""


@dataclass(frozen=True)
class Responder:
    """One resource in the terms of the assessment (symbols of PEAK_RESPONSE.md in brackets)."""

    name: str
    contracted_mw: float
    """[P]"""
    headroom_mw: tuple[float, ...] | None = None
    """Baseline less floor [b - m], or what a store can give: a day or a year of steps; None: not limiting."""
    source: Source = "D"
    programme: str = "contract"
    availability: float = 1.0
    """[a]"""
    delivery: float = 1.0
    """Share of what is called that arrives [rho]."""
    notice_h: float = 0.0
    """[n]"""
    duration_h: float | None = None
    """Longest call, one block without a break [H]."""
    energy_mwh: float | None = None
    """Most energy of one event [E]."""
    calls_per_day: int | None = None
    calls_per_year: int | None = None
    rest_h: float = 0.0
    """From the end of a call to the next [r]."""
    rebound_share: float = 0.0
    """Of the energy of a call, what is drawn again evenly over the window after it [beta]."""
    rebound_window_h: float = 0.0
    """[W]"""
    loss: float = 0.0
    """Share of power lost on the way to the user, which the grid is spared too [l]."""
    corridors: tuple[str, ...] = ()
    """Zone and connections that its relief must pass [z]."""
    meters_mw: Mapping[str, float] = field(default_factory=dict)
    """Contracted power by member meter [S]; empty: its own meter."""
    note: str = ""
    """How the view was made, where the resource does not say it exactly."""

    def headroom_at(self, steps: Any) -> Floats:
        """What it could shed or give at these steps, MW; a day repeats itself [min(P, b - m)]."""
        if self.headroom_mw is None:
            return np.full(len(steps), self.contracted_mw)
        values = np.asarray(self.headroom_mw)[np.asarray(steps) % len(self.headroom_mw)]
        return np.asarray(np.clip(values, 0.0, self.contracted_mw))

    def possible_mw(self, steps: Any, step_h: float) -> Floats:
        """The same, of a store no more than one step can empty: the theoretical capability [c]."""
        most_mw = np.inf if self.energy_mwh is None else self.energy_mwh / step_h
        return np.asarray(np.minimum(self.headroom_at(steps), most_mw))

    def scaled(self, share: float) -> "Responder":
        """The same with only a share of its members."""
        headroom = None if self.headroom_mw is None else tuple(share * mw for mw in self.headroom_mw)
        energy = None if self.energy_mwh is None else share * self.energy_mwh
        return replace(self, contracted_mw=share * self.contracted_mw, headroom_mw=headroom, energy_mwh=energy)


@dataclass(frozen=True)
class Duplicate:
    """A meter found in two programmes: who keeps it, and what the other one loses."""

    meter: str
    kept_by: str
    taken_from: str
    mw: float


def each_meter_once(responders: Iterable[Responder]) -> tuple[tuple[Responder, ...], tuple[Duplicate, ...]]:
    """The responders without meters that an earlier programme has, in their order, and the log of what was taken."""
    given = tuple(responders)
    owner: dict[str, str] = {}
    log: list[Duplicate] = []
    kept: dict[str, Responder] = {}
    for responder in sorted(given, key=lambda one: PROGRAMMES.index(one.programme)):
        meters = dict(responder.meters_mw) or {responder.name: responder.contracted_mw}
        twice = {meter: mw for meter, mw in meters.items() if meter in owner}
        log += [Duplicate(meter, owner[meter], responder.name, mw) for meter, mw in twice.items()]
        owner |= {meter: responder.name for meter in meters if meter not in owner}
        kept[responder.name] = _without(responder, twice, sum(meters.values()))
    return tuple(kept[one.name] for one in given), tuple(log)


def _without(responder: Responder, taken_mw: Mapping[str, float], total_mw: float) -> Responder:
    if not taken_mw:
        return responder
    left = {meter: mw for meter, mw in responder.meters_mw.items() if meter not in taken_mw}
    share = sum(left.values()) / total_mw if total_mw > 0 else 0.0
    return replace(responder.scaled(share), meters_mw=left)


def responders_of(
    case: Case,
    delivery: Mapping[str, float] | None = None,
    meters: Mapping[str, Mapping[str, float]] | None = None,
    captive: Collection[str] = (),
) -> tuple[Responder, ...]:
    """Every resource of the case that can answer; by name, `delivery` ratios and `meters` from the register.

    `captive` names the users' own thermal units that are under contract; all other units are supply, no response.
    """
    found = [view for resource in case.resources for view in _views(resource, case)]
    found += [_captive(unit) for unit in case.resources if isinstance(unit, ThermalUnit) and unit.name in captive]
    ratios, register = delivery or {}, meters or {}
    return tuple(
        replace(view, delivery=ratios.get(view.name, view.delivery), meters_mw=register.get(view.name, view.meters_mw))
        for view in found
    )


def relief_limits_mw(case: Case) -> dict[str, float]:
    """What relief can do by corridor: in a zone its own demand and what its links carry out; a plant's connection."""
    if len(case.zones) == 1:
        limits = {}
    else:
        limits = {zone.name: float(demand.min()) for zone, demand in zip(case.zones, case.demand_mw, strict=True)}
        for link in case.links:
            limits[link.from_zone] += float(np.min(link.forward_max_mw))
            limits[link.to_zone] += float(np.min(link.back_max_mw))
    for plant in case.resources:
        if isinstance(plant, VirtualPowerPlant) and not isinstance(plant.model, Envelope):
            limits[plant.name] = plant.model.export_max_mw * float(np.min(plant.availability))
    return limits


def _views(resource: Resource, case: Case) -> Iterator[Responder]:
    if isinstance(resource, VirtualPowerPlant):
        yield from _plant(resource, case)
        return
    view = _view(resource, case)
    if view is not None:
        yield replace(view, corridors=(resource.zone,))


def _view(resource: Resource, case: Case) -> Responder | None:
    if isinstance(resource, InterruptibleLoad):
        return _contract(resource, case)
    if isinstance(resource, Battery):
        return _battery(resource, case)
    if isinstance(resource, PumpedHydro):
        return _station(resource)
    return None


def _contract(load: InterruptibleLoad, case: Case) -> Responder:
    headroom = None
    if load.baseline_mw is not None:
        room = per_step(load.baseline_mw, case.steps) - per_step(load.floor_mw, case.steps)
        headroom = _series(room)
    return Responder(
        name=load.name,
        contracted_mw=load.contract_mw,
        headroom_mw=headroom,
        availability=load.availability,
        notice_h=load.notice_h,
        duration_h=load.call_max_h,
        calls_per_day=load.calls_per_day_max,
        calls_per_year=load.calls_max,
        rest_h=load.rest_h,
        rebound_share=load.rebound_share,
        rebound_window_h=load.rebound_window_h,
        note="a contract: its calls, blocks and rest stand for the process behind it, which has no model of its own",
    )


def _battery(store: Battery, case: Case) -> Responder:
    usable_mwh = float(np.max(store.energy_max_mwh) - np.max(store.energy_min_mwh)) * store.discharge_efficiency
    return Responder(
        name=store.name,
        contracted_mw=float(np.max(store.discharge_max_mw)),
        headroom_mw=_series(per_step(store.discharge_max_mw, case.steps)),
        source=source_of(store),
        programme="store",
        energy_mwh=usable_mwh,
        note="full when called: a day's notice is long enough to charge",
    )


def source_of(store: Battery | PumpedHydro) -> Source:
    """On whose side a store stands."""
    if isinstance(store, PumpedHydro):
        return "P"
    return "D" if any(word in store.technology for word in USER_SIDE) else "S"


def _station(station: PumpedHydro) -> Responder:
    usable_mwh = (station.upper_max_mwh - station.upper_min_mwh) * station.generate_efficiency
    return Responder(
        name=station.name,
        contracted_mw=sum(unit.generate_max_mw for unit in station.units),
        source="P",
        programme="store",
        energy_mwh=usable_mwh,
        note="upper reservoir full when called",
    )


def _captive(unit: ThermalUnit) -> Responder:
    running_mw = unit.initial.power_mw if unit.initial else 0.0
    return Responder(
        name=unit.name,
        contracted_mw=unit.max_mw,
        headroom_mw=(unit.max_mw - running_mw,),
        corridors=(unit.zone,),
        programme="captive",
        note="adds what it does not already give: its output before the horizon",
    )


def _plant(plant: VirtualPowerPlant, case: Case) -> Iterator[Responder]:
    if isinstance(plant.model, Envelope):
        yield replace(_envelope(plant, plant.model, case), corridors=(plant.zone,))
        return
    for member in plant.members:
        view = _member(member, case)
        if view is not None:
            yield replace(
                view, source="D", programme="virtual power plant", corridors=(plant.zone, plant.name),
                availability=view.availability * float(np.min(plant.availability)),
            )  # fmt: skip


def _member(member: Resource, case: Case) -> Responder | None:
    if isinstance(member, ThermalUnit):
        return replace(_captive(member), note="engine of a virtual power plant, off before it is called")
    # The sun on a park's roof shines whether it is called or not: it is no response.
    return None if isinstance(member, Renewable) else _view(member, case)


def _envelope(plant: VirtualPowerPlant, band: Envelope, case: Case) -> Responder:
    most_mw = per_step(band.power_max_mw, case.steps) * per_step(plant.availability, case.steps)
    ahead = None if band.energy_max_mwh is None else per_step(band.energy_max_mwh, case.steps)
    behind_mw = float(-np.min(band.power_min_mw))
    energy_mwh = None if ahead is None else float(ahead.max())
    returned = 0.0 if ahead is None or energy_mwh == 0 else float(1 - ahead[-1] / ahead.max())
    # Given back no faster than the band allows; slower is left to the plant, so this is the shortest window.
    window_h = max(1.0, np.ceil(energy_mwh / behind_mw)) if energy_mwh and behind_mw > 0 else 4.0
    return Responder(
        name=plant.name,
        contracted_mw=float(most_mw.max()),
        headroom_mw=_series(most_mw),
        programme="virtual power plant",
        energy_mwh=energy_mwh,
        rebound_share=returned,
        rebound_window_h=float(window_h) if returned else 0.0,
        note="an envelope of its members: energy that runs ahead of the baseline is drawn again after the call",
    )


def _series(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
