"""The reference data, solved: small cases to a proof, one day of the benchmark by an outsider's check, size by time."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from building import approx

from grid_models.formats import read_case
from grid_models.plan import write_plan
from services.dispatch.assembly import build
from services.dispatch.planning import Options, plan_case
from services.dispatch.solve.highs import loaded

pytestmark = pytest.mark.data

SMALL = [
    "case14", "case14-fixed-status", "case14-profiled", "case14-sub-hourly",
    "lmp_simple_test_1", "lmp_simple_test_2", "market_da_simple", "market_rt1_simple",
]  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_small_cases_of_unitcommitment_jl_solve_to_a_proof(name: str, data: Path) -> None:
    case = read_case(data / "unitcommitment-jl" / f"{name}.json.gz").case
    plan = plan_case(case, Options(gap=1e-4, time_limit_s=20))
    assert plan.gap <= 1e-4 + 1e-9
    assert plan.lower_bound <= plan.cost


def test_a_plan_of_the_benchmark_passes_the_outsider_s_check(data: Path, checker: Path, tmp_path: Path) -> None:
    """Two days of RTS-GMLC with a wide gap, in seconds; feasibility and cost are as exact as ever."""
    file = data / "pglib-uc/rts_gmlc/2020-07-06.json"
    plan = plan_case(read_case(file).case, Options(gap=0.02, time_limit_s=60))
    write_plan(plan, tmp_path / "plan.json")
    told = subprocess.run(
        [sys.executable, str(checker), str(file), str(tmp_path / "plan.json")], capture_output=True, text=True
    )
    verdict = json.loads(told.stdout)
    assert verdict["feasible"], verdict["violations"]
    assert 0 == told.returncode
    assert plan.cost == approx(verdict["cost"], rel=1e-6)


def test_a_case_of_a_thousand_units_is_built_and_handed_over_in_seconds(data: Path) -> None:
    """The largest by units, 48 h: arrays all the way, no loop over units and steps."""
    case = read_case(data / "pglib-uc/ferc/2015-07-01_lw.json").case
    began_s = time.perf_counter()
    matrix = build(case).pack()
    solver = loaded(matrix, options={})
    seconds = time.perf_counter() - began_s
    assert matrix.shape[1] == solver.getNumCol()
    assert 40_000 < matrix.integer.sum()
    assert seconds < 4
