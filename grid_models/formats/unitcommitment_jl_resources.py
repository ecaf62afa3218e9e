"""UnitCommitment.jl's generators, storage units and price-sensitive loads, as resources of a case."""

from dataclasses import dataclass
from typing import Any

from grid_models.formats.entry import REQUIRED, Entry

ZONE = "system"
NO_LIMIT_MW = 1e6
"""The format writes a missing limit as this or leaves it out."""


@dataclass(frozen=True)
class Steps:
    """How the horizon is cut."""

    count: int
    step_min: int

    @property
    def step_h(self) -> float:
        return self.step_min / 60

    def constant(self, item: Entry, key: str, default: Any = REQUIRED) -> float:
        """A number that must not vary: it may be written out per step, but only as one value."""
        series = item.series(key, self.count, default)
        if not isinstance(series, list):
            return series
        if min(series) < max(series):
            raise item.fault(key, f"varies over time ({min(series):g} to {max(series):g}); only one value can be read")
        return series[0]

    def per_hour(self, item: Entry, key: str) -> float | list[float]:
        """Money per MW and step, as money per MWh."""
        series = item.series(key, self.count)
        return [value / self.step_h for value in series] if isinstance(series, list) else series / self.step_h


def generator(item: Entry, steps: Steps, notes: list[str]) -> dict[str, Any]:
    """A thermal unit, or a profiled one."""
    kind = item.text("Type", "Thermal").lower()
    if kind == "profiled":
        return _profiled(item, steps)
    if kind == "thermal":
        return _thermal(item, steps, notes)
    raise item.fault("Type", f"'{kind}' is not read; accepted are Thermal and Profiled")


def _profiled(item: Entry, steps: Steps) -> dict[str, Any]:
    return {
        "kind": "renewable",
        "min_mw": item.series("Minimum power (MW)", steps.count, 0.0),
        "available_mw": item.series("Maximum power (MW)", steps.count),
        "cost_per_mwh": _one_cost(item, steps),
    }


def _one_cost(item: Entry, steps: Steps) -> float:
    return steps.constant(item, "Cost ($/MW)") / steps.step_h


def _thermal(item: Entry, steps: Steps, notes: list[str]) -> dict[str, Any]:
    points = _points(item, steps)
    min_mw, max_mw = points[0]["mw"], points[-1]["mw"]
    must_run, commitment = _commitment(item, steps)
    return {
        "kind": "thermal",
        "min_mw": min_mw,
        "max_mw": max_mw,
        "cost": points,
        "start_costs": _start_costs(item),
        "min_up_h": item.number("Minimum uptime (h)", 1),
        "min_down_h": item.number("Minimum downtime (h)", 1),
        "ramp_up_mw_per_h": _ramp(item, "Ramp up limit (MW)", steps),
        "ramp_down_mw_per_h": _ramp(item, "Ramp down limit (MW)", steps),
        "start_max_mw": _edge_limit(item, "Startup limit (MW)", min_mw, notes),
        "stop_max_mw": _edge_limit(item, "Shutdown limit (MW)", min_mw, notes),
        "must_run": must_run,
        "commitment": commitment,
        "starts_per_day_max": item.number("Maximum daily starts", None),
        "energy_per_day_max_mwh": item.number("Maximum daily energy (MWh)", None),
        "initial": _initial(item),
    }


def _points(item: Entry, steps: Steps) -> list[dict[str, float]]:
    outputs = _curve(item, "Production cost curve (MW)", steps)
    costs = _curve(item, "Production cost curve ($)", steps)
    if len(outputs) != len(costs):
        raise item.fault("Production cost curve ($)", f"has {len(costs)} points for {len(outputs)} outputs")
    pairs = list(dict.fromkeys(zip(outputs, costs, strict=True)))
    return [{"mw": mw, "cost_per_h": cost / steps.step_h} for mw, cost in pairs]


def _curve(item: Entry, key: str, steps: Steps) -> list[float]:
    found = item.items(key)
    if not found:
        raise item.fault(key, "has no point; give at least one")
    # A point may itself be a series: limits and prices that move with time have no place in a thermal unit here.
    inside = Entry(item.source, item.place, {f"{key}[{index}]": point for index, point in enumerate(found)})
    return [steps.constant(inside, name) for name in inside.content]


def _start_costs(item: Entry) -> list[dict[str, float]]:
    costs = item.numbers("Startup costs ($)", [0.0])
    delays = item.numbers("Startup delays (h)", [1])
    if len(costs) != len(delays):
        raise item.fault("Startup delays (h)", f"has {len(delays)} entries for {len(costs)} start-up costs")
    return [{"hours_off": delay, "cost": cost} for delay, cost in zip(delays, costs, strict=True)]


def _ramp(item: Entry, key: str, steps: Steps) -> float | None:
    limit_mw = item.number(key, NO_LIMIT_MW)
    return None if limit_mw >= NO_LIMIT_MW else limit_mw / steps.step_h


def _edge_limit(item: Entry, key: str, min_mw: float, notes: list[str]) -> float | None:
    limit_mw = item.number(key, NO_LIMIT_MW)
    if limit_mw < min_mw:
        # UnitCommitment.jl repairs this on reading in the same way.
        notes.append(f"{item.place}: {key} {limit_mw:g} is below the minimum output; raised to {min_mw:g}")
        return min_mw
    return None if limit_mw >= NO_LIMIT_MW else limit_mw


def _commitment(item: Entry, steps: Steps) -> tuple[bool, list[bool | None] | None]:
    wishes = _flags(item, "Commitment status", steps)
    must = _flags(item, "Must run?", steps)
    if must is None or len(set(must)) == 1:
        return bool(must and must[0]), wishes
    wishes = wishes or [None] * steps.count
    return False, [True if needed and wish is None else wish for needed, wish in zip(must, wishes, strict=True)]


def _flags(item: Entry, key: str, steps: Steps) -> list[bool | None] | None:
    found = item.value(key, None)
    if found is None:
        return None
    flags = found if isinstance(found, list) else [found] * steps.count
    if len(flags) != steps.count:
        raise item.fault(
            key, f"has {len(flags)} values for {steps.count} steps; give one value or exactly {steps.count}"
        )
    if any(flag not in (None, True, False) for flag in flags):
        raise item.fault(key, "must be true, false or null in every step")
    return [None if flag is None else bool(flag) for flag in flags]


def _initial(item: Entry) -> dict[str, Any] | None:
    status, power_mw = item.number("Initial status (h)", None), item.number("Initial power (MW)", None)
    if status is None and power_mw is None:
        return None
    if status is None or power_mw is None:
        missing = "Initial power (MW)" if power_mw is None else "Initial status (h)"
        raise item.fault(missing, "is missing; give both the initial status and the initial power, or neither")
    if status == 0:
        raise item.fault("Initial status (h)", "must be above 0 (hours on) or below 0 (hours off), not 0")
    if status < 0 and power_mw > 1e-3:
        raise item.fault("Initial power (MW)", f"is {power_mw:g} though the unit is off; give 0")
    return {"on": status > 0, "hours": abs(status), "power_mw": power_mw if status > 0 else 0.0}


def battery(item: Entry, steps: Steps, notes: list[str]) -> dict[str, Any]:
    """A storage unit."""
    low = item.series("Minimum level (MWh)", steps.count, 0.0)
    end = {"min_mwh": item.number("Last period minimum level (MWh)", _last(low))}
    if item.has("Last period maximum level (MWh)"):
        end["max_mwh"] = item.number("Last period maximum level (MWh)")
    loss = steps.constant(item, "Loss factor", 0.0)
    return {
        "kind": "battery",
        "charge_max_mw": item.series("Maximum charge rate (MW)", steps.count),
        "discharge_max_mw": item.series("Maximum discharge rate (MW)", steps.count),
        "charge_min_mw": steps.constant(item, "Minimum charge rate (MW)", 0.0),
        "discharge_min_mw": steps.constant(item, "Minimum discharge rate (MW)", 0.0),
        "energy_min_mwh": low,
        "energy_max_mwh": item.series("Maximum level (MWh)", steps.count),
        "energy_start_mwh": item.number("Initial level (MWh)", 0.0),
        "charge_efficiency": steps.constant(item, "Charge efficiency", 1.0),
        "discharge_efficiency": steps.constant(item, "Discharge efficiency", 1.0),
        # The format loses a share per step; here it is a share per hour that compounds to the same.
        "self_discharge_per_h": 1 - (1 - loss) ** (1 / steps.step_h) if 0 <= loss <= 1 else loss,
        "charge_cost_per_mwh": steps.per_hour(item, "Charge cost ($/MW)"),
        "wear_cost_per_mwh": steps.per_hour(item, "Discharge cost ($/MW)"),
        "may_charge_while_discharging": _simultaneous(item, steps),
        "end": end,
    }


def _last(series: float | list[float]) -> float:
    return series[-1] if isinstance(series, list) else series


def _simultaneous(item: Entry, steps: Steps) -> bool:
    key = "Allow simultaneous charging and discharging"
    flags = set(_flags(item, key, steps) or [True])
    if len(flags) > 1:
        raise item.fault(key, "varies over time; only one value can be read")
    return flags != {False}


def flexible_load(item: Entry, steps: Steps, notes: list[str]) -> dict[str, Any]:
    """A load that is served where it pays."""
    return {
        "kind": "price_sensitive_load",
        "demand_mw": item.series("Demand (MW)", steps.count),
        "value_per_mwh": steps.per_hour(item, "Revenue ($/MW)"),
    }
