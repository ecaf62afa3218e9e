"""Who is called for which event of a year, where contracts allow fewer calls than there are events.

Calls are shared out, the largest contract first, each to the events that then have most left to answer: the rule by
which the lowest event comes out high (Graham's longest first). What no sharing can exceed is known beside: in all
events together nobody gives more than in those that suit him best.
"""

from collections.abc import Callable, Sequence

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.assessment.demand import Demand, Open
from services.dispatch.assessment.responders import Responder

EXACTLY_UP_TO = 24
"""Limited contracts times events: so many are decided together, which is the best that there is."""


def calls_left(responders: Sequence[Responder], events: int) -> Floats:
    """Calls a year of each where they are fewer than the events; no limit where they are not."""
    calls = (one.calls_per_year for one in responders)
    return np.array([np.inf if one is None or one >= events else float(one) for one in calls])


def are_many(calls: Floats, events: int) -> bool:
    """Whether calls have to be shared out before anything else is decided."""
    return int(np.isfinite(calls).sum()) * events > EXACTLY_UP_TO


Fits = Callable[[int, Sequence[int], int], bool]
"""Whether a responder may be called for an event beside those for which he is called already."""


def shared_out(need_mw: Floats, worth_mw: Floats, calls: Floats, fits: Fits = lambda *_: True) -> Open:
    """For which events each may be called; `worth_mw` is what each gives to an event, responders x events."""
    limited = np.isfinite(calls)
    open_for = np.repeat(~limited[:, None], len(need_mw), axis=1)
    left_mw = need_mw - worth_mw[~limited].sum(axis=0)
    for row in sorted(np.flatnonzero(limited), key=lambda one: -float(worth_mw[one].max())):
        chosen: list[int] = []
        for event in np.argsort(-left_mw, kind="stable").tolist():
            if len(chosen) < calls[row] and fits(int(row), chosen, event):
                chosen.append(event)
        open_for[row, chosen] = True
        left_mw[chosen] -= worth_mw[row, chosen]
    return np.asarray(open_for)


def at_most(worth: Floats, calls: Floats) -> float:
    """What all give in all events together at best: each in those that suit him best."""
    best_first = -np.sort(-worth, axis=1)
    counted = np.arange(worth.shape[1])[None, :] < calls[:, None]
    return float(np.where(counted, best_first, 0.0).sum())


def worth_of_windows(responders: Sequence[Responder], demand: Demand) -> Floats:
    """What each could give to a window by itself, MW times steps, with the losses that it spares."""
    caps_mw = demand.caps_mw(responders)
    ends = np.cumsum([len(window) for window in demand.windows])[:-1]
    parts = np.split(caps_mw, ends, axis=1)
    return np.array([
        [_longest(one, part[row], demand.step_h) / (1 - one.loss) for part in parts]
        for row, one in enumerate(responders)
    ]).reshape(len(responders), len(demand.windows))  # fmt: skip


def _longest(one: Responder, caps_mw: Floats, step_h: float) -> float:
    """The best hours of one call, as far as its energy lasts."""
    steps = len(caps_mw) if one.duration_h is None else int(np.floor(one.duration_h / step_h + 1e-9))
    best = float(-np.sort(-caps_mw)[:steps].sum())
    return best if one.energy_mwh is None else min(best, one.energy_mwh / step_h)


def apart(responders: Sequence[Responder], demand: Demand) -> Fits:
    """Calls of a day and rest between calls, window against window."""

    def fits(row: int, chosen: Sequence[int], window: int) -> bool:
        one = responders[row]
        same_day = sum(demand.day_of(other) == demand.day_of(window) for other in chosen)
        often = one.calls_per_day is not None and same_day >= one.calls_per_day
        return not often and all(_most_rest_h(one, demand, other, window) >= one.rest_h - 1e-9 for other in chosen)

    return fits


def _most_rest_h(one: Responder, demand: Demand, *windows: int) -> float:
    """From a call at the beginning of the earlier window to one at the end of the later."""
    early, late = (demand.windows[window] for window in sorted(windows))
    called_h = [min(len(window) * demand.step_h, one.duration_h or np.inf) for window in (early, late)]
    return float(late[-1] + 1 - early[0]) * demand.step_h - sum(called_h)
