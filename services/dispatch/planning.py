"""From a case to a refereed plan."""

import platform
import resource
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from grid_models.case import Case
from grid_models.plan import Assumptions, Plan, Status
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.assembly import build
from services.dispatch.decomposition.recalling import named_prices, named_schedules
from services.dispatch.decomposition.split import split
from services.dispatch.errors import DispatchError, Infeasible, NoPlanInTime, RefusedByReferee
from services.dispatch.explain import why_infeasible
from services.dispatch.extraction import extract
from services.dispatch.fallback import standing_still
from services.dispatch.memory import CyclicDay, Memory, memory_of
from services.dispatch.merit import merit_order_commitment
from services.dispatch.model import Matrix, Model
from services.dispatch.progress import POOR_GAP, Listener, Progress, Watch, ignore, relative_gap
from services.dispatch.referee import judge
from services.dispatch.settling import settled
from services.dispatch.solve.guarded import INTERRUPTED, Start, guarded_search
from services.dispatch.solve.highs import Outcome, Settings, dispatch
from services.dispatch.starting import from_plan, start_values

if TYPE_CHECKING:
    from services.dispatch.decomposition.generation import Generation

SETTLE_SHARE = 0.25
"""Of the time limit, what choosing initial states may take."""
DECOMPOSED_FROM = 600
"""Thermal units x steps from which unit pricing pays."""
UNBOUNDED = 1e9
"""Stands for no limit at all where a bound must be a number."""
LATE_S, INTERRUPTED_S = 5.0, 1.0
"""What the bound of the relaxed problem may take at least where the search ended without one; after an interrupt."""
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
class Job:
    """One search: what is to be solved, how, and from where."""

    case: Case
    """With everything decided that it left open."""
    model: Model
    matrix: Matrix
    options: Options
    watch: Watch
    memory: Memory | None
    generation: "Generation | None"
    """Where the search is decomposed."""


def plan_case(case: Case, options: Options | None = None, progress: Listener = ignore) -> Plan:
    """The cheapest way through the horizon that every resource can follow, with the proof of how cheap.

    Raises `ContradictoryCase` (the data rule each other out), `Infeasible`, `NoPlanInTime` or `RefusedByReferee`.
    """
    return plan_and_memory(case, None, options, progress)[0]


def plan_and_memory(
    case: Case, memory: Memory | None, options: Options | None = None, progress: Listener = ignore
) -> tuple[Plan, Memory]:
    """The same from where an earlier solve ended, and what the next one may begin from."""
    options = options or Options()
    memory = _useful(case, memory, options)
    watch = Watch(progress, options.time_limit_s)
    watch.enter("check")
    case.check()
    watch.enter("settle")
    known = memory.cyclic if memory else None
    full, assumptions, cyclic = settled(
        case, options.day_before, _settings(options, watch, SETTLE_SHARE), watch.tell, known
    )
    watch.enter("build")
    model = build(full)
    matrix = _packed(model, options)
    watch.enter("search")
    job = Job(full, model, matrix, options, watch, memory, _generation(full, matrix, options, watch, memory))
    found, stopped_by = _search(job)
    watch.enter("dispatch")
    outcome = _economic_dispatch(matrix, found)
    plan = extract(case, model, matrix, outcome, assumptions)
    watch.enter("referee")
    bound = _finite_bound(matrix, found.bound, _patience_s(stopped_by, watch))
    plan = _proven(_no_dearer(plan, case, options), bound, options)
    _referee(plan, case)
    watch.enter("")
    solver = {**_solver(options, matrix, stopped_by), "started_from": memory.label if memory else None}
    plan = plan.model_copy(update={"seconds": watch.seconds, "versions": _versions(), "solver": solver})
    return plan, _remembered(plan, cyclic, job.generation, outcome.values)


def _useful(case: Case, memory: Memory | None, options: Options) -> Memory | None:
    """The memory to begin from; a plan to start from is one too, what is of another fleet is none."""
    known = memory or (memory_of(options.start) if options.start else None)
    return known if known and known.knows(case) else None


def _remembered(plan: Plan, cyclic: CyclicDay | None, generation: "Generation | None", values: Floats | None) -> Memory:
    """What the next solve may begin from."""
    update: dict[str, object] = {"cyclic": cyclic}
    if generation is not None and np.isfinite(generation.bound):
        update["prices"] = named_prices(generation.parts, generation.prices)
    if generation is not None and values is not None:
        update["schedules"] = named_schedules(generation.parts, values)
    return memory_of(plan).model_copy(update=update)


def _settings(options: Options, watch: Watch, share: float = 1.0) -> Settings:
    keep_s = min(5.0, DISPATCH_RESERVE_SHARE * options.time_limit_s)
    seconds = max(0.5, watch.left_s * share - keep_s)
    return Settings(gap=options.gap, seconds=seconds, threads=options.threads, seed=options.seed)


def _search(job: Job) -> tuple[Outcome, str]:
    settings, matrix = _settings(job.options, job.watch), job.matrix
    found, why = Outcome("stopped", np.inf, -np.inf, None), ""
    try:
        found, why = _found(job, settings)
        if job.generation is None and why != INTERRUPTED and "memory" not in why and _is_poor(found):
            found = _cheaper(found, _early(job, settings))
    except KeyboardInterrupt:
        why = INTERRUPTED
    if found.end == "infeasible":
        raise Infeasible(why_infeasible(matrix))
    if found.values is None:
        guess = start_values(job.model, matrix, merit_order_commitment(job.case))
        still = None if "memory" in why else standing_still(matrix, guess, settings)
        if still is None:
            raise NoPlanInTime(f"no plan was found within {why or f'{settings.seconds:.0f} s'}: allow more")
        found = replace(still, end="stopped", bound=min(found.bound, still.objective))
    return found, why


def _is_poor(found: Outcome) -> bool:
    """Whether a search was stopped before it had come to much."""
    return found.end == "stopped" and (found.values is None or relative_gap(found.objective, found.bound) > POOR_GAP)


def _early(job: Job, settings: Settings) -> Outcome | None:
    """A plan by unit pricing, where branch and bound came to nothing in its time."""
    parts = split(job.case, job.matrix)
    if parts is None:
        return None
    from services.dispatch.decomposition.generation import Generation
    from services.dispatch.decomposition.haste import early_search

    generation = Generation(job.case, parts, lambda value: job.watch.tell(None, value))
    return early_search(job.case, job.matrix, generation, settings, job.watch.tell)


def _cheaper(found: Outcome, other: Outcome | None) -> Outcome:
    """The cheaper plan, with the better bound."""
    if other is None:
        return found
    best = other if other.values is not None and other.objective < found.objective else found
    return replace(best, end="stopped", bound=min(max(found.bound, other.bound), best.objective))


def _found(job: Job, settings: Settings) -> tuple[Outcome, str]:
    """The search by the solver and the method asked for."""
    options, tell = job.options, job.watch.tell
    if options.solver != "highs":
        from services.dispatch.solve import pyomo_view

        return pyomo_view.search(job.matrix, settings, options.solver), ""
    if job.generation is not None:
        from services.dispatch.decomposition.search import decomposed_search

        return decomposed_search(job.case, job.matrix, job.generation, settings, tell, options.memory_limit_mb)
    return guarded_search(job.matrix, settings, tell, _start(job), options.memory_limit_mb)


def _generation(
    case: Case, matrix: Matrix, options: Options, watch: Watch, memory: Memory | None
) -> "Generation | None":
    """Column generation at its beginning, where the search is to be decomposed, else None."""
    units = sum(isinstance(unit, ThermalUnit) for unit in case.everything)
    small = options.method == "auto" and units * case.steps < DECOMPOSED_FROM
    if options.solver != "highs" or options.method == "direct" or small:
        return None
    parts = split(case, matrix)
    if parts is None:
        return None
    from services.dispatch.decomposition.generation import Generation

    return Generation(case, parts, lambda value: watch.tell(None, value), memory)


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


def _start(job: Job) -> Start | None:
    """Where branch and bound begins."""
    if job.options.start is not None:
        return from_plan(job.model, job.matrix, job.options.start)
    known = job.memory.commitments_over(job.case.horizon) if job.memory else merit_order_commitment(job.case)
    return start_values(job.model, job.matrix, known)


def _economic_dispatch(matrix: Matrix, found: Outcome) -> Outcome:
    """The exact dispatch at the commitment that was found: its numbers are the plan's, its duals the prices."""
    outcome = found if found.row_dual is not None else dispatch(matrix, found.values)
    if outcome.values is None:
        raise DispatchError(f"the dispatch at the commitment found ended {outcome.end}; this is a fault of the engine")
    return replace(outcome, bound=found.bound)


def _patience_s(stopped_by: str, watch: Watch) -> float:
    """What a first bound may take behind the search: who interrupts it does not want to wait."""
    return INTERRUPTED_S if stopped_by == INTERRUPTED else max(LATE_S, watch.left_s)


def _finite_bound(matrix: Matrix, bound: float, seconds: float) -> float:
    """The search's bound; where it ended before it had one, that of the relaxed problem, or of the costs alone."""
    if np.isfinite(bound):
        return bound
    relaxed = dispatch(matrix, seconds=seconds)
    if relaxed.end == "optimal":
        return relaxed.objective
    ends = np.where(matrix.cost > 0, matrix.lower, np.where(matrix.cost < 0, matrix.upper, 0.0))
    return float(matrix.cost @ np.clip(ends, -UNBOUNDED, UNBOUNDED) + matrix.offset)


def _no_dearer(plan: Plan, case: Case, options: Options) -> Plan:
    """The plan to start from, where time did not even suffice to find it again and it still obeys the case."""
    start = options.start
    known = start is not None and options.rules is None and start.case_hash == plan.case_hash
    if start is None or not known or start.cost >= plan.cost or not judge(start, case).accepted:
        return plan
    return start.model_copy(update={"status": "relaxed" if start.status == "relaxed" else "feasible"})


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
        "peak_memory_mb": _peak_memory_mb(),
    }


def _peak_memory_mb() -> float:
    """The most that this process, or its largest search, has held at once since it began."""
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(most / 1e3, 1)


__all__ = ["Assumptions", "Options", "Progress", "ignore", "plan_and_memory", "plan_case", "relative_gap"]
