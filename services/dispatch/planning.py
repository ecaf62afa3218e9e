"""From a case to a refereed plan."""

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np

from grid_models.case import Case
from grid_models.plan import Assumptions, Plan, Status
from grid_models.resources import ThermalUnit
from services.dispatch.assembly import build
from services.dispatch.decomposition.split import Split, split
from services.dispatch.errors import DispatchError, Infeasible, NoPlanInTime, RefusedByReferee
from services.dispatch.explain import why_infeasible
from services.dispatch.extraction import extract
from services.dispatch.fallback import standing_still
from services.dispatch.merit import merit_order_commitment
from services.dispatch.model import Matrix, Model
from services.dispatch.referee import judge
from services.dispatch.settling import settled
from services.dispatch.solve.guarded import Start, guarded_search
from services.dispatch.solve.highs import Outcome, Settings, dispatch
from services.dispatch.starting import from_plan, start_values

SETTLE_SHARE = 0.25
"""Of the time limit, what choosing initial states may take."""
ROUNDING = 1e-6
"""Relative: what the solver's tolerances leave open in a cost."""
DECOMPOSED_FROM = 2_000
"""Thermal units x steps from which unit pricing pays."""
UNBOUNDED = 1e9
"""Stands for no limit at all where a bound must be a number."""
DISPATCH_RESERVE_SHARE = 0.03
"""Of the time limit, what is kept for the last dispatch and the referee."""
ROUNDING = 1e-9
"""A gap of this size is the rounding of two sums, not a gap."""


@dataclass(frozen=True)
class Options:
    """How a plan is asked for."""

    gap: float = 1e-3
    time_limit_s: float = 300.0
    threads: int = 2
    seed: int = 1
    memory_limit_mb: float | None = None
    solver: str = "highs"
    method: Literal["auto", "direct", "decomposed"] = "auto"
    """How HiGHS is used: one branch and bound, or unit pricing first; `auto` goes by the size of the thermal fleet."""
    start: Plan | None = None
    rules: Path | None = None
    export: Path | None = None
    day_before: Case | None = None
    """The day that supplies initial states where the case has none."""


@dataclass(frozen=True)
class Progress:
    """Where the work stands."""

    phase: str
    seconds: float
    incumbent: float | None = None
    bound: float | None = None
    gap: float | None = None


Listener = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """Hear nothing."""


class Watch:
    """Time by phase, and word of it to whoever listens."""

    def __init__(self, listen: Listener, time_limit_s: float):
        self.began = time.monotonic()
        self.seconds: dict[str, float] = {}
        self._listen = listen
        self._limit_s = time_limit_s
        self._phase, self._since = "", self.began

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began

    @property
    def left_s(self) -> float:
        return self._limit_s - self.elapsed_s

    def enter(self, phase: str) -> None:
        now = time.monotonic()
        if self._phase:
            self.seconds[self._phase] = round(self.seconds.get(self._phase, 0.0) + now - self._since, 3)
        self._phase, self._since = phase, now
        if phase:
            self._listen(Progress(phase, self.elapsed_s))

    def tell(self, incumbent: float | None, bound: float | None) -> None:
        gap = relative_gap(incumbent, bound) if incumbent is not None and bound is not None else None
        self._listen(Progress(self._phase, self.elapsed_s, incumbent, bound, gap))


def plan_case(case: Case, options: Options | None = None, progress: Listener = ignore) -> Plan:
    """The cheapest way through the horizon that every resource can follow, with the proof of how cheap.

    Raises `ContradictoryCase` (the data rule each other out), `Infeasible`, `NoPlanInTime` or `RefusedByReferee`.
    """
    options = options or Options()
    watch = Watch(progress, options.time_limit_s)
    watch.enter("check")
    case.check()
    watch.enter("settle")
    full, assumptions = settled(case, options.day_before, _settings(options, watch, SETTLE_SHARE), watch.tell)
    watch.enter("build")
    model = build(full)
    matrix = _packed(model, options)
    watch.enter("search")
    found, stopped_by = _search(full, model, matrix, options, watch)
    watch.enter("dispatch")
    outcome = _economic_dispatch(matrix, found)
    plan = extract(case, model, matrix, outcome, assumptions)
    watch.enter("referee")
    plan = _proven(plan, _finite_bound(matrix, found.bound, watch), options)
    _referee(plan, case)
    watch.enter("")
    return plan.model_copy(
        update={"seconds": watch.seconds, "versions": _versions(), "solver": _solver(options, matrix, stopped_by)}
    )


def relative_gap(cost: float, lower_bound: float) -> float:
    """`(cost - lower_bound) / |cost|`, 0 where both are nothing."""
    difference = max(cost - lower_bound, 0.0)
    return difference / abs(cost) if abs(cost) > 1e-9 else (0.0 if difference < 1e-6 else np.inf)


def _settings(options: Options, watch: Watch, share: float = 1.0) -> Settings:
    keep_s = min(5.0, DISPATCH_RESERVE_SHARE * options.time_limit_s)
    seconds = max(0.5, watch.left_s * share - keep_s)
    return Settings(gap=options.gap, seconds=seconds, threads=options.threads, seed=options.seed)


def _search(case: Case, model: Model, matrix: Matrix, options: Options, watch: Watch) -> tuple[Outcome, str]:
    settings = _settings(options, watch)
    try:
        found, why = _found(case, model, matrix, options, settings, watch)
    except KeyboardInterrupt:
        found, why = Outcome("stopped", np.inf, -np.inf, None), "interrupted"
    if found.end == "infeasible":
        raise Infeasible(why_infeasible(matrix))
    if found.values is None:
        guess = start_values(model, matrix, merit_order_commitment(case))
        still = None if "memory" in why else standing_still(matrix, guess, settings)
        if still is None:
            raise NoPlanInTime(f"no plan was found within {why or f'{settings.seconds:.0f} s'}: allow more")
        found = replace(still, end="stopped", bound=min(found.bound, still.objective))
    return found, why


def _found(
    case: Case, model: Model, matrix: Matrix, options: Options, settings: Settings, watch: Watch
) -> tuple[Outcome, str]:
    """The search by the solver and the method asked for."""
    if options.solver != "highs":
        from services.dispatch.solve import pyomo_view

        return pyomo_view.search(matrix, settings, options.solver), ""
    parts = _parts(case, matrix, options)
    if parts is not None:
        from services.dispatch.decomposition.search import decomposed_search

        return decomposed_search(case, matrix, parts, settings, watch.tell, options.memory_limit_mb)
    start = _start(case, model, matrix, options)
    return guarded_search(matrix, settings, watch.tell, start, options.memory_limit_mb)


def _parts(case: Case, matrix: Matrix, options: Options) -> Split | None:
    """The split of the matrix where the search is to be decomposed, else None."""
    units = sum(isinstance(unit, ThermalUnit) for unit in case.everything)
    if options.method == "direct" or (options.method == "auto" and units * case.steps < DECOMPOSED_FROM):
        return None
    return split(case, matrix)


def _packed(model: Model, options: Options) -> Matrix:
    """The matrix, with the operator's rules, written to a file if that is asked for."""
    matrix = model.pack()
    if options.rules is not None:
        from services.dispatch.solve import pyomo_view

        matrix = pyomo_view.with_rules(matrix, model, options.rules)
    if options.export is not None:
        from services.dispatch.solve import pyomo_view

        pyomo_view.export(matrix, options.export)
    return matrix


def _start(case: Case, model: Model, matrix: Matrix, options: Options) -> Start | None:
    if options.start is not None:
        return from_plan(model, matrix, options.start)
    return start_values(model, matrix, merit_order_commitment(case))


def _economic_dispatch(matrix: Matrix, found: Outcome) -> Outcome:
    """The exact dispatch at the commitment that was found: its numbers are the plan's, its duals the prices."""
    outcome = found if found.row_dual is not None else dispatch(matrix, found.values)
    if outcome.values is None:
        raise DispatchError(f"the dispatch at the commitment found ended {outcome.end}; this is a fault of the engine")
    return replace(outcome, bound=found.bound)


def _finite_bound(matrix: Matrix, bound: float, watch: Watch) -> float:
    """The search's bound; where it ended before it had one, that of the relaxed problem, or of the costs alone."""
    if np.isfinite(bound):
        return bound
    relaxed = dispatch(matrix, seconds=max(5.0, watch.left_s))
    if relaxed.end == "optimal":
        return relaxed.objective
    ends = np.where(matrix.cost > 0, matrix.lower, np.where(matrix.cost < 0, matrix.upper, 0.0))
    return float(matrix.cost @ np.clip(ends, -UNBOUNDED, UNBOUNDED) + matrix.offset)


def _proven(plan: Plan, bound: float, options: Options) -> Plan:
    """The plan with its bound, never above its cost, and the status that follows."""
    lower_bound = min(bound, plan.cost)
    gap = relative_gap(plan.cost, lower_bound)
    status: Status = plan.status
    if status == "feasible" and gap <= options.gap * (1 + 1e-6) + ROUNDING:
        status = "optimal"
    return plan.model_copy(update={"lower_bound": lower_bound, "gap": gap, "status": status})


def _referee(plan: Plan, case: Case) -> None:
    verdict = judge(plan, case)
    if not verdict.accepted:
        first = "; ".join(violation.words for violation in verdict.violations[:5])
        raise RefusedByReferee(f"the referee refuses the plan ({len(verdict.violations)} objections): {first}")


def _versions() -> dict[str, str]:
    return {
        "gridflex": version("gridflex"),
        "highspy": version("highspy"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
    }


def _solver(options: Options, matrix: Matrix, stopped_by: str) -> dict[str, str | float | int | None]:
    rows, width = matrix.shape
    return {
        "name": options.solver,
        "gap": options.gap,
        "time_limit_s": options.time_limit_s,
        "threads": options.threads,
        "seed": options.seed,
        "rows": rows,
        "columns": width,
        "integer_columns": int(matrix.integer.sum()),
        "nonzeros": int(matrix.rows.nnz),
        "stopped_by": stopped_by or None,
    }


__all__ = ["Assumptions", "Options", "Progress", "ignore", "plan_case", "relative_gap"]
