"""The adequacy view of a case: units that fail, and who answers, class by class."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from grid_models.case import Case
from grid_models.quantities import Floats, per_step
from grid_models.resources import (
    Battery,
    InterruptibleLoad,
    PumpedHydro,
    Resource,
    ThermalUnit,
    VirtualPowerPlant,
)
from grid_models.resources.virtual_power_plant import Envelope
from services.dispatch.assessment.adequacy import CalledLoad, Member, Store, System, Unit
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.responders import source_of

OUTAGE_RATE, REPAIR_H = 0.05, 50.0
"""Of a thermal unit whose fleet does not say its own; a case says nothing of forced outages."""
RECHARGED_H = 4.0
"""In which an envelope without a band below its baseline is ready again; an assumption."""
Failing = Callable[[ThermalUnit], tuple[float, float]]
"""Forced outage rate and mean hours to repair of a unit."""


def always(_: ThermalUnit) -> tuple[float, float]:
    """The same for every unit."""
    return OUTAGE_RATE, REPAIR_H


def system_of(case: Case, failing: Failing = always, response: bool = True) -> System:
    """Thermal units that fail, who answers (unless `response` is False), and all else as given."""
    net = LoadYear.of(case).less(given_mw(case)).hourly()
    system = supply_of(case, net.load_mw[None, :], failing)
    return system.plus(*(one for members in answering(case).values() for one in members)) if response else system


def supply_of(case: Case, net_load_mw: Floats, failing: Failing = always) -> System:
    """The thermal units of a case before weather years of net load."""
    units = [Unit(one.max_mw, *failing(one)) for one in case.resources if isinstance(one, ThermalUnit)]
    return System(tuple(units), net_load_mw)


def given_mw(case: Case) -> Floats:
    """What wind, sun, run of river and schedules could give, step by step."""
    scheduled = [np.broadcast_to(one.power_mw, case.steps) for one in case.resources if one.kind == "profile"]
    return np.asarray(np.sum([renewable_mw(case), *scheduled], axis=0))


def renewable_mw(case: Case) -> Floats:
    """What wind, sun and run of river could give, step by step."""
    rows = [np.broadcast_to(one.available_mw, case.steps) for one in case.resources if one.kind == "renewable"]
    return np.asarray(np.sum([np.zeros(case.steps), *rows], axis=0))


def answering(case: Case) -> Mapping[str, tuple[Member, ...]]:
    """Who answers beyond the thermal units, by source and programme, such as `D: contract` or `P: store`."""
    found: dict[str, list[Member]] = defaultdict(list)
    for resource in case.resources:
        label = class_of(resource)
        if label is not None:
            found[label] += _members(resource, case)
    return {label: tuple(members) for label, members in found.items() if members}


def class_of(resource: Resource) -> str | None:
    """Source and programme of a resource; None where it does not answer."""
    if isinstance(resource, Battery | PumpedHydro):
        return f"{source_of(resource)}: store"
    if isinstance(resource, InterruptibleLoad):
        return "D: contract"
    return "D: virtual power plant" if isinstance(resource, VirtualPowerPlant) else None


def _members(resource: Resource, case: Case) -> Iterator[Member]:
    if isinstance(resource, Battery):
        yield _battery(resource)
    elif isinstance(resource, PumpedHydro):
        yield _station(resource)
    elif isinstance(resource, InterruptibleLoad):
        yield _contract(resource)
    elif isinstance(resource, ThermalUnit):
        yield Unit(resource.max_mw, *always(resource))
    elif isinstance(resource, VirtualPowerPlant):
        if isinstance(resource.model, Envelope):
            yield _envelope(resource, resource.model, case)
        else:
            for member in resource.members:
                yield from _members(member, case)


def _battery(one: Battery) -> Store:
    usable_mwh = float(np.max(one.energy_max_mwh) - np.max(one.energy_min_mwh)) * one.discharge_efficiency
    cycle = one.charge_efficiency * one.discharge_efficiency
    return Store(float(np.max(one.discharge_max_mw)), float(np.max(one.charge_max_mw)), usable_mwh, cycle)


def _station(one: PumpedHydro) -> Store:
    power_mw = sum(unit.generate_max_mw for unit in one.units)
    pump_mw = sum(unit.pump_max_mw for unit in one.units)
    usable_mwh = (one.upper_max_mwh - one.upper_min_mwh) * one.generate_efficiency
    return Store(power_mw, pump_mw, usable_mwh, one.generate_efficiency * one.pump_efficiency)


def _contract(one: InterruptibleLoad) -> CalledLoad:
    room_mw = np.inf if one.baseline_mw is None else float(np.min(np.subtract(one.baseline_mw, one.floor_mw)))
    return CalledLoad(
        mw=one.availability * max(0.0, min(one.contract_mw, room_mw)),
        longest_h=one.call_max_h or np.inf,
        per_day=np.inf if one.calls_per_day_max is None else one.calls_per_day_max,
        per_year=np.inf if one.calls_max is None else one.calls_max,
        rest_h=one.rest_h,
    )


def _envelope(plant: VirtualPowerPlant, band: Envelope, case: Case) -> Member:
    """Energy that runs ahead of the baseline comes back through the band below it, as a store refills."""
    most_mw = float((per_step(band.power_max_mw, case.steps) * per_step(plant.availability, case.steps)).min())
    if band.energy_max_mwh is None:
        return CalledLoad(most_mw)
    energy_mwh = float(np.max(band.energy_max_mwh))
    refill_mw = float(-np.min(band.power_min_mw)) or energy_mwh / RECHARGED_H
    return Store(most_mw, refill_mw, energy_mwh)
