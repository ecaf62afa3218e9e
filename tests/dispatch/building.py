"""Small cases in few words: one zone, hours from midnight UTC, prices of failure that stand out in a sum."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from grid_models.case import Case, Prices, ReserveProduct, Zone
from grid_models.horizon import Horizon
from grid_models.plan import Plan
from grid_models.resources import (
    Battery,
    InterruptibleLoad,
    PriceSensitiveLoad,
    Profile,
    PumpedHydro,
    Renewable,
    Resource,
    ThermalUnit,
    VirtualPowerPlant,
)
from services.dispatch.planning import Options, plan_case

MIDNIGHT = datetime(2030, 7, 15, tzinfo=UTC)
UNSERVED, SPILLED, RESERVE_SHORT = 10_000.0, 1_000.0, 5_000.0
"""Prices per MWh of failing in these cases, unless one says otherwise."""
PRICES = Prices(unserved_per_mwh=UNSERVED, spilled_per_mwh=SPILLED, reserve_shortage_per_mwh=RESERVE_SHORT)
approx = pytest.approx
Data = dict[str, Any]
SOLVED: list[tuple[Case, Plan]] = []
"""What was solved since somebody emptied it, for a second opinion."""


def case(demand: Sequence[float], *resources: Resource, step_min: int = 60, **fields: Any) -> Case:
    """One zone with this demand and these resources."""
    base: Data = {
        "horizon": Horizon(start=MIDNIGHT, step_min=step_min, steps=len(demand), timezone="UTC"),
        "zones": (Zone(name="system", demand_mw=tuple(demand)),),
        "resources": resources,
        "prices": PRICES,
    }
    return Case.model_validate(base | fields)


def solve(study: Case, **options: Any) -> Plan:
    """The proven optimum, refereed."""
    plan = plan_case(study, Options(gap=0, **options))
    SOLVED.append((study, plan))
    return plan


def cost(demand: Sequence[float], *resources: Resource, **fields: Any) -> float:
    """What the optimum of a case costs."""
    return solve(case(demand, *resources, **fields)).cost


def thermal(name: str = "coal", low: float = 0, high: float = 100, price: float = 300, **fields: Any) -> ThermalUnit:
    """A unit at one price per MWh that has stood off for ever; `was=50` has it on at 50 MW for ever."""
    was = fields.pop("was", None)
    initial = {"on": was is not None, "hours": 1000, "power_mw": was or 0}
    curve = [[low, price * low], [high, price * high]] if high > low else [[low, price * low]]
    base: Data = {"name": name, "min_mw": low, "max_mw": high, "cost": curve, "initial": initial}
    return ThermalUnit.model_validate(base | fields)


def free(name: str = "water", available: float | Sequence[float] = 100, **fields: Any) -> Renewable:
    """A renewable plant."""
    given = available if isinstance(available, float | int) else tuple(available)
    return Renewable.model_validate({"name": name, "available_mw": given} | fields)


def given(power: float | Sequence[float], name: str = "line", **fields: Any) -> Profile:
    """A given series."""
    series = power if isinstance(power, float | int) else tuple(power)
    return Profile.model_validate({"name": name, "power_mw": series} | fields)


def battery(mw: float = 10, mwh: float = 100, start: float = 0, **fields: Any) -> Battery:
    """A lossless battery that begins empty."""
    base: Data = {
        "name": "battery", "charge_max_mw": mw, "discharge_max_mw": mw, "energy_max_mwh": mwh,
        "energy_start_mwh": start, "charge_efficiency": 1, "discharge_efficiency": 1,
    }  # fmt: skip
    return Battery.model_validate(base | fields)


def turbine(
    name: str = "one", generate: Sequence[float] = (0, 100), pump: Sequence[float] = (100, 100), **fields: Any
) -> Data:
    """One reversible set, by its ranges; fixed-speed unless told otherwise."""
    base: Data = {
        "name": name, "generate_min_mw": generate[0], "generate_max_mw": generate[1],
        "pump_min_mw": pump[0], "pump_max_mw": pump[1],
    }  # fmt: skip
    return base | fields


def station(*units: Data, water: float = 500, most: float = 1000, **fields: Any) -> PumpedHydro:
    """A lossless pumped-hydro station whose lower reservoir never binds."""
    base: Data = {
        "name": "station", "units": units or (turbine(),), "upper_max_mwh": most, "upper_start_mwh": water,
        "generate_efficiency": 1, "pump_efficiency": 1,
    }  # fmt: skip
    return PumpedHydro.model_validate(base | fields)


def contract(mw: float = 40, price: float = 2000, **fields: Any) -> InterruptibleLoad:
    """An interruptible contract without any limit but its MW."""
    base: Data = {"name": "works", "contract_mw": mw, "price_per_mwh": price}
    return InterruptibleLoad.model_validate(base | fields)


def envelope(power: Sequence[float], name: str = "plant", availability: float = 1.0, **band: Any) -> VirtualPowerPlant:
    """A virtual power plant by its band of power and whatever else its envelope says."""
    model = {"form": "envelope", "power_min_mw": power[0], "power_max_mw": power[1]} | band
    return VirtualPowerPlant.model_validate({"name": name, "model": model, "availability": availability})


def park(*members: Resource, export: float = 100, draw: float = 100, **fields: Any) -> VirtualPowerPlant:
    """Members behind one connection."""
    model = {"form": "composition", "members": members, "export_max_mw": export, "import_max_mw": draw}
    return VirtualPowerPlant.model_validate({"name": "park", "model": model} | fields)


def buyer(demand: float, value: float, **fields: Any) -> PriceSensitiveLoad:
    """A load that buys below a price."""
    return PriceSensitiveLoad.model_validate({"name": "buyer", "demand_mw": demand, "value_per_mwh": value} | fields)


def reserve(mw: float | Sequence[float], product: str = "spinning", **fields: Any) -> ReserveProduct:
    """A reserve product that the ramp does not limit unless response minutes are given."""
    required = mw if isinstance(mw, float | int) else tuple(mw)
    return ReserveProduct.model_validate({"name": product, "product": product, "requirement_mw": required} | fields)
