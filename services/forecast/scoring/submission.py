"""The one curve to submit that is expected to cost least under an accuracy rule.

The rules are no proper scores: the median is rarely the best submission. Joint scenarios of the output are judged under
the rule; coordinate descent moves one point of the curve at a time to the candidate with the least expected penalty.
"""

from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats
from services.forecast.clock import hours_shown
from services.forecast.known import Moments
from services.forecast.scoring.rules import AccuracyRule

ROUNDS = 6
CANDIDATES = 21


@dataclass(frozen=True)
class Submission:
    """What to submit, and what it is expected to bring compared with the median."""

    power_mw: Floats
    expected_penalty: float
    """Expected shortfall of accuracy, as a share; times capacity and the rule's hours it is energy."""
    expected_penalty_of_median: float
    expected_accuracy: float


def best_submission(
    rule: AccuracyRule, scenarios_mw: Floats, capacity_mw: float, shown: Moments | None = None
) -> Submission:
    """The curve for scenarios [scenarios, steps] of equal probability; the rule's windows are judged one by one.

    `shown` are the steps' beginnings as the local clock shows them; without, all are one window at no hour. A shortfall
    is what counts; where no scenario has one, the curve of the best accuracy is taken.
    """
    parts = [(scenarios_mw, np.full(scenarios_mw.shape[1], np.nan))]
    if shown is not None:
        cut = rule.windows(shown, *scenarios_mw, hours_shown(shown))
        parts = [(np.stack(columns[:-1]), columns[-1]) for columns in cut]
    windows = [_Window(rule, scenarios, capacity_mw, hour) for scenarios, hour in parts]
    curves = [one.best_curve() for one in windows]
    medians = [np.median(one.scenarios, axis=0) for one in windows]
    return Submission(
        power_mw=np.concatenate(curves),
        expected_penalty=_mean([one.loss(curve) for one, curve in zip(windows, curves, strict=True)]),
        expected_penalty_of_median=_mean([one.loss(curve) for one, curve in zip(windows, medians, strict=True)]),
        expected_accuracy=_mean([one.accuracy(curve) for one, curve in zip(windows, curves, strict=True)]),
    )


@dataclass(frozen=True)
class _Window:
    """The points that a rule judges together, and what may come."""

    rule: AccuracyRule
    scenarios: Floats
    """Scenarios x steps."""
    capacity: float
    hour: Floats

    def best_curve(self) -> Floats:
        levels = np.linspace(0.02, 0.98, CANDIDATES)
        candidates = np.concatenate((np.quantile(self.scenarios, levels, axis=0), self.scenarios.mean(axis=0)[None]))
        wholes = [self._judged(self._sums(curve)) for curve in candidates]
        curve: Floats = candidates[int(np.argmin(wholes))].copy()
        for _round in range(ROUNDS):
            if not self._improved(curve, candidates):
                break
        return curve

    def loss(self, curve: Floats) -> float:
        """Expected shortfall."""
        accuracy = self.rule.formula.accuracy(*self._sums(curve))
        return float(self.rule.shortfall(np.where(np.isfinite(accuracy), accuracy, 1.0)).mean())

    def accuracy(self, curve: Floats) -> float:
        """Expected, over the scenarios that have any point to judge."""
        accuracy = self.rule.formula.accuracy(*self._sums(curve))
        there = accuracy[np.isfinite(accuracy)]
        return float(there.mean()) if len(there) else float("nan")

    def _improved(self, curve: Floats, candidates: Floats) -> bool:
        """One round over the points; changes the curve in place."""
        sums = self._sums(curve)
        best, moved = self._judged(sums), False
        for step in range(len(curve)):
            here = self._terms(curve[None, step], slice(step, step + 1))
            there = self._terms(candidates[:, step], slice(step, step + 1))
            tried = [total[:, None] - old + new for total, old, new in zip(sums, here, there, strict=True)]
            losses = _judged_all(self.rule, tried)
            chosen = int(np.argmin(losses))
            if losses[chosen] < best - 1e-12:
                curve[step], best, moved = candidates[chosen, step], losses[chosen], True
                sums = [total[:, chosen] for total in tried]
        return moved

    def _terms(self, forecast: Floats, steps: slice = slice(None)) -> list[Floats]:
        whole = np.broadcast_arrays(forecast, self.scenarios[:, steps], self.hour[steps])
        return list(self.rule.formula.terms(whole[0], whole[1], np.asarray(self.capacity), whole[2]))

    def _sums(self, curve: Floats) -> list[Floats]:
        return [term.sum(axis=1) for term in self._terms(curve)]

    def _judged(self, sums: list[Floats]) -> float:
        return float(_judged_all(self.rule, [total[:, None] for total in sums])[0])


def _judged_all(rule: AccuracyRule, sums: list[Floats]) -> Floats:
    """Expected shortfall of each candidate [scenarios, candidates]; a little of the inaccuracy breaks ties."""
    accuracy = rule.formula.accuracy(*sums)
    counted = np.where(np.isfinite(accuracy), accuracy, 1.0)
    losses: Floats = (rule.shortfall(counted) + 1e-3 * (1 - counted)).mean(axis=0)
    return losses


def _mean(values: list[float]) -> float:
    there = [value for value in values if np.isfinite(value)]
    return float(np.mean(there)) if there else float("nan")
