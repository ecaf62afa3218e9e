"""A plan: what every resource does, step by step, how good it is, and why. Version 1 of the format."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from grid_models.errors import BadInput, bad_input
from grid_models.quantities import Data
from grid_models.resources.thermal import ThermalState

Column = list[float] | list[list[float]]
Status = Literal["optimal", "feasible", "relaxed"]


class Shortage(Data):
    """What could not be met, MW per step; all zero in a healthy plan."""

    unserved_mw: dict[str, list[float]] = {}
    """By zone."""
    spilled_mw: dict[str, list[float]] = {}
    """By zone."""
    reserve_mw: dict[str, list[float]] = {}
    """By reserve product."""


class Call(Data):
    """One call of response: who, from when, for how long, how much, at what cost, and why."""

    name: str
    kind: str
    start: datetime
    hours: float
    energy_mwh: float
    peak_mw: float
    cost: float
    reason: str


class Binding(Data):
    """A limit that costs money: relaxing it by one MW or MWh would save `worth` at that step."""

    what: str
    name: str
    steps: int
    """On how many steps it binds."""
    worth: float
    """The largest saving by one more MW, in currency per MWh."""
    at: datetime
    """When that is."""


class Assumptions(Data):
    """What the case left open and the engine had to choose; the referee takes them as part of the case."""

    initial: dict[str, ThermalState] = {}
    """By thermal unit whose case gave no initial state."""
    after_horizon_per_mwh: float | None = None
    """The price of rebound beyond the horizon, where the case names none."""
    notes: list[str] = []


class Plan(Data):
    """The result of a solve that the referee accepted."""

    format_version: Literal[1] = 1
    case_hash: str
    case_name: str = ""
    currency: str = "CNY"
    times: list[datetime]
    """The beginning of every step."""
    status: Status
    """`optimal` within the gap asked for, `feasible` with the gap stated, `relaxed` where shortage was used."""
    cost: float
    objective: float
    """The same as `cost`."""
    lower_bound: float
    gap: float
    """`(cost - lower_bound) / |cost|`."""
    seconds: dict[str, float] = {}
    versions: dict[str, str] = {}
    solver: dict[str, str | float | int | None] = {}
    assumptions: Assumptions = Assumptions()
    cost_by_kind: dict[str, dict[str, float]] = {}
    """By kind and item (production, start, wear ...); adds up to `cost`."""
    resources: dict[str, dict[str, Any]]
    """By name: `kind` and one column per variable, e.g. `power_mw: [...]`; a station's units are rows of a table."""
    reserves_mw: dict[str, dict[str, list[float]]] = {}
    prices: dict[str, list[float]] = {}
    """Per MWh, by zone and by reserve product."""
    shortage: Shortage = Shortage()
    flows_mw: dict[str, list[float]] = {}
    """By link: what enters it, above 0 from `from_zone`, below 0 from `to_zone`."""
    emissions_t: dict[str, float] = {}
    """By kind, and `total`."""
    utilisation: dict[str, float] = {}
    """By renewable plant, and `total`: energy used over energy available."""
    rebound_after_horizon_mwh: dict[str, float] = {}
    """By interruptible load: rebound that falls beyond the horizon."""
    binding: list[Binding] = []
    calls: list[Call] = []
    commitment: dict[str, list[int]] = Field(default={})
    """By thermal unit: 1 on, 0 off."""
    power_mw: dict[str, list[float]] = {}
    """By resource: injection into the grid."""
    reserve_mw: dict[str, list[float]] = {}
    """By resource: spinning reserve."""


def read_plan(path: Path) -> Plan:
    """The plan in a JSON file; `BadInput` where it is none."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not JSON"
        raise BadInput(str(path), f"cannot be read as a plan: {reason}") from error
    try:
        return Plan.model_validate(document)
    except ValidationError as error:
        raise bad_input(str(path), error, document) from error


def write_plan(plan: Plan, path: Path) -> None:
    """Write it whole or not at all."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(plan.model_dump_json(indent=1), encoding="utf-8")
    draft.replace(path)
