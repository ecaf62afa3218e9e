"""The one curve to submit that is expected to cost least under an accuracy rule.

The rules are no proper scores: the median is rarely the best submission. Joint scenarios of the output are judged under
the rule; coordinate descent moves one point of the curve at a time to the candidate with the least expected penalty.
"""

from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats
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


def best_submission(rule: AccuracyRule, scenarios_mw: Floats, capacity_mw: float) -> Submission:
    """The curve for scenarios [scenarios, steps] of equal probability; the rule's windows are judged one by one.

    A shortfall is what counts; where no scenario has one, the curve of the best accuracy is taken.
    """
    window = rule.window_points or scenarios_mw.shape[1]
    cuts = range(window, scenarios_mw.shape[1], window)
    parts = np.split(scenarios_mw, cuts, axis=1)
    curves = [_best_curve(rule, part, capacity_mw) for part in parts]
    medians = [np.median(part, axis=0) for part in parts]
    return Submission(
        power_mw=np.concatenate(curves),
        expected_penalty=_mean([_loss(rule, *pair, capacity_mw) for pair in zip(curves, parts, strict=True)]),
        expected_penalty_of_median=_mean(
            [_loss(rule, *pair, capacity_mw) for pair in zip(medians, parts, strict=True)]
        ),
        expected_accuracy=_mean([_accuracy(rule, *pair, capacity_mw) for pair in zip(curves, parts, strict=True)]),
    )


def _best_curve(rule: AccuracyRule, scenarios: Floats, capacity: float) -> Floats:
    levels = np.linspace(0.02, 0.98, CANDIDATES)
    candidates = np.concatenate((np.quantile(scenarios, levels, axis=0), scenarios.mean(axis=0)[None]))
    wholes = [_judged(rule, _sums(rule, curve, scenarios, capacity)) for curve in candidates]
    curve: Floats = candidates[int(np.argmin(wholes))].copy()
    for _round in range(ROUNDS):
        if not _improved(rule, curve, candidates, scenarios, capacity):
            break
    return curve


def _improved(rule: AccuracyRule, curve: Floats, candidates: Floats, scenarios: Floats, capacity: float) -> bool:
    """One round over the points; changes the curve in place."""
    sums = _sums(rule, curve, scenarios, capacity)
    best, moved = _judged(rule, sums), False
    for step in range(len(curve)):
        here = _terms(rule, curve[None, step], scenarios[:, step : step + 1], capacity)
        there = _terms(rule, candidates[:, step], scenarios[:, step : step + 1], capacity)
        tried = [total[:, None] - old + new for total, old, new in zip(sums, here, there, strict=True)]
        losses = _judged_all(rule, tried)
        chosen = int(np.argmin(losses))
        if losses[chosen] < best - 1e-12:
            curve[step], best, moved = candidates[chosen, step], losses[chosen], True
            sums = [total[:, chosen] for total in tried]
    return moved


def _terms(rule: AccuracyRule, forecast: Floats, actual: Floats, capacity: float) -> list[Floats]:
    whole = np.broadcast_arrays(forecast, actual)
    return list(rule.formula.terms(whole[0], whole[1], np.asarray(capacity)))


def _sums(rule: AccuracyRule, curve: Floats, scenarios: Floats, capacity: float) -> list[Floats]:
    return [term.sum(axis=1) for term in _terms(rule, curve, scenarios, capacity)]


def _judged(rule: AccuracyRule, sums: list[Floats]) -> float:
    return float(_judged_all(rule, [total[:, None] for total in sums])[0])


def _judged_all(rule: AccuracyRule, sums: list[Floats]) -> Floats:
    """Expected shortfall of each candidate [scenarios, candidates]; a little of the inaccuracy breaks ties."""
    accuracy = rule.formula.accuracy(*sums)
    counted = np.where(np.isfinite(accuracy), accuracy, 1.0)
    losses: Floats = (rule.shortfall(counted) + 1e-3 * (1 - counted)).mean(axis=0)
    return losses


def _loss(rule: AccuracyRule, curve: Floats, scenarios: Floats, capacity: float) -> float:
    accuracy = rule.formula.accuracy(*_sums(rule, curve, scenarios, capacity))
    return float(rule.shortfall(np.where(np.isfinite(accuracy), accuracy, 1.0)).mean())


def _accuracy(rule: AccuracyRule, curve: Floats, scenarios: Floats, capacity: float) -> float:
    return float(np.nanmean(rule.formula.accuracy(*_sums(rule, curve, scenarios, capacity))))


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
