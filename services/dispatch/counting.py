"""What an attempt at a job adds to the counts that Prometheus is told of."""

from collections.abc import Iterator
from typing import Any

from services.dispatch.store.tallies import Count

PREFIX = "gridflex_dispatch_"
SOLVE_SECONDS_LE = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
GAP_LE = (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


def of_plan(summary: dict[str, Any], attempts: int) -> tuple[Count, ...]:
    """Of a job that was done."""
    status = summary["status"]
    seconds = summary["seconds"]
    return (
        Count(PREFIX + "jobs", {"outcome": "done"}, 1.0),
        Count(PREFIX + "job_attempts", {}, float(attempts)),
        Count(PREFIX + "plans", {"status": status}, 1.0),
        *(count for phase, value in seconds.items() for count in _observed("solve_seconds", {"phase": phase}, value)),
        *_observed("gap_ratio", {}, 1.0 if summary["gap"] is None else summary["gap"], GAP_LE),
        Count(PREFIX + "unserved_megawatthours", {}, summary["unserved_mwh"]),
        Count(PREFIX + "spilled_megawatthours", {}, summary["spilled_mwh"]),
        Count(PREFIX + "reserve_shortage_megawatthours", {}, summary["reserve_shortage_mwh"]),
        Count(PREFIX + "response_calls", {}, float(summary["calls"])),
        Count(PREFIX + "response_called_megawatthours", {}, summary["called_mwh"]),
    )


def of_assessment(summary: dict[str, Any], attempts: int) -> tuple[Count, ...]:
    """Of an assessment that was done."""
    return (
        Count(PREFIX + "jobs", {"outcome": "done"}, 1.0),
        Count(PREFIX + "job_attempts", {}, float(attempts)),
        Count(PREFIX + "assessments", {"answer": summary["answer"]}, 1.0),
    )


def of_failure(problem: dict[str, Any], attempts: int) -> tuple[Count, ...]:
    """Of a job that failed."""
    reason = str(problem["type"]).removeprefix("/problems/")
    return (
        Count(PREFIX + "jobs", {"outcome": "failed"}, 1.0),
        Count(PREFIX + "job_attempts", {}, float(attempts)),
        Count(PREFIX + "failures", {"reason": reason}, 1.0),
    )


def _observed(
    name: str, labels: dict[str, str], value: float, bounds: tuple[float, ...] = SOLVE_SECONDS_LE
) -> Iterator[Count]:
    """A value of a histogram."""
    yield from (Count(f"{PREFIX}{name}_bucket", labels | {"le": f"{le:g}"}, 1.0) for le in bounds if value <= le)
    yield Count(f"{PREFIX}{name}_bucket", labels | {"le": "+Inf"}, 1.0)
    yield Count(f"{PREFIX}{name}_sum", labels, value)
