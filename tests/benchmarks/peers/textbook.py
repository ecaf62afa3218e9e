"""The textbook model of pglib-uc in Pyomo: its MODEL.tex, equation by equation (numbers as printed there).

Morales-Espana, Latorre and Ramos 2013, with the piecewise costs of Sridhar, Linderoth and Luedtke 2013.
"""

import json
from pathlib import Path
from typing import Any

import pyomo.environ as pyo

from benchmarks.job import Job, asked
from benchmarks.peers.watching import watch_highs

Unit = dict[str, Any]


def build(case: dict[str, Any]) -> pyo.ConcreteModel:
    """The whole model; `m.units` and `m.plants` keep the data beside it."""
    m = pyo.ConcreteModel()
    m.units, m.plants, m.last = case["thermal_generators"], case["renewable_generators"], case["time_periods"]
    m.times = pyo.RangeSet(1, m.last)
    m.thermal, m.renewable = pyo.Set(initialize=list(m.units)), pyo.Set(initialize=list(m.plants))
    _variables(m)
    _system(m, case)
    _beginning(m)
    _switching(m)
    _starting(m)
    _output(m)
    _cost(m)
    return m


def _variables(m: pyo.ConcreteModel) -> None:
    m.on = pyo.Var(m.thermal, m.times, within=pyo.Binary)
    m.start = pyo.Var(m.thermal, m.times, within=pyo.Binary)
    m.stop = pyo.Var(m.thermal, m.times, within=pyo.Binary)
    m.above = pyo.Var(m.thermal, m.times, within=pyo.NonNegativeReals)
    m.reserve = pyo.Var(m.thermal, m.times, within=pyo.NonNegativeReals)
    m.cost = pyo.Var(m.thermal, m.times)
    m.used = pyo.Var(m.renewable, m.times, bounds=lambda m, name, t: _band(m.plants[name], t))  # (24)
    m.categories = pyo.Set(initialize=[(g, s) for g, unit in m.units.items() for s in range(len(unit["startup"]))])
    m.category = pyo.Var(m.categories, m.times, within=pyo.Binary)
    points = [(g, k) for g, unit in m.units.items() for k in range(len(unit["piecewise_production"]))]
    m.points = pyo.Set(initialize=points)
    m.weight = pyo.Var(m.points, m.times, bounds=(0, 1))


def _band(plant: dict[str, Any], t: int) -> tuple[float, float]:
    return plant["power_output_minimum"][t - 1], plant["power_output_maximum"][t - 1]


def _system(m: pyo.ConcreteModel, case: dict[str, Any]) -> None:
    def balance(m: Any, t: int) -> Any:  # (2)
        thermal = pyo.quicksum(m.above[g, t] + m.units[g]["power_output_minimum"] * m.on[g, t] for g in m.thermal)
        return thermal + pyo.quicksum(m.used[w, t] for w in m.renewable) == case["demand"][t - 1]

    def spinning(m: Any, t: int) -> Any:  # (3)
        return pyo.quicksum(m.reserve[g, t] for g in m.thermal) >= case["reserves"][t - 1]

    m.balance, m.spinning = pyo.Constraint(m.times, rule=balance), pyo.Constraint(m.times, rule=spinning)


def _beginning(m: pyo.ConcreteModel) -> None:
    m.held = pyo.ConstraintList()
    for g, unit in m.units.items():
        _held(m, g, unit)
        for row in _first_step(m, g, unit):
            m.held.add(row)


def _held(m: pyo.ConcreteModel, g: str, unit: Unit) -> None:
    """Minimum times (4, 5) and warm starts (7) that reach into the horizon."""
    if unit["unit_on_t0"]:
        stay = range(1, min(unit["time_up_minimum"] - unit["time_up_t0"], m.last) + 1)
        if len(stay):
            m.held.add(sum(m.on[g, t] - 1 for t in stay) == 0)
    else:
        stay = range(1, min(unit["time_down_minimum"] - unit["time_down_t0"], m.last) + 1)
        if len(stay):
            m.held.add(sum(m.on[g, t] for t in stay) == 0)
    too_late = [
        m.category[g, s, t]
        for s, colder in enumerate(unit["startup"][1:])
        for t in range(max(1, colder["lag"] - unit["time_down_t0"] + 1), min(colder["lag"] - 1, m.last) + 1)
    ]
    if too_late:
        m.held.add(sum(too_late) == 0)


def _first_step(m: pyo.ConcreteModel, g: str, unit: Unit) -> list[Any]:
    """Switching (6) and ramps (8, 9) from the initial state, and whether it may stop from there (10)."""
    low, high = unit["power_output_minimum"], unit["power_output_maximum"]
    above = unit["unit_on_t0"] * (unit["power_output_t0"] - low)
    edge = max(high - unit["ramp_shutdown_limit"], 0)
    return [
        m.on[g, 1] - unit["unit_on_t0"] == m.start[g, 1] - m.stop[g, 1],
        m.above[g, 1] + m.reserve[g, 1] - above <= unit["ramp_up_limit"],
        above - m.above[g, 1] <= unit["ramp_down_limit"],
        (high - low) * unit["unit_on_t0"] - edge * m.stop[g, 1] >= above,
    ]


def _switching(m: pyo.ConcreteModel) -> None:
    def must_run(m: Any, g: str, t: int) -> Any:  # (11)
        return m.on[g, t] >= 1 if m.units[g]["must_run"] else pyo.Constraint.Skip

    def logic(m: Any, g: str, t: int) -> Any:  # (12)
        if t == 1:
            return pyo.Constraint.Skip
        return m.on[g, t] - m.on[g, t - 1] == m.start[g, t] - m.stop[g, t]

    def stays_on(m: Any, g: str, t: int) -> Any:  # (13)
        hours = min(m.units[g]["time_up_minimum"], m.last)
        if t < hours or hours < 1:
            return pyo.Constraint.Skip
        return pyo.quicksum(m.start[g, i] for i in range(t - hours + 1, t + 1)) <= m.on[g, t]

    def stays_off(m: Any, g: str, t: int) -> Any:  # (14)
        hours = min(m.units[g]["time_down_minimum"], m.last)
        if t < hours or hours < 1:
            return pyo.Constraint.Skip
        return pyo.quicksum(m.stop[g, i] for i in range(t - hours + 1, t + 1)) <= 1 - m.on[g, t]

    for name, rule in {"must_run": must_run, "logic": logic, "stays_on": stays_on, "stays_off": stays_off}.items():
        m.add_component(name, pyo.Constraint(m.thermal, m.times, rule=rule))


def _starting(m: pyo.ConcreteModel) -> None:
    def select(m: Any, g: str, s: int, t: int) -> Any:  # (15)
        startup = m.units[g]["startup"]
        if s + 1 == len(startup) or t < startup[s + 1]["lag"]:
            return pyo.Constraint.Skip
        since = range(startup[s]["lag"], startup[s + 1]["lag"])
        return m.category[g, s, t] <= pyo.quicksum(m.stop[g, t - i] for i in since)

    def link(m: Any, g: str, t: int) -> Any:  # (16)
        return m.start[g, t] == pyo.quicksum(m.category[g, s, t] for s in range(len(m.units[g]["startup"])))

    m.select = pyo.Constraint(m.categories, m.times, rule=select)
    m.link = pyo.Constraint(m.thermal, m.times, rule=link)


def _output(m: pyo.ConcreteModel) -> None:
    def range_mw(unit: Unit) -> float:
        return float(unit["power_output_maximum"] - unit["power_output_minimum"])

    def after_start(m: Any, g: str, t: int) -> Any:  # (17)
        edge = max(m.units[g]["power_output_maximum"] - m.units[g]["ramp_startup_limit"], 0)
        return m.above[g, t] + m.reserve[g, t] <= range_mw(m.units[g]) * m.on[g, t] - edge * m.start[g, t]

    def before_stop(m: Any, g: str, t: int) -> Any:  # (18)
        if t == m.last:
            return pyo.Constraint.Skip
        edge = max(m.units[g]["power_output_maximum"] - m.units[g]["ramp_shutdown_limit"], 0)
        return m.above[g, t] + m.reserve[g, t] <= range_mw(m.units[g]) * m.on[g, t] - edge * m.stop[g, t + 1]

    def up(m: Any, g: str, t: int) -> Any:  # (19)
        if t == 1:
            return pyo.Constraint.Skip
        return m.above[g, t] + m.reserve[g, t] - m.above[g, t - 1] <= m.units[g]["ramp_up_limit"]

    def down(m: Any, g: str, t: int) -> Any:  # (20)
        return pyo.Constraint.Skip if t == 1 else m.above[g, t - 1] - m.above[g, t] <= m.units[g]["ramp_down_limit"]

    for name, rule in {"after_start": after_start, "before_stop": before_stop, "up": up, "down": down}.items():
        m.add_component(name, pyo.Constraint(m.thermal, m.times, rule=rule))


def _cost(m: pyo.ConcreteModel) -> None:
    curves = {g: unit["piecewise_production"] for g, unit in m.units.items()}

    def along(m: Any, g: str, t: int, what: str) -> Any:
        first = curves[g][0][what]
        return pyo.quicksum((point[what] - first) * m.weight[g, k, t] for k, point in enumerate(curves[g]))

    m.parts = pyo.Constraint(m.thermal, m.times, rule=lambda m, g, t: m.above[g, t] == along(m, g, t, "mw"))  # (21)
    m.dear = pyo.Constraint(m.thermal, m.times, rule=lambda m, g, t: m.cost[g, t] == along(m, g, t, "cost"))  # (22)
    m.whole = pyo.Constraint(  # (23)
        m.thermal,
        m.times,
        rule=lambda m, g, t: m.on[g, t] == pyo.quicksum(m.weight[g, k, t] for k in range(len(curves[g]))),
    )
    running = pyo.quicksum(m.cost[g, t] + curves[g][0]["cost"] * m.on[g, t] for g in m.thermal for t in m.times)
    starts = pyo.quicksum(
        m.units[g]["startup"][s]["cost"] * m.category[g, s, t] for g, s in m.categories for t in m.times
    )
    m.total = pyo.Objective(expr=running + starts)  # (1)


def schedule(m: pyo.ConcreteModel) -> dict[str, Any]:
    """What the units do, in the words of the checker."""

    def values(of: Any, g: str) -> list[float]:
        return [pyo.value(of[g, t]) for t in m.times]

    on = {g: [round(value) for value in values(m.on, g)] for g in m.thermal}
    power = {g: values(m.above, g) for g in m.thermal}
    for g, unit in m.units.items():
        power[g] = [above + unit["power_output_minimum"] * now for above, now in zip(power[g], on[g], strict=True)]
    power.update({w: values(m.used, w) for w in m.renewable})
    return {"commitment": on, "power_mw": power, "reserve_mw": {g: values(m.reserve, g) for g in m.thermal}}


def solve(job: Job) -> None:
    bounds = watch_highs(job)
    case = json.loads(Path(job.case).read_bytes())
    job.tell("read")
    m = build(case)
    job.tell("built")
    results = pyo.SolverFactory("appsi_highs").solve(m, load_solutions=False)
    m.solutions.load_from(results)
    cost = pyo.value(m.total)
    job.tell("done", cost=cost)
    job.hand_in({**schedule(m), "objective": cost, "lower_bound": bounds[-1]})


if __name__ == "__main__":
    solve(asked())
