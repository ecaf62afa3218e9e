"""What can answer besides the thermal fleet: pumped hydro, batteries, contracts, virtual power plants, vehicles."""

from collections.abc import Iterator

import numpy as np

from grid_models.provinces.card import BatteryClass, Contract, EnvelopeFact, Station
from grid_models.provinces.facts import ProvinceFacts, PumpedHydroFact, at
from grid_models.provinces.nation import Nation, Programme
from grid_models.provinces.response import contract, envelope
from grid_models.provinces.storage import battery, station
from grid_models.quantities import Floats
from grid_models.resources import Battery, InterruptibleLoad, PumpedHydro, VirtualPowerPlant

BATTERY_BLOCKS, BATTERY_LEAST_MW = 8, 100.0
"""A fleet of batteries is planned in so many equal ones, none smaller than this."""
ROUND_TRIP, WEAR_CNY_PER_MWH = 0.86, 55.0
LEAST_CONTRACT_MW = 2.0
PLANTS_MW = 400.0
"""Virtual power plants of a province are planned in about this size."""
VEHICLE_BIDS = ((0.5, 500.0), (0.5, 800.0))
PLANT_NAME, STORAGE_NAME = "vpp", "storage"
VEHICLES_NAME = "electric vehicles"
VEHICLES = "electric vehicles, managed charging as an envelope"
BUILDINGS = "virtual power plant of buildings and workshops"


def stations_in(facts: ProvinceFacts, year: int) -> tuple[PumpedHydroFact, ...]:
    return tuple(one for one in facts.pumped_hydro if one.year <= year)


def stations(facts: ProvinceFacts, year: int) -> tuple[PumpedHydro, ...]:
    """Every station that is in operation, by its sets."""
    return tuple(station(_plant(one), index, facts.name) for index, one in enumerate(stations_in(facts, year)))


def _plant(fact: PumpedHydroFact) -> Station:
    return Station(
        name=fact.name, units=fact.units, mw=round(fact.mw / fact.units, 1), hours=fact.hours, source=fact.source,
        certainty=fact.certainty,
    )  # fmt: skip


def storage_mw_and_hours(facts: ProvinceFacts, year: int) -> tuple[float, float]:
    """New-type storage at the end of the year."""
    mw = at(facts.storage, year)
    known = sorted(facts.storage, key=lambda one: one.year)
    hours = float(np.interp(year, [one.year for one in known], [one.hours for one in known])) if known else 0.0
    return mw, hours


def batteries(facts: ProvinceFacts, year: int) -> tuple[Battery, ...]:
    mw, hours = storage_mw_and_hours(facts, year)
    if mw < 1:
        return ()
    count = max(1, min(BATTERY_BLOCKS, int(mw / BATTERY_LEAST_MW)))
    kind = BatteryClass(
        name=STORAGE_NAME, technology="new-type storage on the grid", units=count, mw=round(mw / count, 1),
        hours=(round(hours, 2),), round_trip=ROUND_TRIP, wear_cost=WEAR_CNY_PER_MWH, source="storage_2024",
        certainty="assumed",
    )  # fmt: skip
    return tuple(battery(kind, number, facts.name) for number in range(1, count + 1))


def contracts(facts: ProvinceFacts, nation: Nation, year: int, shape: Floats) -> tuple[InterruptibleLoad, ...]:
    """What users have signed, by the usual programmes and by the industries of the province."""
    signed_mw = at(facts.response.contracts_mw, year)
    return tuple(
        contract(fact, facts.name, shape).model_copy(update={"technology": f"contract to shed, {programme.name}"})
        for programme, mw in zip(nation.programmes, programmes_mw(facts, nation, signed_mw), strict=True)
        if mw >= LEAST_CONTRACT_MW
        for fact in _signed(programme, mw)
    )


def programmes_mw(facts: ProvinceFacts, nation: Nation, signed_mw: float) -> list[float]:
    """Contracts by programme: an industry signs no more than a share of its load, the others take up the rest."""
    limits = [_limit_mw(facts, one) for one in nation.programmes]
    shares = [min(one.share * signed_mw, limit) for one, limit in zip(nation.programmes, limits, strict=True)]
    left_mw = signed_mw - sum(shares)
    free = sum(one.share for one, limit in zip(nation.programmes, limits, strict=True) if limit == np.inf)
    return [
        mw + (left_mw * one.share / free if limit == np.inf else 0.0)
        for one, limit, mw in zip(nation.programmes, limits, shares, strict=True)
    ]


def _limit_mw(facts: ProvinceFacts, programme: Programme) -> float:
    if programme.industry is None:
        return float(np.inf)
    return programme.industry_share * sum(one.mw for one in facts.industry if one.technology == programme.industry)


def _signed(programme: Programme, mw: float) -> Iterator[Contract]:
    """One contract for each user of a programme, the first a little larger than the second."""
    weights = np.linspace(1.2, 0.8, programme.users) if programme.users > 1 else np.ones(1)
    for number, weight in enumerate(weights / weights.sum(), start=1):
        each = float(weight) * mw
        yield Contract(
            name=f"{programme.name} {number}", form=programme.form, mw=round(each, 1),
            baseline=round(programme.baseline * each, 1), floor=round(programme.floor * each, 1),
            notice_h=programme.notice_h, call_h=programme.call_h, calls=programme.calls,
            calls_per_year=programme.calls_per_year, rest_h=programme.rest_h,
            price=programme.price + 20 * number, price_per_call=round(programme.price_per_call_mw * each, -1),
            rebound=programme.rebound, rebound_h=programme.rebound_h, source=programme.source, certainty="assumed",
        )  # fmt: skip


def virtual_power_plants(facts: ProvinceFacts, nation: Nation, year: int, steps: int) -> tuple[VirtualPowerPlant, ...]:
    """Buildings and workshops, and the managed part of charging: an envelope each, labelled so."""
    found = [*_buildings(facts, nation, year), *_vehicles(facts, nation, year)]
    return tuple(
        envelope(fact, facts.name, steps).model_copy(update={"technology": technology}) for fact, technology in found
    )


def _buildings(facts: ProvinceFacts, nation: Nation, year: int) -> Iterator[tuple[EnvelopeFact, str]]:
    mw = at(facts.response.virtual_power_plants_mw, year)
    count = max(1, round(mw / PLANTS_MW))
    for number in range(1, count + 1):
        if mw >= LEAST_CONTRACT_MW:
            yield _times(nation.buildings, mw / count / nation.buildings.up_mw, f"{PLANT_NAME} {number}"), BUILDINGS


def _times(fact: EnvelopeFact, factor: float, name: str) -> EnvelopeFact:
    scaled = {
        field: round(getattr(fact, field) * factor, 1)
        for field in ("up_mw", "down_mw", "ahead_mwh", "behind_mwh", "ramp_mw_per_h", "standing_cost_per_h")
    }
    bids = tuple((round(mw * factor, 1), price) for mw, price in fact.bids)
    return fact.model_copy(update={**scaled, "bids": bids, "name": name})


def _vehicles(facts: ProvinceFacts, nation: Nation, year: int) -> Iterator[tuple[EnvelopeFact, str]]:
    """Charging that waits: less in the evening, drawn again before the night ends."""
    millions = at(facts.electric_vehicles.millions, year)
    traits = nation.vehicles
    up_mw = round(millions * traits.evening_mw * traits.managed_share, 1)
    down_mw = round(millions * traits.midnight_mw * traits.managed_share, 1)
    if up_mw < LEAST_CONTRACT_MW:
        return
    bids = tuple((round(share * up_mw, 1), price) for share, price in VEHICLE_BIDS)
    yield EnvelopeFact(
        name=VEHICLES_NAME, up_mw=up_mw, down_mw=down_mw, ahead_mwh=round(2.5 * up_mw, 1),
        behind_mwh=round(2.5 * up_mw, 1), ramp_mw_per_h=round(2 * up_mw, 1), bids=bids, standing_cost_per_h=0.0,
        source=facts.electric_vehicles.source, certainty="assumed",
    ), VEHICLES  # fmt: skip
