"""Rows as text: a line each as soon as it is known, and the medians and the worst of each family and tool."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from benchmarks.rows import Row


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def percent(gap: float | None) -> str:
    return "-" if gap is None else f"{100 * gap:.3f}"


def whole(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def counted(row: Row) -> str:
    return ("≥" if row.at_least else "") + seconds(row.counted_s)


def times(ratio: float | None, sign: str = "") -> str:
    sign = sign.replace(">=", "≥").replace("<=", "≤")
    return "-" if ratio is None else sign + (f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}")


WORDS = 60
"""Characters of how a solve ended; the CSV file has them all."""


@dataclass(frozen=True)
class Column:
    """A column: heading, width, and what it shows of a row."""

    heading: str
    width: int
    show: Callable[[Row], str]


COLUMNS = (
    Column("file", -34, lambda row: row.file),
    Column("tool", -10, lambda row: row.tool),
    Column("units", 5, lambda row: str(row.units)),
    Column("read s", 6, lambda row: seconds(row.read_s)),
    Column("build s", 7, lambda row: seconds(row.build_s)),
    Column("hand s", 6, lambda row: seconds(row.hand_over_s)),
    Column("1 %", 6, lambda row: seconds(row.to_1)),
    Column("0.5 %", 6, lambda row: seconds(row.to_0_5)),
    Column("0.1 %", 6, lambda row: seconds(row.to_0_1)),
    Column("0.05 %", 6, lambda row: seconds(row.to_0_05)),
    Column("0.01 %", 6, lambda row: seconds(row.to_0_01)),
    Column("total s", 7, lambda row: seconds(row.total_s)),
    Column("counts s", 8, counted),
    Column("ratio", 7, lambda row: times(row.ratio, row.ratio_sign)),
    Column("cost", 15, lambda row: whole(row.cost)),
    Column("bound", 15, lambda row: whole(row.bound)),
    Column("gap %", 7, lambda row: percent(row.gap)),
    Column("MB", 6, lambda row: whole(row.peak_mb)),
    Column("30 s %", 7, lambda row: percent(row.gap_30)),
    Column("120 s %", 7, lambda row: percent(row.gap_120)),
    Column("300 s %", 7, lambda row: percent(row.gap_300)),
    Column("checked", -8, lambda row: row.checked),
    Column("ended", -11, lambda row: row.ended[:WORDS]),
)


def header() -> str:
    return " ".join(_padded(column.heading, column.width) for column in COLUMNS)


def line(row: Row) -> str:
    return " ".join(_padded(column.show(row), column.width) for column in COLUMNS).rstrip()


def _padded(text: str, width: int) -> str:
    return f"{text:<{-width}}" if width < 0 else f"{text:>{width}}"


SUMMARY_HEADINGS = (
    "family", "tool", "files", "at the gap", "median s", "worst s", "median to 1 %", "to 0.5 %", "to 0.1 %",
    "median gap %", "worst gap %", "median MB", "worst MB", "median ratio", "least ratio",
)  # fmt: skip


def summary(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """A line for each family and tool."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.family, row.tool), []).append(row)
    return [_summed(family, tool, group) for (family, tool), group in sorted(groups.items())]


def _summed(family: str, tool: str, rows: list[Row]) -> tuple[str, ...]:
    times_s = [row for row in rows if row.counted_s is not None]
    gaps = [math.inf if row.gap is None else row.gap for row in rows]
    memory = [row.peak_mb for row in rows if row.peak_mb is not None]
    ratios = [row for row in rows if row.ratio is not None]
    return (
        family, tool, str(len(rows)), str(sum(row.counted_s is not None and not row.at_least for row in rows)),
        _middle_time(times_s), _worst_time(times_s),
        *(seconds(_middle(row_times)) for row_times in _level_times(rows)),
        percent(_finite(median(gaps))), percent(_finite(max(gaps))),
        whole(_middle(memory)), whole(max(memory, default=None)),
        _ratio(ratios, middle=True), _ratio(ratios, middle=False),
    )  # fmt: skip


def _level_times(rows: list[Row]) -> list[list[float]]:
    columns = [[row.to_1 for row in rows], [row.to_0_5 for row in rows], [row.to_0_1 for row in rows]]
    return [[math.inf if value is None else value for value in column] for column in columns]


def _middle(values: list[float]) -> float | None:
    return _finite(median(values)) if values else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _middle_time(rows: list[Row]) -> str:
    """The median; at the limit it is only known to be at least that."""
    if not rows:
        return "-"
    ranked = sorted((row.counted_s or 0.0, row.at_least) for row in rows)
    at_least = ranked[len(ranked) // 2][1]
    return ("≥" if at_least else "") + seconds(median(time_s for time_s, _ in ranked))


def _worst_time(rows: list[Row]) -> str:
    worst = max(rows, key=lambda row: (row.counted_s or 0.0, row.at_least), default=None)
    return "-" if worst is None else counted(worst)


def _ratio(rows: list[Row], *, middle: bool) -> str:
    if not rows:
        return "-"
    values = [row.ratio or 0.0 for row in rows]
    value = median(values) if middle else min(values)
    near = [row.ratio_sign for row in rows if middle or row.ratio == value]
    signs = {sign for sign in near if sign}
    return times(value, signs.pop() if len(signs) == 1 else "~" if signs else "")


def summary_text(rows: Iterable[Row]) -> str:
    lines = [SUMMARY_HEADINGS, *summary(rows)]
    widths = [max(len(cells[place]) for cells in lines) for place in range(len(SUMMARY_HEADINGS))]
    widths[:2] = [-width for width in widths[:2]]
    return "\n".join("  ".join(map(_padded, cells, widths)) for cells in lines)


LEGEND = """Seconds run from when reading begins; starting Python and importing do not count, for any tool.
`counts s` is the total where the gap asked for was proven within the limit, else the limit, marked ≥; `ratio` is
Egret's over this one's on the same file, `-` where neither got there. `1 %` to `0.01 %`: when that gap was first
proven; `30 s %` to `300 s %`: the gap proven by then. MB: peak resident memory of all processes together.
PyPSA's model is a relaxation (no reserve, one start cost): its cost is no plan's, its time is of an easier problem."""


def markdown(rows: list[Row], settings: str) -> str:
    """The whole table and its summary as a document."""
    lines = [[column.show(row) for column in COLUMNS] for row in rows]
    versions = sorted({(row.tool, row.version) for row in rows})
    parts = [
        "# Unit commitment, measured", settings, LEGEND,
        "## By family", _markdown_table(SUMMARY_HEADINGS, summary(rows)),
        "## By file", _markdown_table([column.heading for column in COLUMNS], lines),
        "## Versions", "\n".join(f"- {tool}: {version}" for tool, version in versions),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _markdown_table(headings: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    headings = list(headings)
    rule = ["---"] * len(headings)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (headings, rule, *lines))
