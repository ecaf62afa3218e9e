"""One tool on one case: run it, read what it told, and say it as a row."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import checking, highs_log
from benchmarks.cases import Instance
from benchmarks.gaps import TOLERANCE, Point, gap_at, reached, upheld
from benchmarks.job import EVENTS, PLAN, Job, wording
from benchmarks.rows import LEVELS, MOMENTS_S, Row
from benchmarks.running import Run, run
from benchmarks.tools import ROOT, Tool

Event = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The same for every tool."""

    gap: float
    time_limit_s: float
    threads: int
    grace_s: float
    """How long past the limit a tool may take to stop by itself."""


def measured(instance: Instance, tool: Tool, settings: Settings, checker: Path | None) -> tuple[Row, tuple[Point, ...]]:
    """The row, and the gap over time."""
    row = blank(instance, tool, settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = instance.plain(folder)
        ended = solved(str(file), tool, settings, folder)
        events = told(folder)
        points = timeline(events, folder)
        row = filled(row, ended, events, points)
        plan = folder / PLAN
        if plan.exists() or tool.relaxation:
            row = replace(row, checked=checking.verdict(checker, file, plan, tool))
    return row, points


def blank(instance: Instance, tool: Tool, settings: Settings) -> Row:
    """The row before anything is measured: what it is about."""
    return Row(
        instance.label, instance.family, tool.name, tool.version, instance.digest,
        settings.gap, settings.time_limit_s, settings.threads, instance.units,
    )  # fmt: skip


def solved(case: str, tool: Tool, settings: Settings, folder: Path) -> Run:
    """The tool at work in its own process; events, logs and the plan are in the folder afterwards."""
    job = Job(case, folder, settings.gap, settings.time_limit_s, settings.threads)
    threads = str(settings.threads)
    environment = {"PYTHONPATH": str(ROOT / "tests"), "OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads}
    command = [tool.python, "-m", tool.module, *wording(job)]
    return run(command, settings.time_limit_s + settings.grace_s, folder / "output.txt", environment)


def told(folder: Path) -> list[Event]:
    """Every event; the last line of a killed process may be broken off."""
    path = folder / EVENTS
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def named(events: list[Event], name: str) -> Event | None:
    """The last event of that name."""
    return next((event for event in reversed(events) if event["event"] == name), None)


def timeline(events: list[Event], folder: Path) -> tuple[Point, ...]:
    """Plan and bound over time, up to what came out at the end."""
    points = list(_news(sorted(_heard(events, folder), key=lambda point: point.seconds)))
    done = named(events, "done")
    if done is None:
        return tuple(points)
    bound = done.get("bound", (named(events, "ran") or {}).get("bound"))
    return upheld(points, Point(done["seconds"], done["cost"], bound))


def _news(points: Iterable[Point]) -> Iterator[Point]:
    """The points that say something new."""
    last = None
    for point in points:
        if (point.cost, point.bound) != last:
            yield point
        last = point.cost, point.bound


def _heard(events: list[Event], folder: Path) -> Iterator[Point]:
    for event in events:
        if event["event"] == "progress":
            yield Point(event["seconds"], event["cost"], event["bound"])
        elif event["event"] == "run" and (folder / event["log"]).exists():
            yield from highs_log.points((folder / event["log"]).read_text(errors="replace"), event["seconds"])


def filled(row: Row, ended: Run, events: list[Event], points: tuple[Point, ...]) -> Row:
    """The row with everything that was measured."""
    done = named(events, "done")
    last = points[-1] if points else Point(0.0)
    gap = gap_at(points[-1:], last.seconds)
    total_s = done["seconds"] if done else ended.seconds
    proven = done is not None and gap is not None and gap <= row.gap_asked * (1 + TOLERANCE)
    in_time = proven and total_s <= row.limit_s
    failed = done is None and not ended.killed and ended.seconds < row.limit_s
    found: dict[str, Any] = {
        **phases(events),
        **{column: reached(points, level) for column, level in LEVELS.items()},
        **{column: gap_at(points, seconds) for column, seconds in MOMENTS_S.items()},
    }
    return replace(
        row,
        **found,
        total_s=total_s,
        cost=last.cost,
        bound=last.bound,
        gap=gap,
        peak_mb=ended.peak_mb,
        counted_s=total_s if in_time else None if failed else row.limit_s,
        at_least=not in_time and not failed,
        ended=_ending(row, ended, done, proven),
    )


def phases(events: list[Event]) -> dict[str, float | None]:
    """Seconds to read, to build the model and to hand it over; what a tool does not tell apart is unknown."""
    read, built, begun, done = (named(events, name) for name in ("read", "built", "run", "done"))
    ours = done.get("phases", {}) if done else {}
    return {
        "read_s": read["seconds"] if read else None,
        "build_s": built["seconds"] - read["seconds"] if built and read else ours.get("build"),
        "hand_over_s": begun["seconds"] - built["seconds"] if begun and built else ours.get("hand-over"),
    }


def _ending(row: Row, ended: Run, done: Event | None, proven: bool) -> str:
    """In words, how it came out."""
    if done is not None:
        short = ", with shortage" if done.get("short") else ""
        return ("gap reached" if proven else "time limit" if done["seconds"] > 0.9 * row.limit_s else "gave up") + short
    if ended.killed:
        return "killed past the limit"
    return "no plan in time" if ended.seconds >= row.limit_s else f"failed: {ended.last_words}"
