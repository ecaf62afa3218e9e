"""What an auditor would object to in what the plan says about itself."""

import math
from collections.abc import Iterator

import numpy as np

from grid_models.plan import Plan
from grid_models.quantities import Floats
from services.dispatch.referee.verdict import Finding, Violation, everyone
from services.dispatch.referee.yard import Yard

RELATIVE = 1e-6
ABSOLUTE = 1e-3


def objections(plan: Plan, yard: Yard, findings: dict[str, Finding], cost: float) -> Iterator[Violation]:
    """Judge the plan's words: for which case and times it is, how good it says it is, and its short views."""
    yield from _identity(plan, yard)
    yield from _numbers(plan, cost)
    yield from _status(plan, yard)
    all_findings = dict(everyone(findings))
    yield from _commitment_view(plan, findings, all_findings)
    yield from _power_view(plan, yard, findings, all_findings)
    yield from _reserve_view(plan, yard, all_findings)


def _claim(rule: str, words: str, amount: float = 0.0, name: str = "plan") -> Violation:
    return Violation(rule, name, None, amount, f"{name}: {words}")


def _identity(plan: Plan, yard: Yard) -> Iterator[Violation]:
    if plan.case_hash != yard.case.hash:
        yield _claim("case hash", f"was made for the case {plan.case_hash[:12]}..., not {yard.case.hash[:12]}...")
    if tuple(plan.times) != yard.horizon.times:
        first, last = yard.horizon.times[0], yard.horizon.times[-1]
        yield _claim("times", f"its times are not the {yard.steps} steps from {first} to {last}")


def _numbers(plan: Plan, cost: float) -> Iterator[Violation]:
    claimed = {"cost": plan.cost, "objective": plan.objective, "lower bound": plan.lower_bound, "gap": plan.gap}
    endless = [what for what, value in claimed.items() if not math.isfinite(value)]
    if endless:
        yield _claim("finite", f"its {endless[0]} is not a finite number")
        return
    slack = RELATIVE * abs(cost) + ABSOLUTE
    for what in ("cost", "objective"):
        if abs(claimed[what] - cost) > slack:
            yield _claim(what, f"claims {claimed[what]:.10g}, the schedule costs {cost:.10g}", claimed[what] - cost)
    if plan.lower_bound > cost + slack:
        words = f"claims that nothing costs less than {plan.lower_bound:.10g}, yet its schedule costs {cost:.10g}"
        yield _claim("lower bound", words, plan.lower_bound - cost)
    if abs(plan.gap * abs(plan.cost) - (plan.cost - plan.lower_bound)) > slack:
        words = f"claims a gap of {plan.gap:.6g}; cost {plan.cost:.10g} and bound {plan.lower_bound:.10g} give another"
        yield _claim("gap", words, plan.gap)
    stated = sum(amount for items in plan.cost_by_kind.values() for amount in items.values())
    if plan.cost_by_kind and not abs(stated - plan.cost) <= slack:
        yield _claim("cost by kind", f"its items add up to {stated:.10g}, not to {plan.cost:.10g}", stated - plan.cost)


def _status(plan: Plan, yard: Yard) -> Iterator[Violation]:
    """Relaxed if, and only if, something is missing; optimal only within the gap that was asked for."""
    short = _short_of(yard)
    read = yard.readings
    groups = (read.unserved_mw, read.spilled_mw, read.reserve_shortage_mw)
    none = not any((mw > 0).any() for group in groups for mw in group.values())
    if short and plan.status != "relaxed":
        yield _claim("status", f"claims to be {plan.status}, yet it uses shortage ({short})")
    if none and plan.status == "relaxed":
        yield _claim("status", "claims to be relaxed, yet it uses no shortage")
    asked = plan.solver.get("gap")
    if plan.status == "optimal" and isinstance(asked, int | float) and plan.gap > asked * (1 + RELATIVE) + RELATIVE:
        yield _claim("status", f"claims to be optimal within {asked:g}, yet its gap is {plan.gap:g}", plan.gap - asked)


def _short_of(yard: Yard) -> str:
    """Whose shortage is used, in words; empty where none is."""
    read, case = yard.readings, yard.case
    groups: tuple[tuple[str, dict[str, Floats], dict[str, Floats]], ...] = (
        ("unserved", read.unserved_mw, dict(zip(case.zone_index, case.demand_mw, strict=True))),
        ("spilled", read.spilled_mw, dict(zip(case.zone_index, case.demand_mw, strict=True))),
        ("reserve", read.reserve_shortage_mw, {item.name: np.array(item.requirement_mw) for item in case.reserves}),
    )
    for what, shortage_mw, scale_mw in groups:
        for name, mw in shortage_mw.items():
            if (mw > yard.tolerance(scale_mw[name])).any():
                return f"{what} at {name}: {mw.max():.6g} MW"
    return ""


def _commitment_view(plan: Plan, own: dict[str, Finding], every: dict[str, Finding]) -> Iterator[Violation]:
    """The view must hold every unit that the plan commits; members of plants may stand in it."""
    due = {name: finding.on for name, finding in every.items() if finding.on is not None}
    for name in sorted(plan.commitment.keys() - due.keys()):
        yield _claim("commitment view", "is no unit with a commitment", name=name)
    for name, on in due.items():
        stated = plan.commitment.get(name)
        if (stated is None and name in own) or (stated is not None and stated != on.tolist()):
            yield _claim("commitment view", "`commitment` differs from `resources`", name=name)


def _power_view(plan: Plan, yard: Yard, own: dict[str, Finding], every: dict[str, Finding]) -> Iterator[Violation]:
    for name in sorted(plan.power_mw.keys() - every.keys()):
        yield _claim("power view", "is no resource of the case", name=name)
    for name, finding in every.items():
        stated = plan.power_mw.get(name)
        if stated is not None or name in own:
            yield from _same(yard, "power view", name, "power_mw", stated, finding.injection_mw)


def _reserve_view(plan: Plan, yard: Yard, every: dict[str, Finding]) -> Iterator[Violation]:
    """`reserve_mw` is spinning reserve: every unit with a commitment that holds some, and whoever else stands in it."""
    zero = np.zeros(yard.steps)
    due = dict.fromkeys(plan.reserve_mw, zero)
    for product in yard.case.reserves:
        if product.product == "spinning":
            for name, mw in yard.readings.awards_mw[product.name].items():
                if name in plan.reserve_mw or (every[name].on is not None and (mw > yard.tolerance_mw).any()):
                    due[name] = due.get(name, zero) + mw
    for name in sorted(due):
        yield from _same(yard, "reserve view", name, "reserve_mw", plan.reserve_mw.get(name), due[name])


def _same(yard: Yard, rule: str, name: str, what: str, stated: list[float] | None, due: Floats) -> Iterator[Violation]:
    if stated is None or len(stated) != yard.steps or not np.isfinite(stated).all():
        yield _claim(rule, f"`{what}` does not give {yard.steps} finite numbers for it", name=name)
    else:
        yield from yard.equal(rule, name, f"`{what}`", np.asarray(stated, dtype=np.float64), due)
