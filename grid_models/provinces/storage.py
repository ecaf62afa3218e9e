"""The stores of the card: pumped-hydro stations by unit, and the batteries on the grid."""

from grid_models.provinces.card import BatteryClass, Card, Station
from grid_models.resources import Battery, PumpedHydro
from grid_models.resources.pumped_hydro import PumpedHydroUnit

# Usual figures of pump-turbines (assumed): a cycle of 0.78, least generation half the rating, pumping 8 % above it.
GENERATE_EFFICIENCY, PUMP_EFFICIENCY = 0.9, 0.87
GENERATE_MIN_SHARE, PUMP_SHARE, VARIABLE_PUMP_MIN_SHARE = 0.5, 1.08, 0.75
PUMPED_HYDRO_START_COST_CNY = 4000.0
LEVEL_AT_MIDNIGHT = (0.32, 0.38, 0.35)
"""Share of the upper reservoir that the evening has left, station by station (assumed)."""
CHARGE_AT_MIDNIGHT = (0.2, 0.35, 0.5, 0.25)
CHARGE_MIN_SHARE = 0.05
CYCLES_PER_DAY = 2.0


def stations(card: Card) -> tuple[PumpedHydro, ...]:
    return tuple(station(item, index, card.name) for index, item in enumerate(card.pumped_hydro))


def station(item: Station, index: int, zone: str) -> PumpedHydro:
    capacity_mwh = round(item.units * item.mw * item.hours / GENERATE_EFFICIENCY, 1)
    start_mwh = round(LEVEL_AT_MIDNIGHT[index % len(LEVEL_AT_MIDNIGHT)] * capacity_mwh, 1)
    return PumpedHydro(
        name=item.name,
        zone=zone,
        technology="pumped hydro, variable speed" if item.variable_speed else "pumped hydro",
        units=tuple(_set(item, number) for number in range(1, item.units + 1)),
        generate_efficiency=GENERATE_EFFICIENCY,
        pump_efficiency=PUMP_EFFICIENCY,
        upper_max_mwh=capacity_mwh,
        upper_start_mwh=start_mwh,
        lower_max_mwh=capacity_mwh,
        lower_start_mwh=round(capacity_mwh - start_mwh, 1),
        min_generate_h=0.5,
        min_pump_h=1,
        changeover_h=0.5,
        starts_per_day_max=5,
        start_cost=PUMPED_HYDRO_START_COST_CNY,
    )


def _set(item: Station, number: int) -> PumpedHydroUnit:
    pump_mw = round(item.mw * PUMP_SHARE)
    return PumpedHydroUnit(
        name=f"{item.name}-{number}",
        generate_min_mw=round(item.mw * GENERATE_MIN_SHARE),
        generate_max_mw=item.mw,
        pump_min_mw=round(item.mw * VARIABLE_PUMP_MIN_SHARE) if item.variable_speed else pump_mw,
        pump_max_mw=pump_mw,
        initial_hours=1.5,
    )


def batteries(card: Card) -> tuple[Battery, ...]:
    return tuple(battery(item, number, card.name) for item in card.batteries for number in range(1, item.units + 1))


def battery(item: BatteryClass, number: int, zone: str) -> Battery:
    """Stations of a class differ in hours, charge at midnight and a little in wear."""
    energy_mwh = item.mw * item.hours[number % len(item.hours)]
    one_way = round(item.round_trip**0.5, 4)
    return Battery(
        name=f"{item.name}-{number:02d}",
        zone=zone,
        technology=item.technology,
        charge_max_mw=item.mw,
        discharge_max_mw=item.mw,
        energy_max_mwh=energy_mwh,
        energy_min_mwh=round(CHARGE_MIN_SHARE * energy_mwh, 1),
        energy_start_mwh=round(CHARGE_AT_MIDNIGHT[number % len(CHARGE_AT_MIDNIGHT)] * energy_mwh, 1),
        charge_efficiency=one_way,
        discharge_efficiency=one_way,
        self_discharge_per_h=0.0005,
        wear_cost_per_mwh=item.wear_cost + number % 7,
        cycles_per_day_max=CYCLES_PER_DAY,
    )
