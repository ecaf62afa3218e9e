"""The same matrix through Pyomo: rival solvers, files, and operators' own rules.

Every case of `math/` is solved a second time there; here are the reference cases, one per mix of kinds.
"""

import shutil
from pathlib import Path
from typing import Any

import highspy
import pytest
from building import approx, case, cost, solve, thermal
from reference_cases import reference_cases

from services.dispatch.assembly import build
from services.dispatch.errors import BadRules, SolverMissing
from services.dispatch.solve import pyomo_view
from services.dispatch.solve.highs import Settings, search

CASES = reference_cases()
RIVALS = ["glpk", *(name for name in ("cbc",) if shutil.which(name))]
QUICKLY = sorted(set(CASES) - {"everything"})


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("name", QUICKLY)
def test_a_rival_solver_finds_the_same_optimum(name: str, rival: str) -> None:
    matrix = build(CASES[name]).pack()
    ours, theirs = (
        search(matrix, Settings(gap=0, threads=1)),
        pyomo_view.search(matrix, Settings(gap=0, seconds=60), rival),
    )
    assert ours.objective == approx(theirs.objective, rel=1e-6)


def test_a_plan_by_a_rival_solver_is_refereed_too() -> None:
    """The whole way with `--solver glpk`: the same cost, and the rival's name on the plan."""
    study = CASES["interruptible load"]
    ours, theirs = solve(study), solve(study, solver="glpk")
    assert ours.cost == approx(theirs.cost, rel=1e-6)
    assert "glpk" == theirs.solver["name"]


def test_a_rival_that_finds_no_schedule_says_so_and_one_that_is_missing_too() -> None:
    matrix = build(CASES["thermal"]).pack()
    with pytest.raises(SolverMissing, match="'no_such_solver' is not installed"):
        pyomo_view.search(matrix, Settings(), "no_such_solver")
    matrix.row_lower[0], matrix.row_upper[0] = 1e6, 1e6
    assert "infeasible" == pyomo_view.search(matrix, Settings(seconds=20), "glpk").end


@pytest.mark.parametrize("suffix", ["lp", "mps"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_an_exported_file_read_back_has_the_same_optimum(name: str, suffix: str, tmp_path: Path) -> None:
    """The linear relaxation of what was written, so that every coefficient counts and nothing takes long."""
    matrix = build(CASES[name]).pack()
    path = tmp_path / f"model.{suffix}"
    pyomo_view.export(matrix, path)
    assert _relaxed_optimum(path) == approx(search(_relaxed(matrix), Settings(gap=0, threads=1)).objective, rel=1e-6)
    assert "thermal_on" in path.read_text()


def _relaxed(matrix: Any) -> Any:
    matrix.integer[:] = False
    return matrix


def _relaxed_optimum(path: Path) -> float:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert highspy.HighsStatus.kError != solver.readModel(str(path))
    solver.setOptionValue("solve_relaxation", True)
    solver.run()
    return float(solver.getInfo().objective_function_value)


def test_the_whole_number_columns_survive_the_export(tmp_path: Path) -> None:
    """With integrality the same optimum as ours, from the file alone."""
    study = CASES["interruptible load"]
    plan = solve(study, export=tmp_path / "model.mps")
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(tmp_path / "model.mps"))
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.run()
    assert plan.cost == approx(solver.getInfo().objective_function_value, rel=1e-6)


def test_an_nl_file_is_written(tmp_path: Path) -> None:
    pyomo_view.export(build(CASES["thermal"]).pack(), tmp_path / "model.nl")
    assert (tmp_path / "model.nl").read_text().startswith("g3")


PAIR = thermal("one", price=100, was=0), thermal("two", price=200, was=0), thermal("three", price=900, was=0)


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.py"
    path.write_text(text)
    return path


def test_a_rule_on_two_units_joint_output_moves_the_optimum(tmp_path: Path) -> None:
    """
    Units at 100, 200 and 900 of 100 MW each; demand 150, then 80. One and two together give at most 120 MW.

    By hand: 10,000 + 20 * 200 + 30 * 900 and 8,000. Without the rule 10,000 + 50 * 200 + 8,000.
    """
    rule = """
import pyomo.environ as pyo

def rules(m):
    def joint(m, step):
        return m.thermal_power_mw["one", step] + m.thermal_power_mw["two", step] <= 120
    m.joint = pyo.Constraint([0, 1], rule=joint)
"""
    study = case([150, 80], *PAIR)
    assert 28_000 == approx(solve(study).cost)
    assert 10_000 + 4_000 + 27_000 + 8_000 == approx(solve(study, rules=written(tmp_path, rule)).cost)


def test_a_rule_may_speak_of_commitment_and_of_a_band(tmp_path: Path) -> None:
    """
    Unit two is on whenever one is, and gives 30 to 60 MW in the first hour: 70 * 100 + 30 * 200 of 100 MW.

    Without the rule 100 * 100.
    """
    rule = """
import pyomo.environ as pyo

def rules(m):
    m.together = pyo.Constraint(expr=m.thermal_on["two", 0] >= m.thermal_on["one", 0])
    m.band = pyo.Constraint(expr=pyo.inequality(30, m.thermal_power_mw["two", 0], 60))
"""
    assert 10_000 == approx(cost([100], *PAIR))
    assert 7_000 + 6_000 == approx(solve(case([100], *PAIR), rules=written(tmp_path, rule)).cost)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("m.c = pyo.Constraint(expr=m.thermal_power_mw['one', 0] * m.thermal_power_mw['two', 0] <= 9)", "not linear"),
        (
            "m.x = pyo.Var()\n    m.c = pyo.Constraint(expr=m.x + m.thermal_power_mw['one', 0] <= 9)",
            "not new variables",
        ),
        ("m.c = pyo.Constraint(expr=m.thermal_power_mw['four', 0] <= 9)", "KeyError"),
        ("pass", "added no constraint"),
    ],
)
def test_rules_that_cannot_be_used_are_refused_in_words(body: str, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"import pyomo.environ as pyo\n\ndef rules(m):\n    {body}\n")
    with pytest.raises(BadRules, match=words):
        solve(case([100], *PAIR), rules=path)


@pytest.mark.parametrize(
    ("text", "words"),
    [("def rules(m) nonsense", "SyntaxError"), ("RULES = 1", "has no function rules"), (None, "not a readable Python")],
)
def test_files_that_are_no_rules_are_refused_in_words(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "missing.py" if text is None else written(tmp_path, text)
    with pytest.raises(BadRules, match=words):
        solve(case([100], *PAIR), rules=path)
