"""From the card of a province to the case of its peak day: the same card always gives the same case."""

import numpy as np

from grid_models.case import Case, ReserveProduct, ShortageStep, Zone
from grid_models.provinces.card import Card, Cluster, ReserveFact
from grid_models.provinces.curves import daylight, eased, hours_of_day, in_steps, tenths
from grid_models.provinces.response import contracts, virtual_power_plants
from grid_models.provinces.storage import batteries, stations
from grid_models.provinces.thermal import on_the_evening_before, thermal_units
from grid_models.quantities import Floats, per_step
from grid_models.resources import Profile, Renewable, ThermalUnit


def peak_day(card: Card) -> Case:
    """The province on the day of the card, in one zone."""
    given: tuple[Renewable | Profile, ...] = (*renewables(card), *schedules(card))
    return Case(
        name=f"{card.name}_peak_day",
        description=f"{card.title}: {card.day.note}.",
        sources=tuple(card.sources.values()),
        horizon=card.day.horizon,
        decision_time=card.day.decision_time,
        zones=(Zone(name=card.name, demand_mw=tenths(demand_mw(card)), forecast_series=load_series(card.name)),),
        resources=(
            *committed(card, given),
            *given,
            *stations(card),
            *batteries(card),
            *virtual_power_plants(card),
            *contracts(card),
        ),
        reserves=tuple(reserve(item, card) for item in card.reserves),
        prices=card.prices.prices,
        carbon_price_per_t=card.prices.carbon_price_per_t,
    ).check(card.name)


def load_series(province: str) -> str:
    """Name of the forecast series of the province's load."""
    return f"{province} load"


def demand_mw(card: Card) -> Floats:
    shares = eased(hours_of_day(card.day.horizon), card.demand.shape.points)
    return np.asarray(card.demand.peak_mw.value * shares, dtype=np.float64)


def committed(card: Card, given: tuple[Renewable | Profile, ...]) -> tuple[ThermalUnit, ...]:
    """The thermal units as midnight finds them: they carry what wind, water and imports leave, stores at rest."""
    steps = card.day.horizon.steps
    others_mw = sum(per_step(_power_mw(item), steps)[0] for item in given)
    return on_the_evening_before(thermal_units(card), float(demand_mw(card)[0] - others_mw), card.day.horizon)


def _power_mw(item: Renewable | Profile) -> float | tuple[float, ...]:
    return item.available_mw if isinstance(item, Renewable) else item.power_mw


def renewables(card: Card) -> tuple[Renewable, ...]:
    """Wind, sun and run of river, city by city; weather reaches one city after the other."""
    hours = hours_of_day(card.day.horizon)
    plants: list[Renewable] = []
    for item in (*card.wind, *card.hydro):
        for index, city in enumerate(item.clusters):
            shares = eased((hours - index * item.shift_h) % 24, item.points)
            plants.append(_plant(item, city, shares, card.name))
    for sun in card.solar:
        height = daylight(hours, sun.sunrise_h, sun.sunset_h, sun.power)
        plants += [_plant(sun, city, height * sun.peak_share, card.name) for city in sun.clusters]
    return tuple(plants)


def _plant(item: Cluster, city: str, shares: Floats, zone: str) -> Renewable:
    available_mw = tenths(item.mw * item.clusters[city] * shares)
    firm = item.firm_share > 0
    return Renewable(
        name=f"{item.name}-{city}",
        zone=zone,
        technology=item.technology,
        available_mw=available_mw,
        min_mw=tenths(np.floor(np.array(available_mw) * item.firm_share * 10) / 10) if firm else 0.0,
        curtailment_price_per_mwh=item.curtailment_price,
        forecast_series=f"{item.name}-{city}",
    )


def schedules(card: Card) -> tuple[Profile, ...]:
    """Imports and other power that is given from outside."""
    hours = hours_of_day(card.day.horizon)
    return tuple(
        Profile(
            name=item.name,
            zone=card.name,
            technology=item.technology,
            power_mw=tenths(in_steps(hours, item.steps)) if len(item.steps) > 1 else next(iter(item.steps.values())),
            cost_per_mwh=item.cost_per_mwh,
        )
        for item in card.given
    )


def reserve(item: ReserveFact, card: Card) -> ReserveProduct:
    """A product whose requirement follows the demand or the sun, missing slices priced by the card."""
    requirement = item.mw + item.share_of_demand * demand_mw(card) + item.solar_share * _sun_mw(card)
    return reserve_product(item, requirement)


def reserve_product(item: ReserveFact, requirement: Floats) -> ReserveProduct:
    """The product with this requirement, MW per step; missing slices are priced by the card."""
    slices = [round(share * float(requirement.max()), 1) for share, _ in item.shortage[:-1]]
    return ReserveProduct(
        name=item.name,
        product=item.product,
        requirement_mw=tenths(requirement),
        response_min=item.response_min,
        duration_h=item.duration_h,
        eligible_kinds=item.kinds,
        shortage=tuple(
            ShortageStep(mw=mw, price_per_mwh=price)
            for mw, (_, price) in zip([*slices, None], item.shortage, strict=True)
        ),
    )


def _sun_mw(card: Card) -> Floats:
    plants = [item for item in renewables(card) if "photovoltaic" in item.technology]
    rows = [per_step(item.available_mw, card.day.horizon.steps) for item in plants]
    return np.asarray(np.sum(rows, axis=0), dtype=np.float64)
