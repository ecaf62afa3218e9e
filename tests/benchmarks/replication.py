"""A case made larger: more of every resource, none quite alike, or more days, none quite alike."""

import random
from collections.abc import Iterator
from typing import Any

from grid_models.case import Case
from grid_models.quantities import Data
from grid_models.resources import AnyResource, ThermalUnit

SPREAD = 0.03
"""How far sizes and prices of a copy differ from the original's, either way."""
DAY_SPREAD = 0.05
"""How much lower than the first the demand of a later day may be; the first is the peak, so none is higher."""
SIZES = ("mw", "_mw", "_mwh", "_mw_per_h", "_gj", "_gj_per_h")
"""Endings of fields that grow with the size of a resource; what is per MWh does not."""
PRICES = ("price_per_mwh", "cost_per_mwh", "linear_per_mwh", "value_per_mwh", "availability_price_per_mw_h")
"""Endings of fields that are money per MWh: they grow with the prices only."""
OUTLAYS = ("cost", "cost_per_h", "no_load_per_h", "price_per_call")
"""Endings of fields that are money for a whole resource: they grow with sizes and with prices."""


def larger(case: Case, units: int, steps: int, seed: int = 1) -> Case:
    """The case with so many thermal units (members of virtual power plants not counted) and so many steps."""
    chance = random.Random(seed)
    longer: Case = _longer(case, steps, chance) if steps != case.steps else case
    thermal = [item for item in longer.resources if isinstance(item, ThermalUnit)]
    made: Case = longer if units == len(thermal) else _replicated(longer, thermal, units, chance)
    return made


def _replicated(case: Case, thermal: list[ThermalUnit], count: int, chance: random.Random) -> Any:
    """`count` thermal units, all else in proportion to their capacity outside outages."""
    fleet: list[ThermalUnit] = [
        _copy(thermal[number * len(thermal) // count], number, chance) for number in range(count)
    ]
    share = _available_mwh(fleet, case) / _available_mwh(thermal, case)
    others = (item for item in case.resources if not isinstance(item, ThermalUnit))
    parts = {
        name: scaled(getattr(case, name), share, 1.0) for name in ("zones", "links", "reserves", "fuels", "network")
    }
    resources = (*fleet, *(copy for item in others for copy in _copies(item, share, chance)))
    return _made(case, resources=resources, **parts, name=f"{case.name}_{count}_units")


def _available_mwh(units: list[ThermalUnit], case: Case) -> float:
    return sum(unit.max_mw * float((~case.horizon.within(unit.outages)).sum()) for unit in units)


def _copies(item: AnyResource, share: float, chance: random.Random) -> Iterator[AnyResource]:
    """As many of about its own size as make up its share of the larger system; at least one."""
    count = max(1, round(share))
    for number in range(count):
        yield _named(scaled(item, share / count, _about_one(chance)), f" #{number + 1}")


def _copy(unit: ThermalUnit, number: int, chance: random.Random) -> Any:
    return _named(scaled(unit, _about_one(chance), _about_one(chance)), f" #{number + 1}")


def _about_one(chance: random.Random) -> float:
    return chance.uniform(1 - SPREAD, 1 + SPREAD)


def scaled(value: Any, size: float, price: float, field: str = "") -> Any:
    """The same thing so many times as large and so many times as dear; the endings of names say what changes how."""
    if isinstance(value, Data):
        names = type(value).model_fields
        return _made(value, **{name: scaled(getattr(value, name), size, price, name) for name in names})
    if isinstance(value, tuple):
        return tuple(scaled(item, size, price, field) for item in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    factor = _factor(field, size, price)
    # What does not grow stays what it is: a number of starts is an integer.
    return value if factor == 1.0 else value * factor


def _factor(field: str, size: float, price: float) -> float:
    if field.endswith(PRICES):
        return price
    if field.endswith(OUTLAYS):
        return size * price
    if field.endswith("quadratic_per_mw2h"):
        return price / size
    return size if field.endswith(SIZES) and not field.endswith(("per_mw", "per_mwh")) else 1.0


def _named(resource: Any, suffix: str) -> Any:
    """The resource, and those within it, under a name of its own."""
    changes: dict[str, Any] = {"name": resource.name + suffix}
    members = getattr(resource, "members", ())
    if members:
        own = tuple(_named(member, suffix) for member in members)
        changes["model"] = _made(resource.model, members=own)
    return _made(resource, **changes)


def _longer(case: Case, steps: int, chance: random.Random) -> Any:
    """The days over and over (or only their beginning), the demand of each later one a little lower."""
    length = case.steps
    horizon = _made(case.horizon, steps=steps)
    tiled = {name: _tiled(getattr(case, name), length, steps) for name in ("zones", "links", "resources", "reserves")}
    days = [1.0] + [chance.uniform(1 - DAY_SPREAD, 1.0) for _ in range(steps // length + 1)]
    tiled["zones"] = tuple(_made(zone, demand_mw=_by_day(zone.demand_mw, days, length)) for zone in tiled["zones"])
    return _made(case, horizon=horizon, **tiled, name=f"{case.name}_{steps}_steps")


def _by_day(series: float | tuple[float, ...], days: list[float], length: int) -> float | tuple[float, ...]:
    if not isinstance(series, tuple):
        return series
    return tuple(value * days[step // length] for step, value in enumerate(series))


def _tiled(value: Any, length: int, steps: int) -> Any:
    """The same thing with every series of the old length repeated to the new."""
    if isinstance(value, Data):
        return _made(value, **{name: _tiled(getattr(value, name), length, steps) for name in type(value).model_fields})
    if not isinstance(value, tuple):
        return value
    if len(value) == length and all(item is None or isinstance(item, int | float) for item in value):
        return tuple(value[step % length] for step in range(steps))
    return tuple(_tiled(item, length, steps) for item in value)


def _made(value: Any, **changes: Any) -> Any:
    """A fresh value with some fields changed: nothing that was computed of the old one comes along."""
    fields = {name: getattr(value, name) for name in type(value).model_fields}
    return type(value).model_construct(**{**fields, **changes})
