"""What a dispatcher types: solve a case, check a plan, compare two plans."""

import json
import os
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from grid_models.case import Case
    from grid_models.formats import Reading
    from grid_models.plan import Plan
    from services.dispatch.planning import Options

EXPORTS = (".lp", ".mps", ".nl")
LEAST_SECONDS = 1.0
"""Even a late start leaves the solver this long."""

app = typer.Typer()

CasePath = Annotated[str, typer.Argument(metavar="CASE", help="A case file or folder, or a built-in province.")]
PlanPath = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan in JSON.")]
Form = Annotated[str, typer.Option("--from", metavar="FORMAT", help="Format of the case; see `gridflex formats`.")]
First = Annotated[
    datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="First day, where the case holds many."),
]
Days = Annotated[int | None, typer.Option(min=1, max=366, help="Number of days, where the case holds many.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


@app.command()
def solve(
    case: CasePath,
    form: Form = "auto",
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, help="Relative gap that ends the search.")] = 0.001,
    time_limit: Annotated[float, typer.Option(min=0.1, max=1e7, help="Seconds from the start of the process.")] = 300.0,
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Threads of the solver.")] = 2,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of the solver.")] = 1,
    memory_limit: Annotated[int | None, typer.Option(min=1, metavar="MB", help="Memory limit in MB.")] = None,
    solver: Annotated[str, typer.Option(help="highs, or any solver that Pyomo reaches.")] = "highs",
    method: Annotated[
        Literal["auto", "direct", "decomposed"], typer.Option(help="One branch and bound, or unit pricing first.")
    ] = "auto",
    first: First = None,
    days: Days = None,
    start: Annotated[Path | None, typer.Option(metavar="PLAN", help="A plan to start from.")] = None,
    memory: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Start from what the last solve left here; renewed after it.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(metavar="FILE", help="Operator rules in Pyomo, a Python file.")] = None,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the model as .lp, .mps or .nl.")] = None,
    plan: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the plan as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Commit and dispatch a case; the plan that is shown was accepted by the referee."""
    began_s = time.monotonic() - _process_age_s()
    _check_outputs(plan, export, memory)
    for out in (plan, export, memory):
        _keep_apart(out, case)
    reading = read(case, form, first, days)
    from grid_models.plan import read_plan
    from services.dispatch.planning import Options

    options = Options(
        gap=gap,
        time_limit_s=max(LEAST_SECONDS, time_limit - (time.monotonic() - began_s)),
        threads=threads,
        seed=seed,
        memory_limit_mb=memory_limit,
        solver=solver,
        method=method,
        start=read_plan(start) if start else None,
        rules=_existing(rules),
        export=export,
        day_before=_day_before(case, form, reading),
    )
    _deliver(_solved(reading, options, memory), reading, plan, as_json)


def _keep_apart(out: Path | None, case: str) -> None:
    """An output may not overwrite the case that it comes from."""
    if out is not None and out.exists() and Path(case).exists() and out.samefile(case):
        raise typer.BadParameter(f"{out} is the case itself; name another file to write")


def _solved(reading: "Reading", options: "Options", memory: Path | None) -> "Plan":
    from services.dispatch.memory import read_memory, write_memory
    from services.dispatch.planner import Planner
    from services.dispatch.watching import watching

    planner = Planner(read_memory(memory) if memory else None)
    with watching(_console(stderr=True)) as progress:
        plan = planner.plan(reading.case, options, progress)
    if memory and planner.memory:
        write_memory(planner.memory, memory)
    return plan


def _deliver(plan: "Plan", reading: "Reading", path: Path | None, as_json: bool) -> None:
    """Write the plan, where a file was named, and print it at a glance."""
    from grid_models.plan import write_plan
    from services.dispatch.rendering import print_report
    from services.dispatch.report import as_json as plain
    from services.dispatch.report import report

    if path:
        write_plan(plan, path)
    glance = report(plan, reading.case, reading.not_carried)
    if as_json:
        print_json({**plain(glance), "plan": str(path) if path else None})
        return
    print_report(glance, _console())
    if path:
        typer.echo(f"plan: {path}")


@app.command()
def check(
    plan: PlanPath,
    case: CasePath,
    form: Form = "auto",
    first: First = None,
    days: Days = None,
    as_json: AsJson = False,
) -> None:
    """Let the referee judge a plan; exit 1 where it refuses."""
    from grid_models.plan import read_plan
    from services.dispatch.referee import judge
    from services.dispatch.rendering import print_verdict
    from services.dispatch.report import as_json as plain

    verdict = judge(read_plan(plan), read(case, form, first, days).case)
    if as_json:
        print_json({"accepted": verdict.accepted, **plain(verdict)})
    else:
        print_verdict(verdict, _console())
    raise typer.Exit(0 if verdict.accepted else 1)


@app.command()
def diff(
    before: PlanPath,
    after: PlanPath,
    as_json: AsJson = False,
) -> None:
    """What changed between two plans, and what it cost."""
    from grid_models.plan import read_plan
    from services.dispatch.diff import difference
    from services.dispatch.rendering import print_difference
    from services.dispatch.report import as_json as plain

    change = difference(read_plan(before), read_plan(after))
    if as_json:
        print_json(plain(change))
    else:
        print_difference(change, _console())


def read(case: str, form: str, first: datetime | None, days: int | None) -> "Reading":
    """The case under a path, or that of a built-in province."""
    from grid_models.formats import Reading, read_case
    from grid_models.provinces import NAMES, builtin_case

    if case in NAMES and not Path(case).exists():
        return Reading(builtin_case(case), "native")
    return read_case(Path(case), form, _day(first), days)


def _day_before(case: str, form: str, reading: "Reading") -> "Case | None":
    """The day that supplies the initial state, for the one format that holds a year and no state."""
    from grid_models.errors import BadInput
    from grid_models.formats import read_case

    if reading.format != "rts-gmlc":
        return None
    try:
        return read_case(Path(case), form, reading.case.horizon.start.date() - timedelta(days=1), 1).case
    except BadInput:
        return None  # the data begin with the first day of the plan


def _day(first: datetime | None) -> date | None:
    return first.date() if first else None


def print_json(document: dict[str, Any]) -> None:
    """One object, whole numbers and words only: what is not a number is null."""
    typer.echo(json.dumps(_finite(document), ensure_ascii=False, indent=1, default=str))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    # JSON knows no infinity; a plan without a bound has one.
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def _check_outputs(plan: Path | None, export: Path | None, memory: Path | None) -> None:
    """A file that cannot be written must be known before the solve, not after it."""
    for path in filter(None, (plan, export, memory)):
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            _refuse(path, "cannot be written; name a file in a folder that exists and may be written to")
    if export and export.suffix not in EXPORTS:
        _refuse(export, f"names no form of a model; accepted are {', '.join(EXPORTS)}")


def _existing(path: Path | None) -> Path | None:
    if path and not path.is_file():
        _refuse(path, "is no file")
    return path


def _refuse(path: Path, problem: str) -> NoReturn:
    from grid_models.errors import BadInput

    raise BadInput(str(path), problem)


def _console(stderr: bool = False) -> "Console":
    from rich.console import Console

    # Off a terminal nobody sees the edge of the window: a line is a line.
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else 160)


def _process_age_s() -> float:
    """How long the console script has been running; 0 inside a process that is not its own."""
    if Path(sys.argv[0]).name != "gridflex":
        return 0.0
    try:
        ticks = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError):
        return time.process_time()
