"""Thermal units from the card: no two quite alike, and all of them somewhere sensible on the evening before."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from grid_models.horizon import Horizon
from grid_models.provinces.card import Card, FuelPrice, Traits, UnitClass
from grid_models.quantities import Period
from grid_models.resources import ThermalUnit
from grid_models.resources.thermal import CostPoint, DeepPeakingTier, StartCost, ThermalState

# Share of the full-load input that a unit burns at a share x of its rating: 9 % to keep going, the rest slightly
# bent, so that a coal unit at 40 % burns 9 % more per MWh than at full load (usual range 7-12 %; assumed).
KEEP_GOING, STRAIGHT, BENT = 0.09, 0.83, 0.08
COST_POINTS = 4
SPREAD = 0.03
"""How far units of a class differ in efficiency, either way (assumed)."""
GOLDEN = 0.6180339887498949
HEADROOM_AT_MIDNIGHT = 1.06
"""Committed capacity over what midnight needs, for the reserve (assumed)."""


def thermal_units(card: Card) -> tuple[ThermalUnit, ...]:
    """Every unit of every class, without its initial state."""
    return tuple(
        _unit(card, kind, name, rating_mw, index) for index, (kind, name, rating_mw) in enumerate(_ratings(card))
    )


@dataclass(frozen=True)
class Place:
    """Where a unit stands, and in what steps its day is planned."""

    zone: str
    step_h: float


def _ratings(card: Card) -> Iterator[tuple[UnitClass, str, float]]:
    """Every unit of the fleet: its class, its name, its rating."""
    for kind in card.thermal:
        ratings = [rating for rating, count in kind.units.items() for _ in range(count)]
        for number, rating_mw in enumerate(ratings, start=1):
            yield kind, f"{kind.name}-{number:02d}", rating_mw


def _unit(card: Card, kind: UnitClass, name: str, rating_mw: float, index: int) -> ThermalUnit:
    traits = card.traits_named(kind.traits)
    place = Place(card.name, card.day.horizon.step_h)
    unit = thermal_unit(place, name, kind.technology, traits, card.fuel_named(traits.fuel), rating_mw, index)
    away = tuple(Period(start=item.since, end=item.until) for item in card.outages if item.unit == name)
    return unit.model_copy(update={"outages": away}) if away else unit


def thermal_unit(
    place: Place, name: str, technology: str, traits: Traits, fuel: FuelPrice, rating_mw: float, index: int
) -> ThermalUnit:
    """The unit at a place in the fleet, a little better or worse than its class."""
    wear = 1 + SPREAD * (2 * ((index + 1) * GOLDEN % 1) - 1)
    min_mw = round(rating_mw * traits.min_share[index % len(traits.min_share)], 1)
    max_mw = round(rating_mw * traits.summer_share, 1)
    ramp_mw_per_h = round(rating_mw * traits.ramp_per_min * 60, 1)
    step_mw = ramp_mw_per_h * place.step_h
    edge_mw = round(min(max_mw, min_mw + step_mw), 1)
    return ThermalUnit(
        name=name,
        zone=place.zone,
        technology=technology,
        min_mw=min_mw,
        max_mw=max_mw,
        cost=_cost(min_mw, max_mw, rating_mw, fuel.price * traits.use * wear),
        start_costs=_start_costs(traits, rating_mw * wear),
        min_up_h=traits.min_up_h,
        min_down_h=traits.min_down_h,
        ramp_up_mw_per_h=ramp_mw_per_h,
        ramp_down_mw_per_h=ramp_mw_per_h,
        start_max_mw=edge_mw,
        stop_max_mw=edge_mw,
        start_time_min=traits.start_time_min,
        must_run=traits.must_run,
        deep_peaking=_tiers(traits, rating_mw, min_mw),
        emission_t_per_mwh=round(fuel.co2 * traits.use * wear, 3),
    )


def _cost(min_mw: float, max_mw: float, rating_mw: float, price_per_mwh: float) -> tuple[CostPoint, ...]:
    """Fuel by the hour along the bent input curve; `price_per_mwh` is the fuel of a MWh at full load."""
    width_mw = (max_mw - min_mw) / (COST_POINTS - 1)
    outputs_mw = [round(min_mw + width_mw * point, 3) for point in range(COST_POINTS - 1)] + [max_mw]
    return tuple(
        CostPoint(mw=mw, cost_per_h=round(_input_share(mw / rating_mw) * rating_mw * price_per_mwh, 2))
        for mw in outputs_mw
    )


def _input_share(share: float) -> float:
    return KEEP_GOING + STRAIGHT * share + BENT * share**2


def _start_costs(traits: Traits, mw: float) -> tuple[StartCost, ...]:
    return tuple(
        StartCost(hours_off=hours, cost=round(price * mw, -1)) for hours, price in sorted(traits.start_per_mw.items())
    )


def _tiers(traits: Traits, rating_mw: float, min_mw: float) -> tuple[DeepPeakingTier, ...]:
    ramp = traits.deep_ramp_per_min
    return tuple(
        DeepPeakingTier(
            below_mw=round(share * rating_mw, 1),
            price_per_mwh=price,
            ramp_mw_per_h=None if ramp is None else round(ramp * rating_mw * 60, 1),
        )
        for share, price in sorted(traits.deep_peaking.items(), reverse=True)
        if share * rating_mw > min_mw
    )


def on_the_evening_before(units: tuple[ThermalUnit, ...], need_mw: float, horizon: Horizon) -> tuple[ThermalUnit, ...]:
    """The units with the state of midnight: the cheapest that carry `need_mw` run, all equally far into their range."""
    order = sorted((unit for unit in units if not _is_out(unit, horizon)), key=_merit)
    reached = accumulate(unit.max_mw for unit in order)
    running = [
        unit
        for unit, sum_mw in zip(order, reached, strict=True)
        if unit.must_run or sum_mw - unit.max_mw < need_mw * HEADROOM_AT_MIDNIGHT
    ]
    least_mw = sum(unit.min_mw for unit in running)
    range_mw = sum(unit.max_mw for unit in running) - least_mw
    share = min(1.0, max(0.0, (need_mw - least_mw) / range_mw)) if range_mw > 0 else 0.0
    names = {unit.name for unit in running}
    return tuple(
        unit.model_copy(update={"initial": _state(unit, index, unit.name in names, share, horizon)})
        for index, unit in enumerate(units)
    )


def _is_out(unit: ThermalUnit, horizon: Horizon) -> bool:
    return bool(horizon.within(unit.outages)[0])


def _merit(unit: ThermalUnit) -> tuple[bool, float]:
    """Must-run first, then by the cost of a MWh at full output."""
    _, cost_per_h = unit.curve
    return not unit.must_run, float(cost_per_h[-1]) / unit.max_mw


def _state(unit: ThermalUnit, index: int, on: bool, share: float, horizon: Horizon) -> ThermalState:
    """Hours spread by a fixed pattern: coal runs for days, gas since the morning or off since late evening."""
    if on:
        hours = 14 + index % 5 if unit.min_up_h <= 6 else max(unit.min_up_h, 48 + index * 29 % 400)
        power_mw = unit.max_mw if unit.must_run else round(unit.min_mw + share * (unit.max_mw - unit.min_mw), 1)
        return ThermalState(on=True, hours=hours, power_mw=power_mw)
    if _is_out(unit, horizon):
        return ThermalState(on=False, hours=round((horizon.start - unit.outages[0].start).total_seconds() / 3600, 2))
    return ThermalState(on=False, hours=1.5 + index % 4 * 0.5 if unit.min_down_h <= 6 else 30 + index % 7 * 12)
