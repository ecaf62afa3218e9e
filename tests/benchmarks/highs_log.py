"""What the log of a branch and bound by HiGHS says of gap over time."""

import math
import re
from collections.abc import Iterator

from benchmarks.gaps import Point

LINE = re.compile(
    r"^\s*[A-Za-z]?\s*\S+\s+\S+\s+\S+\s+[\d.]+%\s+(?P<bound>\S+)\s+(?P<cost>\S+)\s+\S+\s.*\s(?P<seconds>[\d.]+)s\s*$"
)
"""A line of the table: source, nodes, leaves, explored %, bound, plan, gap, cuts, rows, conflicts, pivots, time."""


def points(log: str, began_s: float = 0.0) -> Iterator[Point]:
    """A point per line of the table; `began_s` is when HiGHS began, on the clock of the whole solve."""
    for line in log.splitlines():
        found = LINE.match(line)
        if found:
            yield Point(began_s + float(found["seconds"]), _number(found["cost"]), _number(found["bound"]))


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
