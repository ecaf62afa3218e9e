"""The quality gate once more over what is kept: what arrived value by value is seen in its weeks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from services.forecast.known import Moment
from services.forecast.quality.judging import CONTEXT_DAYS, judged
from services.forecast.quality.report import Finding, QualityReport
from services.forecast.store import Readings, Store


def check(
    store: Store,
    names: Sequence[str],
    start: Moment | None = None,
    end: Moment | None = None,
    *,
    mark: bool = False,
    correct: bool = False,
) -> QualityReport:
    """What is doubtful between two moments; with `mark` the new doubts count from now on, earlier ones stay known."""
    findings: list[Finding] = []
    received = masked = 0
    context_from = None if start is None else start - np.timedelta64(CONTEXT_DAYS, "D")
    for name, series in zip(names, store.series.many(names), strict=True):
        known = store.observations.read(name, context_from, end)
        rows = known.between(start, None)
        plain = replace(rows, usable=rows.values, flags=np.zeros_like(rows.flags))
        anew, found = judged(series, plain, known.between(None, start) if start is not None else rows.rows([]), correct)
        findings += found
        received, masked = received + len(rows), masked + int(np.isnan(anew.usable).sum())
        if mark:
            _mark(store, name, rows, anew)
    return QualityReport(received=received, masked=masked, findings=tuple(findings))


def _mark(store: Store, name: str, before: Readings, anew: Readings) -> None:
    same = (before.flags == anew.flags) & (
        (before.usable == anew.usable) | np.isnan(before.usable) & np.isnan(anew.usable)
    )
    if not same.all():
        store.observations.judge(name, anew.rows(~same))
