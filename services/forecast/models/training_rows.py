"""Which questions of the past a shared model learns from: as many as help, no more than memory and time allow."""

from collections.abc import Sequence

import numpy as np

from services.forecast.features.questions import Questions, span
from services.forecast.known import Known, Moments
from services.forecast.models.base import Task


def training_questions(known: Sequence[Known], task: Task, points_max: int) -> Questions:
    """Origins of the past as the task will have them, evenly from all series; a part of their steps if there are many.

    An origin is kept if some of its steps have been observed by now.
    """
    chance = np.random.default_rng(task.seed)
    steps = round((task.last_lead_h - task.first_lead_h) * 60 / task.step_min)
    origins = [past_origins(one, task, chance) for one in known]
    who = np.repeat(np.arange(len(known)), [len(of) for of in origins])
    moments = np.concatenate([*origins, np.array([], dtype="datetime64[s]")])
    # Steps of one origin resemble each other, so steps are given up before origins.
    kept_steps = max(min(steps, 12), min(steps, points_max // max(len(who), 1)))
    rows = _some(np.arange(len(who)), points_max // kept_steps, chance)
    place = np.sort(np.argsort(chance.random((len(rows), steps)), axis=1)[:, :kept_steps], axis=1)
    seconds = round(task.first_lead_h * 3600) + place * task.step_min * 60
    times = moments[rows][:, None] + seconds.astype("timedelta64[s]")
    return Questions(known, who[rows], moments[rows], times, task.step_min)


def past_origins(known: Known, task: Task, chance: np.random.Generator) -> Moments:
    """Origins of the past: one a day for each hour of the task; without such hours one at any step of the day."""
    observed = known.observed.times[np.isfinite(known.observed.values)]
    if not len(observed):
        return np.array([], dtype="datetime64[s]")
    first = observed[0] if task.train_from is None else max(observed[0], task.train_from.astype("datetime64[s]"))
    begin = first - span(task.last_lead_h)
    last = observed[-1] - span(task.first_lead_h)
    days = np.arange(begin.astype("datetime64[D]"), last.astype("datetime64[D]") + 1).astype("datetime64[s]")
    if task.origins_utc_h:
        origins = (days[:, None] + np.array([span(hour) for hour in task.origins_utc_h])).ravel()
    else:
        step = chance.integers(0, 1440 // task.step_min, len(days)) * task.step_min * 60
        origins = days + step.astype("timedelta64[s]")
    chosen: Moments = origins[(origins >= begin) & (origins <= last)]
    return chosen


def _some(rows: np.ndarray, count: int, chance: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= count else np.sort(chance.choice(rows, count, replace=False))
