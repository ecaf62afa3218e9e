"""What a meter at a battery would object to."""

from collections.abc import Iterator

import numpy as np

from grid_models.quantities import Floats, per_step
from grid_models.resources import Battery
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Yard


def inspect(battery: Battery, yard: Yard) -> Finding:
    """Judge power, energy and reserve; add up charging, wear and the worth of what is left."""
    read = yard.readings.resources[battery.name]
    charge_mw, discharge_mw, energy_mwh = read["charge_mw"], read["discharge_mw"], read["energy_mwh"]
    violations = (
        *_power(battery, yard, charge_mw, discharge_mw),
        *_energy(battery, yard, charge_mw, discharge_mw, energy_mwh),
        *_day(battery, yard, discharge_mw),
        *_reserve(battery, yard, charge_mw, discharge_mw, energy_mwh),
    )
    charge_price = per_step(battery.charge_cost_per_mwh, yard.steps)
    wear_price = per_step(battery.wear_cost_per_mwh, yard.steps)
    cost = {
        "charge": float((charge_price * charge_mw).sum()) * yard.step_h,
        "wear": float((wear_price * discharge_mw).sum()) * yard.step_h,
        "end_value": -(battery.end.value_per_mwh or 0.0) * float(energy_mwh[-1]),
    }
    return Finding(discharge_mw - charge_mw, cost, violations)


def _power(battery: Battery, yard: Yard, charge_mw: Floats, discharge_mw: Floats) -> Iterator[Violation]:
    """Between least and most power each way, and one way at a time."""
    for way, power_mw, low_mw, high_mw in (
        ("charge", charge_mw, battery.charge_min_mw, battery.charge_max_mw),
        ("discharge", discharge_mw, battery.discharge_min_mw, battery.discharge_max_mw),
    ):
        yield from yard.at_least(f"{way} limit", battery.name, way, power_mw, 0.0)
        yield from yard.at_most(f"{way} limit", battery.name, way, power_mw, per_step(high_mw, yard.steps))
        active_mw = np.where(power_mw > yard.tolerance_mw, power_mw, low_mw)
        yield from yard.at_least(f"least {way}", battery.name, f"{way} while active", active_mw, low_mw)
    if not battery.may_charge_while_discharging:
        both_mw = np.minimum(charge_mw, discharge_mw)
        yield from yard.at_most("one way at a time", battery.name, "power both ways at once", both_mw, 0.0)


def _energy(
    battery: Battery, yard: Yard, charge_mw: Floats, discharge_mw: Floats, energy_mwh: Floats
) -> Iterator[Violation]:
    """The level follows from what went in and out, stays within its limits and ends where it must."""
    kept = (1 - battery.self_discharge_per_h) ** yard.step_h
    flow_mw = battery.charge_efficiency * charge_mw - discharge_mw / battery.discharge_efficiency
    due_mwh = yard.before(energy_mwh, battery.energy_start_mwh) * kept + flow_mw * yard.step_h
    low_mwh, high_mwh = per_step(battery.energy_min_mwh, yard.steps), per_step(battery.energy_max_mwh, yard.steps)
    yield from yard.equal("state of charge", battery.name, "stored energy", energy_mwh, due_mwh, "MWh")
    yield from yard.at_least("energy limit", battery.name, "stored energy", energy_mwh, low_mwh, "MWh")
    yield from yard.at_most("energy limit", battery.name, "stored energy", energy_mwh, high_mwh, "MWh")
    last, end = np.array([yard.steps - 1]), battery.end
    floor_mwh, roof_mwh = end.floor_mwh(battery.energy_start_mwh), np.inf if end.max_mwh is None else end.max_mwh
    what = "energy at the end"
    yield from yard.at_least("end level", battery.name, what, energy_mwh[-1:], floor_mwh, "MWh", last)
    yield from yard.at_most("end level", battery.name, what, energy_mwh[-1:], roof_mwh, "MWh", last)


def _day(battery: Battery, yard: Yard, discharge_mw: Floats) -> Iterator[Violation]:
    """Full cycles a day, by the energy drawn from the store."""
    if battery.cycles_per_day_max is not None:
        drawn_mwh = yard.by_day(discharge_mw / battery.discharge_efficiency * yard.step_h)
        limit_mwh = battery.cycles_per_day_max * float(np.max(battery.energy_max_mwh))
        yield from yard.at_most(
            "cycles per day", battery.name, "energy drawn on the day", drawn_mwh, limit_mwh, "MWh", yard.first_of_day
        )


def _reserve(
    battery: Battery, yard: Yard, charge_mw: Floats, discharge_mw: Floats, energy_mwh: Floats
) -> Iterator[Violation]:
    """Room on the converter, and energy that lasts from either end of the step."""
    awards = yard.awards(battery.name)
    if not awards.each:
        return
    room_up_mw = per_step(battery.discharge_max_mw, yard.steps) - discharge_mw + charge_mw
    room_down_mw = per_step(battery.charge_max_mw, yard.steps) - charge_mw + discharge_mw
    yield from yard.at_most("up reserve", battery.name, "up-reserve", awards.up_mw, room_up_mw)
    yield from yard.at_most("down reserve", battery.name, "down-reserve", awards.down_mw, room_down_mw)
    low_mwh, high_mwh = per_step(battery.energy_min_mwh, yard.steps), per_step(battery.energy_max_mwh, yard.steps)
    drawn_mwh = awards.up_mwh / battery.discharge_efficiency
    stored_mwh = awards.down_mwh * battery.charge_efficiency
    above_mwh, below_mwh = energy_mwh - low_mwh, high_mwh - energy_mwh
    # A step begins with the level that the band of the step before allowed.
    first_mwh = battery.energy_start_mwh - low_mwh[0], high_mwh[0] - battery.energy_start_mwh
    for up_mwh, down_mwh in (
        (yard.before(above_mwh, first_mwh[0]), yard.before(below_mwh, first_mwh[1])),
        (above_mwh, below_mwh),
    ):
        yield from yard.at_most(
            "up reserve energy", battery.name, "energy behind the up-reserve", drawn_mwh,
            np.maximum(up_mwh, 0.0), "MWh",
        )  # fmt: skip
        yield from yard.at_most(
            "down reserve energy", battery.name, "energy of the down-reserve", stored_mwh,
            np.maximum(down_mwh, 0.0), "MWh",
        )  # fmt: skip
