"""PyPSA, as far as its model can say the rules of pglib-uc: a relaxation of them.

It says: limits, ramps, start and stop limits, minimum times, initial states, piecewise costs, renewables between a
minimum and what is available. It has no reserve, and one start cost per unit, here the lowest (the hottest).
So its cost is no cost of a plan, and its time is that of an easier problem.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pypsa

from benchmarks.job import Job, asked
from benchmarks.peers.watching import watch_highs

BUS = "system"


def network(case: dict[str, Any]) -> pypsa.Network:
    """The case as PyPSA's network, reserve and colder starts left out."""
    n = pypsa.Network()
    n.set_snapshots(range(case["time_periods"]))
    n.add("Bus", BUS)
    n.add("Load", "demand", bus=BUS, p_set=case["demand"])
    units = case["thermal_generators"]
    facts = pd.DataFrame({name: _thermal(unit, case["time_periods"]) for name, unit in units.items()}).T
    n.add("Generator", facts.index, bus=BUS, committable=True, **{key: facts[key] for key in facts})
    n.c.generators.piecewise["marginal_cost"] = _curves(units)
    _add_renewables(n, case["renewable_generators"])
    return n


def _thermal(unit: dict[str, Any], steps: int) -> dict[str, float]:
    """Shares are of the highest output; in PyPSA a start reaches no higher than one ramp above the minimum."""
    low, high = unit["power_output_minimum"], unit["power_output_maximum"]
    # A unit that must run is one whose minimum time on outlasts the horizon.
    min_up = steps + unit["time_up_t0"] if unit["must_run"] else unit["time_up_minimum"]
    on = unit["unit_on_t0"]
    return {
        "p_nom": high,
        "p_min_pu": low / high,
        "p_init": unit["power_output_t0"] if on else 0.0,
        "ramp_limit_up": unit["ramp_up_limit"] / high,
        "ramp_limit_down": unit["ramp_down_limit"] / high,
        "ramp_limit_start_up": min(unit["ramp_startup_limit"], low + unit["ramp_up_limit"]) / high,
        "ramp_limit_shut_down": min(unit["ramp_shutdown_limit"], low + unit["ramp_down_limit"]) / high,
        "min_up_time": min_up,
        "min_down_time": unit["time_down_minimum"],
        "up_time_before": unit["time_up_t0"] if on else 0,
        "down_time_before": 0 if on else unit["time_down_t0"],
        "start_up_cost": unit["startup"][0]["cost"],
        "stand_by_cost": unit["piecewise_production"][0]["cost"],
    }


def _curves(units: dict[str, Any]) -> pd.DataFrame:
    """Marginal costs above the minimum, each up to its breakpoint; the cost at the minimum is the stand-by cost."""
    columns = {}
    for name, unit in units.items():
        points, high = unit["piecewise_production"], unit["power_output_maximum"]
        slopes = [(after["cost"] - before["cost"]) / (after["mw"] - before["mw"]) for before, after in pairwise(points)]
        columns[name, "p_pu"] = pd.Series([point["mw"] / high for point in points])
        columns[name, "marginal_cost"] = pd.Series([slopes[0], *slopes] if slopes else [0.0])
    curves = pd.DataFrame(columns)
    curves.columns.names, curves.index.name = ["name", "attribute"], "breakpoint"
    return curves


def _add_renewables(n: pypsa.Network, plants: dict[str, Any]) -> None:
    most = pd.DataFrame({name: plant["power_output_maximum"] for name, plant in plants.items()}, index=n.snapshots)
    least = pd.DataFrame({name: plant["power_output_minimum"] for name, plant in plants.items()}, index=n.snapshots)
    # Per unit of 1 MW, so that the series are in MW.
    n.add("Generator", list(plants), bus=BUS, p_nom=1.0, p_max_pu=most, p_min_pu=least)


def solve(job: Job) -> None:
    watch_highs(job)
    case = json.loads(Path(job.case).read_bytes())
    job.tell("read")
    n = network(case)
    n.optimize.create_model()
    job.tell("built")
    n.optimize.solve_model(solver_name="highs", io_api="direct")
    job.tell("done", cost=float(n.objective))


if __name__ == "__main__":
    solve(asked())
