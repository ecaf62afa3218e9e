"""The matrix handed to HiGHS in one call, and what comes back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import highspy
import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.model import Matrix
from services.dispatch.solve.reduction import reduced, restored, restored_duals

End = Literal["optimal", "stopped", "infeasible", "unbounded", "failed"]

ENDS: dict[Any, End] = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
    highspy.HighsModelStatus.kTimeLimit: "stopped",
    highspy.HighsModelStatus.kInterrupt: "stopped",
    highspy.HighsModelStatus.kObjectiveTarget: "stopped",
    highspy.HighsModelStatus.kMemoryLimit: "stopped",
    highspy.HighsModelStatus.kSolutionLimit: "stopped",
}


START_GAP = 5e-3
"""How well a start is completed before the search goes on from it."""
START_SHARE = 0.2
"""Of the time, what completing a start may take."""
LARGE_NONZEROS = 1_000_000
"""From here on a linear programme may take so long that it must be possible to end it from outside."""
FEASIBILITY = 1e-7
"""How far HiGHS lets a row stray."""


@dataclass(frozen=True)
class Settings:
    """How far and how long to search."""

    gap: float = 1e-3
    seconds: float = 300.0
    threads: int = 2
    seed: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    """HiGHS options by name, for what is not named here."""


@dataclass(frozen=True)
class News:
    """A better bound, or a better plan."""

    bound: float | None = None
    objective: float | None = None
    values: Floats | None = None


@dataclass(frozen=True)
class Outcome:
    """How a solve ended; `values` is None where no solution was found."""

    end: End
    objective: float
    bound: float
    values: Floats | None
    row_dual: Floats | None = None
    column_dual: Floats | None = None


Listener = Callable[[News], bool]
"""Hears news; answers whether to stop."""


def never_stop(_: News) -> bool:
    return False


def loaded(matrix: Matrix, *, relaxed: bool = False, options: dict[str, Any] | None = None) -> Any:
    """A quiet HiGHS that holds the matrix; without integrality if `relaxed`."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, **(options or {})}.items():
        solver.setOptionValue(name, value)
    rows, (height, width) = matrix.rows, matrix.shape
    integer = np.zeros(width, dtype=np.int32) if relaxed else matrix.integer.astype(np.int32)
    solver.passModel(
        width, height, int(rows.nnz), 0,
        int(highspy.MatrixFormat.kRowwise), 0, int(highspy.ObjSense.kMinimize), float(matrix.offset),
        np.ascontiguousarray(matrix.cost), np.ascontiguousarray(matrix.lower), np.ascontiguousarray(matrix.upper),
        np.ascontiguousarray(matrix.row_lower), np.ascontiguousarray(matrix.row_upper),
        rows.indptr.astype(np.int32), rows.indices.astype(np.int32), rows.data,
        np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), integer,
    )  # fmt: skip
    return solver


def search(
    matrix: Matrix,
    settings: Settings,
    listen: Listener = never_stop,
    start: tuple[NDArray[np.int32], Floats] | None = None,
) -> Outcome:
    """Branch and bound; `start` gives some columns (numbers, values) of a plan to begin from."""
    began_s = time.monotonic()
    first = None if start is None else _completed(matrix, settings, start)
    if first is not None:
        listen(News(objective=first.objective, values=first.values))
    left_s = settings.seconds - (time.monotonic() - began_s)
    solver = loaded(matrix, options=_options(replace(settings, seconds=left_s)))
    if first is not None and first.values is not None:
        solution = highspy.HighsSolution()
        solution.col_value = first.values.tolist()
        solver.setSolution(solution)
    bound = [-np.inf]

    def on_interrupt(event: Any) -> None:
        if event.data_out.mip_dual_bound > bound[0]:
            bound[0] = event.data_out.mip_dual_bound
        event.data_in.user_interrupt = listen(News(bound=bound[0] if np.isfinite(bound[0]) else None))

    def on_better(event: Any) -> None:
        values = np.array(event.data_out.mip_solution, dtype=float)
        listen(News(objective=event.data_out.objective_function_value, values=values))

    if matrix.integer.any():
        solver.cbMipInterrupt.subscribe(on_interrupt)
        solver.cbMipImprovingSolution.subscribe(on_better)
    solver.run()
    return _outcome(solver, bool(matrix.integer.any()), bound[0])


def _completed(matrix: Matrix, settings: Settings, start: tuple[NDArray[np.int32], Floats]) -> Outcome | None:
    """The start with every other column chosen, if there is such a plan.

    HiGHS would do this itself, but then the bounds that it tells of are at first those of the fixed problem.
    """
    places, values = start
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[places] = upper[places] = values
    options = _options(replace(settings, gap=max(settings.gap, START_GAP), seconds=START_SHARE * settings.seconds))
    solver = loaded(replace(matrix, lower=lower, upper=upper), options=options)
    solver.run()
    found = _outcome(solver, bool(matrix.integer.any()), -np.inf)
    return None if found.values is None else found


def dispatch(matrix: Matrix, values: Floats | None = None, seconds: float = 1e4) -> Outcome:
    """The linear programme that remains with every integer column fixed at the given values (or relaxed, if none).

    It is reduced first, and values and duals are those of the whole matrix, to the solver's tolerance. What is left
    large is solved in a process of its own, so that the time limit holds and Ctrl-C is heard at once.
    """
    fixed = matrix if values is None else _fixed(matrix, values)
    reduction = reduced(fixed)
    found = _solved(reduction.matrix, seconds)
    if found.values is None:
        return found
    whole = restored(reduction, found.values)
    if found.row_dual is None:
        return replace(found, values=whole)
    row_dual, column_dual = restored_duals(fixed, reduction, found.row_dual)
    return replace(found, values=whole, row_dual=row_dual, column_dual=column_dual)


def _solved(matrix: Matrix, seconds: float) -> Outcome:
    """A linear programme, in place or under guard."""
    limit_s = float(max(seconds, 0.1))
    if matrix.rows.nnz > LARGE_NONZEROS:
        from services.dispatch.solve.guarded import guarded_search  # it imports this module

        return guarded_search(matrix, Settings(seconds=limit_s, threads=1))[0]
    if not matrix.cost.size:
        return _nothing_left(matrix)
    solver = loaded(matrix, relaxed=True, options={"time_limit": limit_s, "threads": 1})
    solver.run()
    return _outcome(solver, False, -np.inf)


def _nothing_left(matrix: Matrix) -> Outcome:
    """Every column was decided; HiGHS has no word for that. Rows that are left must hold without any."""
    if (matrix.row_lower > FEASIBILITY).any() or (matrix.row_upper < -FEASIBILITY).any():
        return Outcome("infeasible", np.inf, -np.inf, None)
    nothing = np.zeros(0)
    return Outcome("optimal", matrix.offset, matrix.offset, nothing, np.zeros(len(matrix.row_lower)), nothing)


def _fixed(matrix: Matrix, values: Floats) -> Matrix:
    whole = np.round(values)
    return replace(
        matrix,
        lower=np.where(matrix.integer, whole, matrix.lower),
        upper=np.where(matrix.integer, whole, matrix.upper),
    )


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "mip_rel_gap": settings.gap,
        "mip_abs_gap": 0.0,
        "time_limit": float(max(settings.seconds, 0.05)),
        "threads": settings.threads,
        "random_seed": settings.seed,
        "mip_feasibility_tolerance": 1e-7,
        **settings.options,
    }


def _outcome(solver: Any, mixed: bool, bound: float) -> Outcome:
    end = ENDS.get(solver.getModelStatus(), "failed")
    info, solution = solver.getInfo(), solver.getSolution()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    objective = info.objective_function_value if found else np.inf
    proven = max(bound, info.mip_dual_bound) if mixed else (objective if end == "optimal" else -np.inf)
    return Outcome(
        end=end,
        objective=float(objective),
        bound=float(min(proven, objective)),
        values=np.array(solution.col_value) if found else None,
        row_dual=None if mixed or not found else np.array(solution.row_dual),
        column_dual=None if mixed or not found else np.array(solution.col_dual),
    )
