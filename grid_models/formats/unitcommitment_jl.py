"""UnitCommitment.jl: security-constrained unit commitment, JSON, versions 0.2 to 0.4 of the format.

Source: https://anl-ceeesa.github.io/UnitCommitment.jl (guides "JSON data format" and "Problem definition").
Money in the format is per step and ramps are MW per step; here both are per hour.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grid_models.formats.documents import Document, read_document
from grid_models.formats.entry import Entry
from grid_models.formats.reading import Reading, case_name, start_of, validated
from grid_models.formats.unitcommitment_jl_resources import ZONE, Steps, battery, flexible_load, generator

NAME = "unitcommitment-jl"
VERSIONS = ("0.2", "0.3", "0.4")
HARD_SHORTAGE_PRICE_PER_MWH = 1_000_000.0
"""A requirement without a penalty must always hold; this is dear enough that it does wherever it can."""
RAMP_DOWN_NOTE = "UnitCommitment.jl counts reserve of the step before against ramp-down; here it does not"
NO_MEANING_HERE = ("Scenario name", "Scenario weight")


def read_unitcommitment_jl(path: Path) -> Reading:
    """The case in a UnitCommitment.jl file."""
    return from_document(read_document(path), path)


def from_document(document: Document, path: Path) -> Reading:
    """The case in a UnitCommitment.jl document."""
    root = Entry(str(path), "", document)
    parameters = root.entry("Parameters")
    _check_version(parameters)
    steps = _steps(parameters)
    sections = _Sections(_from_02(root) if parameters.content.get("Version") == "0.2" else root, steps)
    native = {
        "name": case_name(path),
        "sources": (root.text("SOURCE", "UnitCommitment.jl, https://github.com/ANL-CEEESA/UnitCommitment.jl"),),
        "horizon": {"start": start_of(path), "step_min": steps.step_min, "steps": steps.count, "timezone": "UTC"},
        "zones": [{"name": ZONE, "demand_mw": sections.demand_mw()}],
        "resources": sections.resources,
        "reserves": sections.reserves,
        "prices": _prices(parameters, sections, steps),
        "currency": "USD",
        "network": sections.network,
    }
    for key in NO_MEANING_HERE:
        parameters.value(key, None)
    losses = [*sections.losses(), *_unused("Parameters", [parameters]), *_unused("the file", [root])]
    return Reading(validated(native, path), NAME, tuple(losses))


def _check_version(parameters: Entry) -> None:
    version = parameters.value("Version", "0.3")
    if str(version) not in VERSIONS:
        raise parameters.fault("Version", f"'{version}' is not read; accepted are {', '.join(VERSIONS)}")


def _steps(parameters: Entry) -> Steps:
    keys = [key for key in ("Time horizon (min)", "Time horizon (h)", "Time (h)") if parameters.has(key)]
    if len(keys) != 1:
        raise parameters.fault("Time horizon (h)", f"give it once, in hours or in minutes (found {len(keys)})")
    minutes = parameters.number(keys[0]) * (1 if keys[0].endswith("(min)") else 60)
    step_min = parameters.number("Time step (min)", 60)
    if step_min not in (5, 6, 10, 12, 15, 20, 30, 60):
        raise parameters.fault("Time step (min)", f"must divide 60 and be at least 5 (got {step_min:g})")
    count = minutes / step_min
    if not 1 <= count <= 8784 * 12 or count != int(count):
        raise parameters.fault(keys[0], f"must hold a whole number of {step_min:g}-minute steps (got {minutes:g} min)")
    return Steps(int(count), int(step_min))


def _from_02(root: Entry) -> Entry:
    """Version 0.2 had one reserve, from every unit that does not say otherwise."""
    content = dict(root.content)
    amount = (content.get("Reserves") or {}).get("Spinning (MW)")
    content["Reserves"] = {}
    if amount is not None:
        penalty = root.entry("Parameters").content.get("Reserve shortfall penalty ($/MW)")
        content["Reserves"] = {"r1": {"Type": "spinning", "Amount (MW)": amount, "Shortfall penalty ($/MW)": penalty}}
        content["Generators"] = {
            name: _eligible_02(unit) if isinstance(unit, dict) else unit
            for name, unit in root.entry("Generators").content.items()
        }
    migrated = Entry(root.source, root.place, content)
    migrated.used = root.used
    return migrated


def _eligible_02(unit: Document) -> Document:
    kept = {key: value for key, value in unit.items() if key != "Provides spinning reserves?"}
    return {**kept, "Reserve eligibility": ["r1"]} if unit.get("Provides spinning reserves?", True) else kept


class _Sections:
    """The sections of a file, read once, with what each of them said that has no place here."""

    def __init__(self, root: Entry, steps: Steps):
        self.steps = steps
        self.buses = dict(root.entries("Buses"))
        self.entries: dict[str, dict[str, Entry]] = {"Buses": self.buses}
        self.notes: list[str] = []
        self.demand = [bus.series("Load (MW)", steps.count) for bus in self.buses.values()]
        self.resources = [
            *self._read(root, "Generators", generator),
            *self._read(root, "Storage units", battery),
            *self._read(root, "Price-sensitive loads", flexible_load),
        ]
        reserves = self._named(root, "Reserves").items()
        self.reserves = [product for name, item in reserves for product in self._reserve(name, item)]
        self._check_eligibility()
        self.network = self._network(root)

    def _named(self, root: Entry, section: str) -> dict[str, Entry]:
        self.entries[section] = dict(root.entries(section, {}))
        return self.entries[section]

    def _read(self, root: Entry, section: str, read: Any) -> list[dict[str, Any]]:
        resources = []
        for name, item in self._named(root, section).items():
            bus = item.text("Bus")
            if bus not in self.buses:
                raise item.fault("Bus", f"'{bus}' is not among the buses")
            resources.append({"name": name, "zone": ZONE, "bus": bus, **read(item, self.steps, self.notes)})
        return resources

    def demand_mw(self) -> list[float]:
        """The load of all buses together, step by step."""
        totals = [0.0] * self.steps.count
        for load in self.demand:
            each = load if isinstance(load, list) else [load] * self.steps.count
            totals = [total + mw for total, mw in zip(totals, each, strict=True)]
        return totals

    def _reserve(self, name: str, item: Entry) -> list[dict[str, Any]]:
        kind = item.text("Type").lower()
        if kind not in ("spinning", "flexiramp"):
            raise item.fault("Type", f"'{kind}' is not read; accepted are spinning and flexiramp")
        penalty = self.steps.constant(item, "Shortfall penalty ($/MW)", -1.0)
        product = {
            "requirement_mw": item.series("Amount (MW)", self.steps.count),
            "duration_h": 0.0,
            "eligible": self._eligible(name),
            "shortage": [] if penalty < 0 else [{"price_per_mwh": penalty / self.steps.step_h}],
        }
        if kind == "spinning":
            return [{"name": name, "product": "spinning", **product}]
        self.notes.append(
            f"reserve '{name}': flexiramp becomes ramp capacity up and down in every step, the last included"
        )
        directions = ("up", "down")
        return [{"name": f"{name} {way}", "product": f"flexible_ramp_{way}", **product} for way in directions]

    def _eligible(self, reserve: str) -> tuple[str, ...]:
        units = self.entries["Generators"].items()
        return tuple(name for name, unit in units if reserve in unit.items("Reserve eligibility", []))

    def _check_eligibility(self) -> None:
        for unit in self.entries["Generators"].values():
            for name in unit.items("Reserve eligibility", []):
                if name not in self.entries["Reserves"]:
                    raise unit.fault("Reserve eligibility", f"{name!r} is not among the reserves")
            if unit.has("Reserve eligibility") and unit.has("Ramp down limit (MW)"):
                self.notes[:] = dict.fromkeys([*self.notes, RAMP_DOWN_NOTE])

    def _network(self, root: Entry) -> dict[str, Any] | None:
        lines = [self._line(name, item) for name, item in self._named(root, "Transmission lines").items()]
        losses = [_contingency(name, item) for name, item in self._named(root, "Contingencies").items()]
        if not lines and len(self.buses) < 2:
            return None
        if lines:
            self.notes.append(
                f"{len(lines)} transmission lines and {len(losses)} contingencies are kept in the case but do not bind"
            )
        buses = [{"name": name, "load_mw": load} for name, load in zip(self.buses, self.demand, strict=True)]
        return {"buses": buses, "lines": lines, "contingencies": losses}

    def _line(self, name: str, item: Entry) -> dict[str, Any]:
        for key in ("Source bus", "Target bus"):
            if item.text(key) not in self.buses:
                raise item.fault(key, f"'{item.text(key)}' is not among the buses")
        return {
            "name": name,
            "from_bus": item.text("Source bus"),
            "to_bus": item.text("Target bus"),
            "reactance_ohm": item.number("Reactance (ohms)", None),
            "susceptance_s": item.number("Susceptance (S)", None),
            "normal_max_mw": item.series("Normal flow limit (MW)", self.steps.count, None),
            "emergency_max_mw": item.series("Emergency flow limit (MW)", self.steps.count, None),
            "penalty_per_mw": self.steps.constant(item, "Flow limit penalty ($/MW)", 5000.0),
        }

    def losses(self) -> list[str]:
        """What has no place in the case, in words."""
        unused = [loss for section, items in self.entries.items() for loss in _unused(section, items.values())]
        return [*self.notes, *unused]


def _contingency(name: str, item: Entry) -> dict[str, Any]:
    units = item.items("Affected generators", []) + item.items("Affected units", [])
    return {"name": name, "lines": item.items("Affected lines", []), "units": units}


def _prices(parameters: Entry, sections: _Sections, steps: Steps) -> dict[str, float]:
    key = "Power balance penalty ($/MW)"
    penalty = parameters.series(key, steps.count, 1000.0)
    highest = max(penalty) if isinstance(penalty, list) else penalty
    if isinstance(penalty, list) and min(penalty) < highest:
        sections.notes.append(f"{key} varies from step to step; its highest value counts for all")
    return {
        "unserved_per_mwh": highest / steps.step_h,
        "spilled_per_mwh": highest / steps.step_h,
        "reserve_shortage_per_mwh": HARD_SHORTAGE_PRICE_PER_MWH,
    }


def _unused(section: str, items: Iterable[Entry]) -> list[str]:
    counts = Counter(key for item in items for key in item.unused())
    return [f"{section}: '{key}' is not carried over ({count} times)" for key, count in sorted(counts.items())]
