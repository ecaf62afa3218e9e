"""Egret's tight unit commitment (Knueven, Ostrowski and Watson 2020), read by its own parser of pglib-uc."""

from typing import Any

import pyomo.environ as pyo
from egret.models.unit_commitment import create_tight_unit_commitment_model, solve_unit_commitment
from egret.parsers.pglib_uc_parser import create_ModelData

from benchmarks.job import Job, asked
from benchmarks.peers.watching import watch_highs

SOLVER = "appsi_highs"
THERMAL, RENEWABLE = "_T", "_R"
"""What the parser appends to names."""


def schedule(solved: Any, model: Any) -> dict[str, Any]:
    """What the units do, in the words of the checker; the reserve is in the model only."""
    units = dict(solved.elements("generator", generator_type="thermal"))
    plants = dict(solved.elements("generator", generator_type="renewable"))
    power = {name.removesuffix(THERMAL): unit["pg"]["values"] for name, unit in units.items()}
    power.update({name.removesuffix(RENEWABLE): plant["pg"]["values"] for name, plant in plants.items()})
    reserve = {
        name.removesuffix(THERMAL): [pyo.value(model.ReserveProvided[name, t]) for t in model.TimePeriods]
        for name in units
    }
    return {
        "commitment": {name.removesuffix(THERMAL): unit["commitment"]["values"] for name, unit in units.items()},
        "power_mw": power,
        "reserve_mw": reserve,
    }


def solve(job: Job) -> None:
    bounds = watch_highs(job)
    case = create_ModelData(job.case)
    job.tell("read")

    def build(*args: Any, **options: Any) -> Any:
        model = create_tight_unit_commitment_model(*args, **options)
        job.tell("built")
        return model

    # Egret asks a solver for its name, and Pyomo's persistent HiGHS has none.
    type(pyo.SolverFactory(SOLVER)).name = SOLVER
    solved, model = solve_unit_commitment(case, SOLVER, uc_model_generator=build, solver_tee=False, return_model=True)
    cost = solved.data["system"]["total_cost"]
    job.tell("done", cost=cost)
    job.hand_in({**schedule(solved, model), "objective": cost, "lower_bound": bounds[-1]})


if __name__ == "__main__":
    solve(asked())
