"""The same matrix as a Pyomo model: for rival solvers, for export, and for operators' own rules.

Every family of columns is an indexed variable `<kind>_<name>[resource, step]`, every published column that is not one
(such as `thermal_power_mw`) an indexed expression. Nothing of any formulation is written a second time.
"""

import importlib.util
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import ApplicationError
from pyomo.core.expr import identify_variables
from pyomo.opt import SolverStatus, TerminationCondition
from pyomo.repn import generate_standard_repn
from scipy.sparse import csr_array

from grid_models.quantities import Floats
from services.dispatch.algebra import stacked
from services.dispatch.errors import BadRules, SolverMissing
from services.dispatch.model import Family, Matrix, Model, Names
from services.dispatch.solve.highs import Outcome, Settings

OPTIONS = {
    "glpk": ("tmlim", "mipgap"),
    "cbc": ("sec", "ratio"),
    "scip": ("limits/time", "limits/gap"),
    "gurobi": ("TimeLimit", "MIPGap"),
    "cplex": ("timelimit", "mip_tolerances_mipgap"),
    "xpress": ("maxtime", "miprelstop"),
    "appsi_highs": ("time_limit", "mip_rel_gap"),
}
"""How each solver calls its time limit and its relative gap."""


def variables(matrix: Matrix, model: Model | None = None) -> tuple[Any, list[Any]]:
    """A Pyomo model with every column named, and its columns in order."""
    view = pyo.ConcreteModel()
    columns: list[Any] = []
    for family in matrix.column_names.families:
        index = [_key(family, number) for number in range(family.first, family.first + family.size)]
        variable = pyo.Var(index)
        view.add_component(_component(view, family.kind, family.name), variable)
        columns.extend(variable[key] for key in index)
    for number, column in enumerate(columns):
        column.setlb(_bound(matrix.lower[number]))
        column.setub(_bound(matrix.upper[number]))
        if matrix.integer[number]:
            column.domain = pyo.Integers
    if model is not None:
        _expressions(view, columns, model)
    return view, columns


def whole(matrix: Matrix) -> tuple[Any, list[Any]]:
    """The complete model: variables, objective and every row."""
    view, columns = variables(matrix)
    view.objective = pyo.Objective(expr=_weighted(columns, np.flatnonzero(matrix.cost), matrix.cost) + matrix.offset)
    for family in matrix.row_names.families:
        rows = range(family.first, family.first + family.size)
        keys = {_key(family, row): row for row in rows}
        rule = _row_rule(matrix, columns, keys)
        view.add_component(_component(view, family.kind, family.name), pyo.Constraint(list(keys), rule=rule))
    return view, columns


def export(matrix: Matrix, path: Path) -> None:
    """Write the model as LP, MPS or NL, by the suffix of the file, with readable names."""
    view, _ = whole(matrix)
    view.write(str(path), io_options={"symbolic_solver_labels": True})


def search(matrix: Matrix, settings: Settings, solver_name: str) -> Outcome:
    """The model solved by any solver that Pyomo reaches; `SolverMissing` where it is not installed."""
    # Pyomo logs what we say in words ourselves.
    logging.getLogger("pyomo").setLevel(logging.CRITICAL)
    solver = pyo.SolverFactory(solver_name)
    if not _available(solver):
        raise SolverMissing(
            f"the solver '{solver_name}' is not installed or not known to Pyomo; install it or use highs"
        )
    limit, gap = OPTIONS.get(solver_name, (None, None))
    if limit is not None:
        solver.options[limit] = max(1, int(settings.seconds))
        solver.options[gap] = settings.gap
    view, columns = whole(matrix)
    result = solver.solve(view, load_solutions=False)
    condition = result.solver.termination_condition
    if condition in (TerminationCondition.infeasible, TerminationCondition.infeasibleOrUnbounded):
        return Outcome("infeasible", np.inf, np.inf, None)
    if not len(result.solution) or result.solver.status not in (SolverStatus.ok, SolverStatus.aborted):
        return Outcome("stopped", np.inf, -np.inf, None)
    view.solutions.load_from(result)
    return _outcome(matrix, columns, settings, condition == TerminationCondition.optimal)


def with_rules(matrix: Matrix, model: Model, path: Path) -> Matrix:
    """The matrix with the constraints that the operator's `rules(m)` adds to the view."""
    rules = _rules_of(path)
    view, columns = variables(matrix, model)
    known = {id(column): number for number, column in enumerate(columns)}
    try:
        rules(view)
    except (Exception, SystemExit) as error:  # the file is the operator's: whatever it raises is told in words
        raise BadRules(f"{path}: rules(m) failed: {type(error).__name__}: {error}") from error
    found = list(_compiled(view, known, path, matrix.shape[1]))
    if not found:
        raise BadRules(f"{path}: rules(m) added no constraint; add pyomo Constraints to m")
    family = Family("rules", path.stem, matrix.shape[0], (len(found),), tuple(name for name, *_ in found))
    return replace(
        matrix,
        rows=stacked([matrix.rows, *(row for _, row, _, _ in found)], matrix.shape[1]),
        row_lower=np.concatenate([matrix.row_lower, [low for _, _, low, _ in found]]),
        row_upper=np.concatenate([matrix.row_upper, [high for _, _, _, high in found]]),
        row_names=Names([*matrix.row_names.families, family]),
    )


def _key(family: Family, number: int) -> Any:
    _, where = family.entry(number)
    return (family.unique[where[0]], *where[1:]) if len(where) > 1 else family.unique[where[0]]


def _component(view: Any, kind: str, name: str) -> str:
    text = "".join(letter if letter.isalnum() else "_" for letter in f"{kind}_{name}")
    taken, number = text, 1
    while view.component(taken) is not None:
        number += 1
        taken = f"{text}_{number}"
    return taken


def _bound(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _weighted(columns: list[Any], numbers: Any, weights: Floats) -> Any:
    from pyomo.core.expr.numeric_expr import LinearExpression

    return LinearExpression(
        constant=0.0,
        linear_coefs=[float(weights[number]) for number in numbers],
        linear_vars=[columns[number] for number in numbers],
    )


def _row_rule(matrix: Matrix, columns: list[Any], keys: dict[Any, int]) -> Any:
    from pyomo.core.expr.numeric_expr import LinearExpression

    rows = matrix.rows

    def rule(_: Any, *key: Any) -> Any:
        row = keys[key if len(key) > 1 else key[0]]
        entries = slice(rows.indptr[row], rows.indptr[row + 1])
        body = LinearExpression(
            constant=0.0,
            linear_coefs=[float(value) for value in rows.data[entries]],
            linear_vars=[columns[number] for number in rows.indices[entries]],
        )
        low, high = _bound(matrix.row_lower[row]), _bound(matrix.row_upper[row])
        if low is not None and low == high:
            return body == low
        return pyo.inequality(low, body, high)

    return rule


def _expressions(view: Any, columns: list[Any], model: Model) -> None:
    for block in model.blocks:
        for name, (linear, resources) in block.published.items():
            if view.component(_plain(block.kind, name)) is not None or linear.shape[-1] != model.case.steps:
                continue
            family = Family(block.kind, name, 0, linear.shape, resources)
            table = {_key(family, number): _entry(linear, columns, number) for number in range(linear.size)}
            component = pyo.Expression(list(table), initialize=lambda _, *key, table=table: table[key])
            view.add_component(_component(view, block.kind, name), component)


def _plain(kind: str, name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in f"{kind}_{name}")


def _entry(linear: Any, columns: list[Any], number: int) -> Any:
    row = slice(linear.matrix.indptr[number], linear.matrix.indptr[number + 1])
    terms = zip(linear.matrix.data[row], linear.matrix.indices[row], strict=True)
    return sum((float(weight) * columns[place] for weight, place in terms), float(linear.constant[number]))


def _available(solver: Any) -> bool:
    try:
        return bool(solver.available(exception_flag=False))
    except (ApplicationError, AttributeError):
        return False


def _outcome(matrix: Matrix, columns: list[Any], settings: Settings, optimal: bool) -> Outcome:
    values = np.array([0.0 if column.value is None else float(column.value) for column in columns])
    objective = float(matrix.cost @ values + matrix.offset)
    bound = objective - settings.gap * abs(objective) if optimal else -np.inf
    return Outcome("optimal" if optimal else "stopped", objective, bound, values)


def _rules_of(path: Path) -> Any:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or specification.loader is None or not path.is_file():
        raise BadRules(f"{path}: is not a readable Python file with a function rules(m)")
    module: ModuleType = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # as above: the operator's own file
        raise BadRules(f"{path}: cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(module, "rules", None)):
        raise BadRules(f"{path}: has no function rules(m); define `def rules(m): ...`")
    return module.rules


def _compiled(
    view: Any, known: dict[int, int], path: Path, width: int
) -> Iterator[tuple[str, csr_array, float, float]]:
    """Every constraint as a row: its name, its coefficients, its limits."""
    for constraint in view.component_data_objects(pyo.Constraint, active=True):
        strangers = [var for var in identify_variables(constraint.body) if id(var) not in known]
        if strangers:
            raise BadRules(
                f"{path}: {constraint.name} uses {strangers[0].name}, which is not of the model; rules may "
                "add constraints on the model's variables, not new variables"
            )
        body = generate_standard_repn(constraint.body)
        if not body.is_linear():
            raise BadRules(f"{path}: {constraint.name} is not linear; only linear constraints can be added")
        places = [known[id(var)] for var in body.linear_vars]
        row = csr_array((np.array(body.linear_coefs, dtype=float), (np.zeros(len(places), int), places)), (1, width))
        low, high = (
            np.nan if side is None else pyo.value(side) - body.constant for side in (constraint.lower, constraint.upper)
        )
        yield constraint.name, row, -np.inf if np.isnan(low) else low, np.inf if np.isnan(high) else high
