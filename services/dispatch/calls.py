"""Calls of response as instructions: who, from when, for how long, how much, and why."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.plan import Call
from grid_models.quantities import Floats
from grid_models.resources import InterruptibleLoad, Resource, VirtualPowerPlant
from grid_models.resources.virtual_power_plant import Envelope

TOLERANCE_MW = 1e-4


def calls(case: Case, columns: dict[str, dict[str, Floats]], prices: dict[str, list[float]]) -> list[Call]:
    """Every stretch in which an interruptible load sheds or a virtual power plant delivers, in order of time."""
    found = [call for resource in case.everything for call in _calls_of(resource, case, columns, prices)]
    return sorted(found, key=lambda call: (call.start, call.name))


def _calls_of(
    resource: Resource, case: Case, columns: dict[str, dict[str, Floats]], prices: dict[str, list[float]]
) -> Iterator[Call]:
    if isinstance(resource, InterruptibleLoad):
        power, on = columns[resource.name]["shed_mw"], columns[resource.name]["called"] > 0.5
    elif isinstance(resource, VirtualPowerPlant) and isinstance(resource.model, Envelope):
        # The members of a composition run on their own account; only their contracts are called.
        power = columns[resource.name]["power_mw"]
        on = power > TOLERANCE_MW
    else:
        return
    zone_price = np.array(prices.get(_zone(resource, case), [0.0] * case.steps))
    for first, last in _runs(on):
        yield _call(resource, case, slice(first, last), power[first:last], zone_price[first:last])


def _zone(resource: Resource, case: Case) -> str:
    for plant in case.resources:
        if isinstance(plant, VirtualPowerPlant) and resource in plant.members:
            return plant.zone
    return resource.zone


def _runs(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _call(resource: Resource, case: Case, when: slice, power: Floats, price: Floats) -> Call:
    step_h = case.horizon.step_h
    energy_mwh = float(power.sum() * step_h)
    cost = _cost(resource, power, step_h, when.start == 0)
    return Call(
        name=resource.name,
        kind=resource.kind,  # type: ignore[attr-defined]
        start=case.horizon.moment(when.start),
        hours=len(power) * step_h,
        energy_mwh=round(energy_mwh, 6),
        peak_mw=round(float(power.max()), 6),
        cost=round(cost, 6),
        reason=_reason(resource, case, when, price, cost / energy_mwh if energy_mwh > 0 else 0.0),
    )


def _cost(resource: Resource, power: Floats, step_h: float, at_start: bool) -> float:
    if isinstance(resource, InterruptibleLoad):
        fresh = not (at_start and resource.initial.in_progress_h > 0)
        return float(power.sum() * step_h * resource.price_per_mwh + fresh * resource.price_per_call)
    if isinstance(resource, VirtualPowerPlant) and isinstance(resource.model, Envelope):
        return float(sum(_bid_cost(resource.model, mw) for mw in power) * step_h)
    return 0.0


def _bid_cost(band: Envelope, mw: float) -> float:
    cost, left = 0.0, float(mw)
    for index, bid in enumerate(band.up_bids):
        slice_mw = left if index == len(band.up_bids) - 1 else min(left, bid.mw)
        cost, left = cost + slice_mw * bid.price_per_mwh, left - slice_mw
    return cost


def _reason(resource: Resource, case: Case, when: slice, price: Floats, own_price: float) -> str:
    dearest = int(np.argmax(price))
    moment, money = case.horizon.moment(when.start + dearest), f"{case.currency}/MWh"
    if isinstance(resource, InterruptibleLoad) and resource.initial.in_progress_h > 0 and when.start == 0:
        return f"in progress for {resource.initial.in_progress_h:g} h when the horizon begins"
    if price[dearest] >= case.prices.unserved_per_mwh - 1e-6:
        return f"load would go unserved at {moment:%H:%M} without it"
    if price[dearest] > own_price:
        return (
            f"the price of {resource.zone} reaches {price[dearest]:,.0f} {money} at {moment:%H:%M}, "
            f"above its {own_price:,.0f}"
        )
    return (
        f"it spares a commitment: its {own_price:,.0f} {money} is above the price of up to {price[dearest]:,.0f} "
        f"({moment:%H:%M}), but without it another unit would have to start or stay on"
    )
