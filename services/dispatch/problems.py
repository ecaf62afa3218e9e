"""What a solve could not do, as a problem that whoever asked can act on (RFC 9457)."""

from typing import Any

from grid_models.errors import BadInput, ContradictoryCase
from services.dispatch.errors import DispatchError, Infeasible, NoPlanInTime, RefusedByReferee

NAMED: tuple[tuple[type[Exception], str, str], ...] = (
    (ContradictoryCase, "contradictory-case", "The data rule each other out"),
    (BadInput, "unusable", "The input cannot be used"),
    (Infeasible, "infeasible", "No schedule obeys all the data"),
    (NoPlanInTime, "no-plan-in-time", "The limits ended the search before there was a plan"),
    (RefusedByReferee, "refused-by-referee", "The referee refuses the plan: the fault is ours"),
    (DispatchError, "dispatch", "The dispatch failed"),
)


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem of an error of the engine."""
    for kind, name, title in NAMED:
        if isinstance(error, kind):
            status = getattr(error, "status", 422)
            return worded(name, title, status, str(error))
    return worded("internal", "The fault is ours", 500, f"the fault is ours: {type(error).__name__}: {error}")


def worded(name: str, title: str, status: int, detail: str) -> dict[str, Any]:
    return {"type": f"/problems/{name}", "title": title, "status": status, "detail": detail}


def over_memory(memory_max_mb: int) -> dict[str, Any]:
    words = f"the solve needed more than the {memory_max_mb:,} MB that one may have: ask for fewer steps or resources"
    return worded("over-memory", "The solve needed too much memory", 503, words)


def over_time(time_limit_s: float, grace_s: float) -> dict[str, Any]:
    words = f"the solve did not end within its {time_limit_s:g} s and {grace_s:g} s more; it was ended: allow more time"
    return worded("over-time", "The solve did not end in time", 503, words)


def died(code: int, last_words: str) -> dict[str, Any]:
    told = f": {last_words}" if last_words else ""
    return worded("internal", "The fault is ours", 500, f"the process of the solve ended with code {code}{told}")
