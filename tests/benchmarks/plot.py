"""Drawings: proven gap over time, and time over size."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot as plt

from benchmarks.gaps import Point

matplotlib.use("Agg")

COLOURS = {"gridflex": "tab:blue", "egret": "tab:orange", "textbook": "tab:green", "pypsa": "tab:gray"}
LEAST_GAP = 1e-5
"""Drawn for every smaller gap: a logarithm has no zero."""
FIRST_S = 0.3
"""Where the time axis begins."""
FILES_AT_MOST = 30
"""With more files a panel is a family, each file a thin line."""
ACROSS = 3

Timelines = Mapping[tuple[str, str], Iterable[Point]]
"""By file and tool."""


def gaps_over_time(timelines: Timelines, path: Path, gap_asked: float) -> None:
    """A panel per file, or per family where there are many."""
    files = sorted({file for file, _ in timelines})
    by_family = len(files) > FILES_AT_MOST
    panels = sorted({file.partition("/")[0] for file in files}) if by_family else files
    if not panels:
        return
    latest_s = max((point.seconds for points in timelines.values() for point in points), default=1.0)
    axes = _panels(len(panels))
    for panel, axis in zip(panels, axes, strict=False):
        for (file, tool), points in sorted(timelines.items()):
            if file == panel or (by_family and file.partition("/")[0] == panel):
                _draw_gap(axis, tool, points, width=0.8 if by_family else 1.5)
        axis.axhline(100 * gap_asked, color="black", linewidth=0.6, linestyle=":")
        axis.set(title=panel, xscale="log", yscale="log", xlabel="seconds", ylabel="proven gap, %")
        # The same scale everywhere, or panels could not be compared.
        axis.set(xlim=(min(FIRST_S, latest_s / 10), 1.2 * latest_s), ylim=(100 * LEAST_GAP / 2, 100))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_major_formatter("{x:g}")
        _legend(axis)
    _save(axes[0].figure, path)


def _draw_gap(axis: Any, tool: str, points: Iterable[Point], width: float) -> None:
    seconds, gaps, best = [], [], math.inf
    for point in points:
        best = min(best, point.gap)
        if math.isfinite(best):
            seconds.append(max(point.seconds, 1e-2))
            gaps.append(100 * max(best, LEAST_GAP))
    label = tool if gaps else f"{tool}: no proof"
    axis.step(seconds, gaps, where="post", label=label, color=COLOURS.get(tool), linewidth=width)
    axis.plot(seconds[-1:], gaps[-1:], ".", color=COLOURS.get(tool))


@dataclass(frozen=True)
class Mark:
    """One size of the scale study; hollow where the gap was not reached."""

    size: float
    seconds: float
    peak_mb: float
    reached: bool


def over_size(series: Mapping[str, list[Mark]], path: Path) -> None:
    """Seconds and memory over size, by what grows."""
    axes = _panels(2 * len(series), across=2)
    for row, (grows, marks) in enumerate(series.items()):
        _draw_sizes(axes[2 * row], grows, "seconds", marks, [mark.seconds for mark in marks])
        _draw_sizes(axes[2 * row + 1], grows, "peak MB", marks, [mark.peak_mb for mark in marks])
    _save(axes[0].figure, path)


def _draw_sizes(axis: Any, grows: str, label: str, marks: list[Mark], values: list[float]) -> None:
    axis.loglog([mark.size for mark in marks], values, "-", color="tab:blue", linewidth=0.8)
    for mark, value in zip(marks, values, strict=True):
        axis.plot(mark.size, value, "o", color="tab:blue", fillstyle="full" if mark.reached else "none")
    axis.set(xlabel=grows, ylabel=label)
    axis.grid(True, which="both", linewidth=0.3)


def _panels(count: int, across: int = ACROSS) -> list[Any]:
    columns = min(count, across)
    rows = -(-count // columns)
    _, axes = plt.subplots(rows, columns, figsize=(5.5 * columns, 3.6 * rows), squeeze=False)
    for axis in axes.flat[count:]:
        axis.set_axis_off()
    return list(axes.flat)


def _legend(axis: Any) -> None:
    """A tool once, however many lines it has."""
    handles = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    if handles:
        axis.legend(handles.values(), handles.keys(), fontsize="small")


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)
