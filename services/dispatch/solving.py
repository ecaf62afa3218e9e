"""One plan or assessment in a process of its own: `python -m services.dispatch.solving`.

It reads two lines of JSON, what is wanted and the case, and writes lines of JSON: progress, and in the end an answer or
a problem. It lives no longer than whoever keeps its input open. It reads JSON only, never a pickle.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from typing import IO, Any

LINES_BETWEEN_S = 0.25
MEMORY_EXIT = 77
"""How the process ends when it could get no more memory."""
ADDRESS_SPACE_OVER_MB = 6144
"""Libraries and stacks of threads take addresses that never become memory; the watcher counts what does."""


def main() -> int:
    header = json.loads(sys.stdin.buffer.readline())
    _limit(header["memory_max_mb"])
    case_line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        told = _solved(header, case_line, _Teller(sys.stdout))
    except MemoryError:
        return MEMORY_EXIT
    _write(sys.stdout, told)
    return 0


def _limit(memory_max_mb: int) -> None:
    most = (memory_max_mb + ADDRESS_SPACE_OVER_MB) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:
    """Blocks until nobody holds the other end; then everything that was started here ends too."""
    os.read(sys.stdin.fileno(), 1)
    import psutil

    for child in psutil.Process().children(recursive=True):  # the engine gives a search a group of its own
        child.kill()
    os.killpg(os.getpgid(0), signal.SIGKILL)


def _solved(header: dict[str, Any], case_line: bytes, tell: "_Teller") -> dict[str, Any]:
    from grid_models.errors import BadInput
    from services.dispatch.errors import DispatchError
    from services.dispatch.problems import problem_of

    try:
        return {"answer": (_assessed if "assessment" in header else _planned)(header, case_line, tell)}
    except (DispatchError, BadInput) as error:
        return {"problem": problem_of(error)}


def _planned(header: dict[str, Any], case_line: bytes, tell: "_Teller") -> dict[str, Any]:
    from grid_models.case import Case
    from grid_models.plan import Plan
    from services.dispatch.planning import Options, plan_case

    start = header.get("start")
    options = Options(**header["solver"], start=Plan.model_validate(start) if start else None)
    return plan_case(Case.model_validate_json(case_line), options, tell).model_dump(mode="json")


def _assessed(header: dict[str, Any], case_line: bytes, tell: "_Teller") -> dict[str, Any]:
    from grid_models.case import Case
    from services.dispatch.assessment.fulfilling import fulfilled
    from services.dispatch.assessment.wish import AssessmentWish

    wish = AssessmentWish.model_validate(header["assessment"])
    case = None if wish.province else Case.model_validate_json(case_line)
    began_s = time.monotonic()
    found = fulfilled(wish, case, lambda phase: tell.say(phase, time.monotonic() - began_s))
    return found.model_dump(mode="json")


class _Teller:
    """Writes progress down, a few times a second at most."""

    def __init__(self, out: IO[str]):
        self._out = out
        self._phase = ""
        self._next_s = 0.0

    def __call__(self, progress: Any) -> None:
        now_s = time.monotonic()
        if progress.phase == self._phase and now_s < self._next_s:
            return
        self._phase, self._next_s = progress.phase, now_s + LINES_BETWEEN_S
        _write(self._out, {"progress": {name: _finite(value) for name, value in vars(progress).items()}})

    def say(self, phase: str, seconds: float) -> None:
        """What is being done now, in words."""
        _write(self._out, {"progress": {"phase": phase, "seconds": seconds}})


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def _write(out: IO[str], document: dict[str, Any]) -> None:
    out.write(json.dumps(document) + "\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
