"""The referee: what a meter in the yard would object to in any plan for any case.

It knows the nouns and nothing else of ours: neither the model nor the solver that made the plan.
"""

from collections.abc import Callable
from typing import Any

from grid_models.case import Case
from grid_models.plan import Plan
from services.dispatch.referee import (
    battery,
    claims,
    interruptible_load,
    price_sensitive_load,
    profile,
    pumped_hydro,
    renewable,
    reserves,
    system,
    thermal,
    virtual_power_plant,
)
from services.dispatch.referee.readings import read
from services.dispatch.referee.verdict import Finding, Verdict, Violation, everyone
from services.dispatch.referee.yard import Yard

INSPECTORS: dict[str, Callable[[Any, Yard], Finding]] = {
    "thermal": thermal.inspect,
    "renewable": renewable.inspect,
    "profile": profile.inspect,
    "battery": battery.inspect,
    "pumped_hydro": pumped_hydro.inspect,
    "virtual_power_plant": virtual_power_plant.inspect,
    "interruptible_load": interruptible_load.inspect,
    "price_sensitive_load": price_sensitive_load.inspect,
}
TOLERANCE_MW = 1e-4


def judge(plan: Plan, case: Case, tolerance_mw: float = TOLERANCE_MW) -> Verdict:
    """The verdict on a plan: every objection, and its cost recomputed from the schedule alone.

    A plan that cannot be read (a column missing, too short, not finite) is refused for that alone.
    """
    readings = read(plan, case)
    if readings.faults:
        return Verdict(readings.faults, float("nan"), {})
    yard = Yard(case, readings, plan.assumptions, tolerance_mw)
    findings = {item.name: INSPECTORS[item.kind](item, yard) for item in case.resources}
    bill = _bill(case, yard, findings)
    cost = sum(amount for items in bill.values() for amount in items.values())
    violations = (
        *(violation for finding in findings.values() for violation in finding.violations),
        *system.objections(yard, findings),
        *reserves.objections(yard),
        *claims.objections(plan, yard, findings, cost),
    )
    return Verdict(violations, cost, bill)


def _bill(case: Case, yard: Yard, findings: dict[str, Finding]) -> dict[str, dict[str, float]]:
    """What the schedule costs, by kind and item."""
    bill: dict[str, dict[str, float]] = {}
    at = dict(everyone(findings))
    for resource in case.everything:
        items = bill.setdefault(resource.kind, {})  # type: ignore[attr-defined]
        for item, amount in at[resource.name].cost.items():
            items[item] = items.get(item, 0.0) + amount
    return bill | system.cost(yard) | {"reserve_shortage": reserves.cost(yard)}


__all__ = ["INSPECTORS", "TOLERANCE_MW", "Finding", "Verdict", "Violation", "judge"]
