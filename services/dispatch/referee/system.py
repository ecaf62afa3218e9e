"""What a meter between the resources would object to: the balance of a zone, a link, a fuel."""

from collections.abc import Iterable, Iterator

import numpy as np

from grid_models.case import Fuel, Link, Zone
from grid_models.quantities import Floats, per_step
from grid_models.resources import Resource, ThermalUnit
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Yard


def objections(yard: Yard, findings: dict[str, Finding]) -> Iterator[Violation]:
    """Judge every link, zone and fuel. `findings` are those of the case's own resources, not of members."""
    for link in yard.case.links:
        yield from _link(link, yard)
    net_mw = _arrivals_mw(yard)
    for resource in yard.case.resources:
        net_mw[resource.zone] = net_mw[resource.zone] + findings[resource.name].injection_mw
    for zone in yard.case.zones:
        yield from _zone(zone, net_mw[zone.name], yard)
    burnt_gj = _burnt_gj(yard, _burners(yard.case.resources, findings))
    for fuel in yard.case.fuels:
        yield from _fuel(fuel, burnt_gj[fuel.name], yard)


def cost(yard: Yard) -> dict[str, dict[str, float]]:
    """The bill of unserved and of spilled energy, by zone."""
    read, prices, zero = yard.readings, yard.case.prices, np.zeros(yard.steps)
    return {
        kind: {
            zone.name: price * float(np.maximum(shortage.get(zone.name, zero), 0.0).sum()) * yard.step_h
            for zone in yard.case.zones
        }
        for kind, shortage, price in (
            ("unserved", read.unserved_mw, prices.unserved_per_mwh),
            ("spilled", read.spilled_mw, prices.spilled_per_mwh),
        )
    }


def _link(link: Link, yard: Yard) -> Iterator[Violation]:
    """One signed flow, so a link never carries both ways at once."""
    flow_mw = yard.readings.flows_mw[link.name]
    forward_mw, back_mw = per_step(link.forward_max_mw, yard.steps), per_step(link.back_max_mw, yard.steps)
    to, other = f"flow to {link.to_zone}", f"flow to {link.from_zone}"
    yield from yard.at_most("link limit", link.name, to, np.maximum(flow_mw, 0.0), forward_mw)
    yield from yard.at_most("link limit", link.name, other, np.maximum(-flow_mw, 0.0), back_mw)


def _arrivals_mw(yard: Yard) -> dict[str, Floats]:
    """What the links bring to every zone, net of what they take; the loss is borne where the flow arrives."""
    net_mw = {zone.name: np.zeros(yard.steps) for zone in yard.case.zones}
    for link in yard.case.links:
        flow_mw = yard.readings.flows_mw[link.name]
        forward_mw, back_mw = np.maximum(flow_mw, 0.0), np.maximum(-flow_mw, 0.0)
        net_mw[link.from_zone] = net_mw[link.from_zone] - forward_mw + (1 - link.loss) * back_mw
        net_mw[link.to_zone] = net_mw[link.to_zone] - back_mw + (1 - link.loss) * forward_mw
    return net_mw


def _zone(zone: Zone, net_mw: Floats, yard: Yard) -> Iterator[Violation]:
    zero, demand_mw = np.zeros(yard.steps), per_step(zone.demand_mw, yard.steps)
    unserved_mw = yard.readings.unserved_mw.get(zone.name, zero)
    spilled_mw = yard.readings.spilled_mw.get(zone.name, zero)
    yield from yard.at_least("unserved energy", zone.name, "unserved power", unserved_mw, 0.0)
    yield from yard.at_least("spilled energy", zone.name, "spilled power", spilled_mw, 0.0)
    supplied_mw = net_mw + unserved_mw - spilled_mw
    yield from yard.equal("balance", zone.name, "supply, for its demand,", supplied_mw, demand_mw)


def _burners(resources: Iterable[Resource], findings: dict[str, Finding]) -> Iterator[tuple[ThermalUnit, Floats]]:
    """Every unit that burns a fuel of the case, members of plants included, with what it burns."""
    for resource in resources:
        finding = findings[resource.name]
        if isinstance(resource, ThermalUnit) and finding.fuel_gj is not None:
            yield resource, finding.fuel_gj
        if finding.members:
            yield from _burners(resource.members, finding.members)  # type: ignore[attr-defined]


def _burnt_gj(yard: Yard, burners: Iterable[tuple[ThermalUnit, Floats]]) -> dict[str, Floats]:
    """By fuel, what is burnt on every local day."""
    burnt_gj = {fuel.name: np.zeros(yard.horizon.days) for fuel in yard.case.fuels}
    for unit, fuel_gj in burners:
        if unit.fuel_use is not None:
            burnt_gj[unit.fuel_use.fuel] = burnt_gj[unit.fuel_use.fuel] + yard.by_day(fuel_gj)
    return burnt_gj


def _fuel(fuel: Fuel, day_gj: Floats, yard: Yard) -> Iterator[Violation]:
    if fuel.day_max_gj is not None:
        limit_gj = per_step(fuel.day_max_gj, yard.horizon.days)
        yield from yard.at_most(
            "fuel per day", fuel.name, "fuel burnt on the day", day_gj, limit_gj, "GJ", yard.first_of_day
        )
