"""The quality gate: every doubt about the values of a series, what is done about it, and the report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.known import Moments, aware
from services.forecast.quality.availability import partly_available
from services.forecast.quality.clocks import load_clock, night_output, solar_clock
from services.forecast.quality.flags import KEPT, Flag, named
from services.forecast.quality.heights import above_capacity, sign, spikes, unit
from services.forecast.quality.report import Action, Finding
from services.forecast.quality.rows import duplicates, early, missing, off_step
from services.forecast.quality.sample import Doubted, Mask, Sample
from services.forecast.quality.steadiness import frozen, held
from services.forecast.store import Readings

CONTEXT_DAYS = 28
Check = Callable[[Sample], Iterator[Doubted]]
FIRST: tuple[Check, ...] = (missing, off_step, unit, sign)
"""Who answers to these is judged no further: a value in kW is above every capacity."""
THEN: tuple[Check, ...] = (
    above_capacity,
    night_output,
    frozen,
    held,
    spikes,
    solar_clock,
    load_clock,
    partly_available,
)


def judged(
    series: SeriesDescription, rows: Readings, context: Readings, correct: bool = False
) -> tuple[Readings, list[Finding]]:
    """The rows with flags and usable values, and what was found.

    Values stay as they came. What is doubtful is missing for models, or corrected where that was asked for and can be.
    """
    sample = Sample(series, rows.times, rows.values, context)
    doubts = [*duplicates(sample, _echoes(rows)), *early(sample, rows.known_at), *_all(FIRST, sample)]
    better = _better(sample, doubts)
    rest = replace(sample, values=better)
    doubts += _all(THEN, rest)
    return _marked(rows, doubts, better, correct), [*_findings(sample, doubts, correct), *gaps(series, rows, context)]


def _all(checks: Sequence[Check], sample: Sample) -> list[Doubted]:
    return [doubted for check in checks for doubted in check(sample)] if len(sample.times) else []


def _echoes(rows: Readings) -> Mask:
    same = (rows.times[1:] == rows.times[:-1]) & (rows.known_at[1:] == rows.known_at[:-1])
    echoes: Mask = np.append(same, False)[: len(rows)] | np.append(False, same)[: len(rows)]
    return echoes


def _better(sample: Sample, doubts: Sequence[Doubted]) -> Floats:
    """The values as they would be without the faults that can be undone."""
    better = sample.values.copy()
    for doubted in doubts:
        if doubted.better is not None:
            undone = np.divide(doubted.better, sample.values, where=sample.values != 0, out=np.ones(len(better)))
            better[doubted.rows] *= undone[doubted.rows]
    return better


def _marked(rows: Readings, doubts: Sequence[Doubted], better: Floats, correct: bool) -> Readings:
    flags = np.zeros(len(rows), np.uint16)
    masked = np.zeros(len(rows), bool)
    for doubted in doubts:
        flags[doubted.rows] |= np.uint16(doubted.flag)
        masked |= doubted.rows & (_action(doubted, correct) == "masked")
    if correct:
        flags[better != rows.values] |= np.uint16(Flag.CORRECTED)
        flags[np.isnan(rows.values)] &= ~np.uint16(Flag.CORRECTED)
    usable = np.where(masked, np.nan, better if correct else rows.values)
    return replace(rows, usable=usable, flags=rows.flags | flags)


def _action(doubted: Doubted, correct: bool) -> Action:
    if doubted.flag in KEPT:
        return "kept"
    return "corrected" if correct and doubted.better is not None else "masked"


def _findings(sample: Sample, doubts: Sequence[Doubted], correct: bool) -> Iterator[Finding]:
    for doubted in doubts:
        if doubted.rows.any():
            yield _finding(sample.series.name, doubted, sample.times[doubted.rows], _action(doubted, correct))


def _finding(name: str, doubted: Doubted, times: Moments, action: Action) -> Finding:
    return Finding(
        series=name,
        doubt=named(doubted.flag)[0],
        values=len(times),
        first=aware(times[0]),
        last=aware(times[-1]),
        action=action,
        detail=doubted.detail,
    )


def gaps(series: SeriesDescription, rows: Readings, context: Readings) -> Iterator[Finding]:
    """Steps without any row, from the last value before the batch to its last."""
    if not len(rows):
        return
    step_s = series.step_min * 60
    before = context.times[context.times < rows.times[0]][-1:]
    known = np.concatenate([before, context.between(rows.times[0], rows.times[-1]).times, rows.times])
    known = np.unique((known.astype(np.int64) // step_s * step_s).astype("datetime64[s]"))
    left_out = np.diff(known).astype(np.int64) // step_s - 1
    if (left_out > 0).any():
        holes = np.flatnonzero(left_out > 0)
        yield Finding(
            series=series.name,
            doubt="gap",
            values=int(left_out[holes].sum()),
            first=aware(known[holes[0]] + np.timedelta64(step_s, "s")),
            last=aware(known[holes[-1] + 1] - np.timedelta64(step_s, "s")),
            action="kept",
            detail=f"{len(holes)} gaps, up to {int(left_out.max()) * series.step_min} min; send what is missing",
        )
