"""Whether a plan can be read at all: every resource there, every column whole, every number finite."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from grid_models.case import Case
from grid_models.plan import Plan
from grid_models.quantities import Floats
from grid_models.resources import PumpedHydro, Resource, VirtualPowerPlant
from services.dispatch.referee.verdict import Violation

COLUMNS = {
    "thermal": ("on", "power_mw"),
    "renewable": ("power_mw",),
    "profile": ("power_mw",),
    "battery": ("charge_mw", "discharge_mw", "energy_mwh"),
    "pumped_hydro": ("generate_mw", "pump_mw", "upper_mwh", "spill_mw"),
    "virtual_power_plant": ("power_mw",),
    "interruptible_load": ("called", "shed_mw", "rebound_mw"),
    "price_sensitive_load": ("served_mw",),
}
UNIT_TABLES = ("unit_generate_mw", "unit_pump_mw", "unit_generating", "unit_pumping")
DECISIONS = frozenset({"on", "called", "unit_generating", "unit_pumping"})
INTEGRALITY = 1e-6


@dataclass(frozen=True)
class Readings:
    """Every number of the schedule as an array, and what is wrong with the form of those that are none."""

    resources: dict[str, dict[str, Floats]]
    unserved_mw: dict[str, Floats]
    spilled_mw: dict[str, Floats]
    reserve_shortage_mw: dict[str, Floats]
    flows_mw: dict[str, Floats]
    awards_mw: dict[str, dict[str, Floats]]
    """By product, then resource."""
    rebound_after_horizon_mwh: dict[str, float]
    faults: tuple[Violation, ...]


def read(plan: Plan, case: Case) -> Readings:
    """Read every column of the plan that the case calls for."""
    reader = _Reader(case.steps)
    reader.check_names("resource", plan.resources, (item.name for item in case.everything), complete=True)
    zones, products = tuple(case.zone_index), tuple(product.name for product in case.reserves)
    links = tuple(link.name for link in case.links)
    reader.check_names("reserve product", plan.reserves_mw, products)
    return Readings(
        resources=reader.resources(plan, case),
        unserved_mw=reader.group("unserved_mw", plan.shortage.unserved_mw, zones),
        spilled_mw=reader.group("spilled_mw", plan.shortage.spilled_mw, zones),
        reserve_shortage_mw=reader.group("shortage.reserve_mw", plan.shortage.reserve_mw, products),
        flows_mw=reader.group("flows_mw", plan.flows_mw, links, complete=True),
        awards_mw={
            product: reader.group(
                f"reserves_mw '{product}'", plan.reserves_mw.get(product, {}), (item.name for item in case.everything)
            )
            for product in products
        },
        rebound_after_horizon_mwh=reader.totals("rebound_after_horizon_mwh", plan.rebound_after_horizon_mwh, case),
        faults=tuple(reader.faults),
    )


class _Reader:
    """Turns lists into arrays and notes every list that is not one number per step."""

    def __init__(self, steps: int):
        self.steps = steps
        self.faults: list[Violation] = []

    def fault(self, rule: str, name: str, words: str, step: int | None = None) -> None:
        self.faults.append(Violation(rule, name, step, 0.0, f"{name}: {words}"))

    def check_names(self, what: str, given: Iterable[str], known: Iterable[str], complete: bool = False) -> None:
        here, expected = set(given), set(known)
        for name in sorted(here - expected):
            self.fault("unknown name", name, f"is no {what} of the case")
        for name in sorted(expected - here) if complete else ():
            self.fault("missing", name, f"is a {what} of the case, but the plan says nothing about it")

    def group(
        self, what: str, given: dict[str, list[float]], known: Iterable[str], complete: bool = False
    ) -> dict[str, Floats]:
        """Named series; where none is given it is zero, unless the group must be complete."""
        names = tuple(known)
        self.check_names(f"part of {what}", given, names, complete)
        return {name: self.series(name, what, given[name]) for name in names if name in given}

    def totals(self, what: str, given: dict[str, float], case: Case) -> dict[str, float]:
        """One finite number by resource."""
        self.check_names(f"part of {what}", given, (item.name for item in case.everything))
        for name, value in given.items():
            if not np.isfinite(value):
                self.fault("finite", name, f"{what} is not a finite number")
        return given

    def series(self, name: str, what: str, values: Any, rows: int | None = None) -> Floats:
        """One number per step (for each row, if it is a table); zeros where it is not."""
        shape = (self.steps,) if rows is None else (rows, self.steps)
        array = _numbers(values)
        if array is None or array.shape != shape:
            given = "no numbers" if array is None else f"{array.shape} numbers"
            self.fault("length", name, f"{what} has {given}, not {shape}")
            return np.zeros(shape)
        if not np.isfinite(array).all():
            step = int(np.argwhere(~np.isfinite(array))[0][-1])
            self.fault("finite", name, f"{what} is not a finite number at step {step}", step)
            return np.zeros(shape)
        return array

    def resources(self, plan: Plan, case: Case) -> dict[str, dict[str, Floats]]:
        homes = {member.name: plant.name for plant in plants(case) for member in plant.members}
        return {
            resource.name: self.resource(resource, plan.resources[resource.name], homes.get(resource.name))
            for resource in case.everything
            if resource.name in plan.resources
        }

    def resource(self, resource: Resource, given: dict[str, Any], home: str | None) -> dict[str, Floats]:
        kind = resource.kind  # type: ignore[attr-defined]
        if given.get("kind") != kind:
            self.fault("kind", resource.name, f"is of kind {kind}, the plan says {given.get('kind')}")
        if given.get("within") != home:
            place = f"is a member of {home}" if home else "is no member of any plant"
            self.fault("member", resource.name, f"{place}, the plan says {given.get('within')}")
        columns = {}
        for column, rows in _expected(resource):
            if column not in given:
                self.fault("missing", resource.name, f"the plan has no {column} of it")
                continue
            columns[column] = self.series(resource.name, column, given[column], rows)
            if column in DECISIONS:
                columns[column] = self.decision(resource.name, column, columns[column])
        return columns

    def decision(self, name: str, what: str, values: Floats) -> Floats:
        """A yes or no, as 1.0 or 0.0."""
        settled: Floats = (values > 0.5).astype(np.float64)
        doubt = np.abs(values - settled)
        if (doubt > INTEGRALITY).any():
            step = int(np.unravel_index(np.argmax(doubt), doubt.shape)[-1])
            self.fault("integrality", name, f"{what} at step {step} is {values[..., step].max():g}, not 0 or 1", step)
        return settled


def plants(case: Case) -> Iterator[VirtualPowerPlant]:
    """The virtual power plants of the case."""
    return (resource for resource in case.resources if isinstance(resource, VirtualPowerPlant))


def _expected(resource: Resource) -> Iterator[tuple[str, int | None]]:
    """The columns that the plan must have of the resource, tables with their number of rows."""
    yield from ((column, None) for column in COLUMNS[resource.kind])  # type: ignore[attr-defined]
    if isinstance(resource, PumpedHydro):
        yield from ((table, len(resource.units)) for table in UNIT_TABLES)
        if resource.lower_max_mwh is not None:
            yield "lower_mwh", None
    if isinstance(resource, VirtualPowerPlant) and resource.model.form == "envelope":
        yield "energy_mwh", None


def _numbers(values: Any) -> Floats | None:
    try:
        array = np.asarray(values)
    except ValueError:
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None
