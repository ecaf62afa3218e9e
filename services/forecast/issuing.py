"""From what is known at an origin to the forecasts of many series at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grid_models.forecast import Basis, SeriesDescription
from grid_models.quantities import Floats
from services.forecast.champions import UNTRAINED, Champions, slot_of
from services.forecast.ensemble import Ensemble
from services.forecast.errors import Unusable
from services.forecast.horizons import Horizon
from services.forecast.known import Known, Moment, Moments
from services.forecast.models.base import NotEnoughHistory
from services.forecast.store import Store
from services.forecast.store.forecasts import Issue

LOOK_BACK_DAYS = {"load": 400}
"""How much of the past a forecast needs beside what its models have learned; of other kinds 60 days."""
RECENT_DAYS = 6
"""Of a metered plant whose capacity is stated: trained models look at its newest output and at the day before that."""
RECENT_IS_ENOUGH = frozenset({"wind", "solar"})
NEWEST_WITHIN_DAYS, OLDEST_BEFORE_DAYS = 3, 5
"""Between these lie whatever readings a trained model of a plant looks at."""
WEATHER_ISSUED_WITHIN_DAYS = 4


@dataclass(frozen=True)
class Question:
    """Of which series, for which steps, seen from when."""

    horizon: Horizon
    origin: Moment
    levels: tuple[float, ...]
    times: Moments | None = None
    """None: the steps of the horizon."""
    step_min: int | None = None
    """Of `times`."""


@dataclass(frozen=True)
class Said:
    """What one ensemble says of several series alike: the same kind, the same steps."""

    series: list[SeriesDescription]
    known: list[Known]
    times: Moments
    step_min: int
    quantiles: Floats
    basis: tuple[Basis, ...]
    reasons: tuple[tuple[str, ...], ...]
    model: str
    ensemble: Ensemble


def forecasts(store: Store, champions: Champions, names: Sequence[str], question: Question) -> list[Issue]:
    """One issue per series, in the order of their names; nothing is kept yet."""
    issues = {
        issue.series: issue for said in answers(store, champions, names, question) for issue in _issues(said, question)
    }
    return [issues[name] for name in names]


def answers(store: Store, champions: Champions, names: Sequence[str], question: Question) -> list[Said]:
    """By kind, step and clock: series that are alike are answered in one go."""
    groups: dict[tuple[str, int, str], list[SeriesDescription]] = {}
    for one in store.series.many(names):
        if one.kind == "weather":
            raise Unusable(f"{one.name} is weather: bring a weather forecast for it; gridflex forecasts what it drives")
        step_min = question.step_min or question.horizon.step_of(one)
        groups.setdefault((one.kind, step_min, one.timezone), []).append(one)
    return [_said(store, champions, some, question, step_min) for (_, step_min, _), some in groups.items()]


def _said(
    store: Store, champions: Champions, series: list[SeriesDescription], question: Question, step_min: int
) -> Said:
    first = series[0]
    champion = champions.of(slot_of(first.kind, question.horizon, step_min))
    known = _known(store, series, question.origin, by_champion=champion is not None)
    times = question.times
    if times is None:
        times = question.horizon.times(question.origin, step_min, first.timezone)
    model, ensemble = champion or ("baselines", _cold(champions, known, question.horizon, step_min))
    try:
        answer = ensemble.answer(known, times, np.array(question.levels))
    except NotEnoughHistory as nothing:
        raise _nothing(known, nothing) from None
    basis, reasons = answer.basis, answer.reasons
    if champion is None:
        basis = tuple("degraded" if one == "full" else one for one in basis)
        reasons = tuple((UNTRAINED, *some) for some in reasons)
    return Said(series, known, times, step_min, answer.quantiles, basis, reasons, model, ensemble)


def _known(store: Store, series: list[SeriesDescription], origin: Moment, by_champion: bool) -> list[Known]:
    """As much of the past as the answer rests on: days of most plants, weeks where those days do not tell all."""
    days = LOOK_BACK_DAYS.get(series[0].kind, 60)
    if not by_champion or series[0].kind not in RECENT_IS_ENOUGH:
        return _back_to(store, series, origin, days)
    recent = _back_to(store, series, origin, RECENT_DAYS)
    open_ones = [one.series for one in recent if not _tells_all(one)]
    longer = {one.series.name: one for one in _back_to(store, open_ones, origin, days)} if open_ones else {}
    return [longer.get(one.series.name, one) for one in recent]


def _back_to(store: Store, series: list[SeriesDescription], origin: Moment, days: int) -> list[Known]:
    since, weather_since = (origin - np.timedelta64(back, "D") for back in (days, WEATHER_ISSUED_WITHIN_DAYS))
    return store.known_many([one.name for one in series], origin, since, weather_since)


def _tells_all(recent: Known) -> bool:
    """Whether earlier readings would change nothing: neither its size nor the age of its news hangs on them."""
    seen = recent.observed.times[np.isfinite(recent.observed.values)]
    sized = bool(recent.series.capacity_mw) and all(of.capacity_mw > 0 for of in recent.series.capacity_mw)
    if not sized or recent.brought or not len(seen):
        return False
    newest, oldest = (recent.origin - np.timedelta64(days, "D") for days in (NEWEST_WITHIN_DAYS, OLDEST_BEFORE_DAYS))
    return bool(seen[-1] >= newest and seen[0] <= oldest)


def _cold(champions: Champions, known: list[Known], horizon: Horizon, step_min: int) -> Ensemble:
    try:
        return champions.cold(known, horizon, step_min)
    except NotEnoughHistory as nothing:
        raise _nothing(known, nothing) from None


def _nothing(known: list[Known], why: NotEnoughHistory) -> Unusable:
    return Unusable(
        f"{known[0].series.name}: nothing to forecast from ({why}); bring observations, or a position and weather",
        series=[one.series.name for one in known[:100]],
    )


def _issues(said: Said, question: Question) -> list[Issue]:
    return [
        Issue(
            series=one.name,
            kind=one.kind,
            unit=one.unit,
            issued=question.origin,
            start=said.times[0],
            step_min=said.step_min,
            levels=question.levels,
            quantiles=said.quantiles[place],
            basis=said.basis[place],
            model=said.model,
            reasons=said.reasons[place],
            synthetic=one.synthetic,
        )
        for place, one in enumerate(said.series)
    ]
