"""Forecasts: made now, as they were issued, brought by others, explained, and turned into a submission."""

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, Strict

from grid_models.forecast import Forecast, SeriesDescription
from grid_models.quantities import Data, Name, Positive
from services.forecast.api.asking import Asked, AskedWithLevels, TheChampions
from services.forecast.api.wiring import AsOf, MaybeMoment, TheSettings, TheStore, in_order
from services.forecast.clock import local
from services.forecast.errors import TooLarge, Unusable
from services.forecast.explaining import explained
from services.forecast.issuing import forecasts
from services.forecast.joint import joint
from services.forecast.known import aware, moment
from services.forecast.scoring.issued import not_for
from services.forecast.scoring.rules import RULES
from services.forecast.scoring.submission import best_submission
from services.forecast.sources.tables import ARROW_STREAM
from services.forecast.store.forecasts import Issue
from services.forecast.store.series import now

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])
_BINARY: dict[str, Any] = {
    "type": "string",
    "format": "binary",
    "description": "Rows of `series, time, basis` and one column per level, such as `q0.05`.",
}
ANSWERS: dict[int | str, dict[str, Any]] = {200: {"content": {ARROW_STREAM: {"schema": _BINARY}}}}
RULE_NAMES = tuple(RULES)
BEYOND_CAPACITY = 3.0
"""A forecast may be wrong, but not by so much."""


class ForecastWish(AskedWithLevels):
    """Which forecasts are to be made."""

    keep: bool = True
    """Whether they are issued: kept as vintages, to be found as of then and scored."""


class Forecasts(Data):
    forecasts: tuple[Forecast, ...]


class Brought(Data):
    """Forecasts that somebody else made: scored, combined and explained like ours."""

    author: Name
    forecasts: Annotated[tuple[Forecast, ...], Field(min_length=1, max_length=5000)]


class Kept(Data):
    received: int
    new: int


class Moved(Data):
    """What moved the median of one series away from climatology."""

    series: Name
    times: tuple[str, ...]
    climatology: tuple[float, ...]
    moved_by: dict[str, tuple[float, ...]]
    """By cause; climatology and these sum to the median."""
    median: tuple[float, ...]


class Explanations(Data):
    explanations: tuple[Moved, ...]


class SubmissionWish(Asked):
    """For which plant, under which rule."""

    rule: str
    """One of `GET /v1/backtests/rules`."""
    capacity_mw: Positive | None = None
    """On-line capacity; None: the installed one."""
    scenarios: Annotated[int, Strict(), Field(ge=20, le=1000)] = 200


class SubmissionAnswer(Data):
    series: Name
    rule: str
    times: tuple[str, ...]
    power_mw: tuple[float, ...]
    expected_accuracy: float
    expected_penalty_mwh: float
    expected_penalty_mwh_of_median: float


@router.post("", response_model=Forecasts, responses=ANSWERS)
def make(
    wish: ForecastWish, request: Request, store: TheStore, champions: TheChampions, settings: TheSettings
) -> Response:
    """Make forecasts now; as JSON, or as an Arrow stream by `Accept`."""
    names = wish.names(store)
    question = wish.meant(wish.levels)
    issues = forecasts(store, champions, names, question)
    if wish.keep:
        store.save_forecasts(issues, known_at=now() if wish.origin is None else question.origin)
    return _answer(issues, request, settings.answer_max_values)


@router.get("", response_model=Forecasts, responses=ANSWERS)
def newest(
    request: Request,
    store: TheStore,
    settings: TheSettings,
    series: Annotated[list[Name], Query(min_length=1, max_length=1000)],
    as_of: AsOf = None,
    author: Annotated[str | None, Query(description="Who brought it; without: our own.", max_length=200)] = None,
    until: Annotated[MaybeMoment, Query(description="Only issues that reach so far.")] = None,
) -> Response:
    """The newest forecast of each series that was known at a moment."""
    at, reach = (None if given is None else moment(given) for given in (as_of, until))
    found = [store.forecasts.newest(name, at, reach, author) for name in series]
    return _answer(found, request, settings.answer_max_values)


@router.get("/vintages", response_model=Forecasts, responses=ANSWERS)
def vintages(
    request: Request,
    store: TheStore,
    settings: TheSettings,
    series: Annotated[list[Name], Query(min_length=1, max_length=1000)],
    start: Annotated[MaybeMoment, Query(alias="from", description="Issued from then on.")] = None,
    end: Annotated[MaybeMoment, Query(alias="to", description="Issued before then.")] = None,
    as_of: AsOf = None,
    author: Annotated[str | None, Query(description="Who brought it; without: our own.", max_length=200)] = None,
) -> Response:
    """Everything that was issued in a stretch of time."""
    in_order(start, end)
    first, last, at = (None if given is None else moment(given) for given in (start, end, as_of))
    return _answer(store.forecasts.issues(series, first, last, at, author), request, settings.answer_max_values)


@router.post("/brought")
def bring(brought: Brought, store: TheStore) -> Kept:
    """Bring forecasts of your own: models learn from them, mixtures weigh them, backtests score them."""
    late = [one for one in brought.forecasts if moment(one.issued_at) > now()]
    if late:
        raise Unusable(f"issued_at: {late[0].issued_at.isoformat()} lies in the future", field="issued_at")
    described = store.series.many([one.series for one in brought.forecasts])
    for one, series in zip(brought.forecasts, described, strict=True):
        _fits(one, series)
    issues = [Issue.of(one, author=brought.author) for one in brought.forecasts]
    return Kept(received=len(issues), new=store.save_forecasts(issues))


@router.post("/explanations")
def explain(wish: Asked, store: TheStore, champions: TheChampions) -> Explanations:
    """What moved the forecasts away from climatology, step by step."""
    names = wish.names(store)
    if len(names) > 20:
        raise TooLarge(f"{len(names)} series are more than can be explained at once; name at most 20")
    told = explained(store, champions, names, wish.meant())
    return Explanations(
        explanations=tuple(
            Moved(
                series=one.series,
                times=_iso(one.times),
                climatology=tuple(one.climatology.tolist()),
                moved_by={cause: tuple(by.tolist()) for cause, by in one.moved_by.items()},
                median=tuple(one.median.tolist()),
            )
            for one in told
        )
    )


@router.post("/submissions")
def submit(wish: SubmissionWish, store: TheStore, champions: TheChampions) -> SubmissionAnswer:
    """The curve to submit that is expected to cost least under an accuracy rule."""
    if wish.rule not in RULES:
        raise Unusable(f"rule: there is no '{wish.rule}'; accepted are {', '.join(RULE_NAMES)}", field="rule")
    names = wish.names(store)
    if len(names) != 1:
        raise Unusable(f"series: a submission is made for one plant at a time, not for {len(names)}", field="series")
    rule, series = RULES[wish.rule], store.series.get(names[0])
    not_for(rule, [series])
    if (rule.ahead_h is not None) != (wish.horizon == "intraday"):
        fitting = "intraday" if rule.ahead_h is not None else "day-ahead"
        raise Unusable(f"horizon: {rule.id} judges {fitting} forecasts; ask for that horizon", field="horizon")
    future = joint(store, champions, names, wish.meant(), wish.scenarios)
    capacity_mw = wish.capacity_mw or series.capacity_at_mw(aware(future.times[0])) or float(future.values.max())
    best = best_submission(rule, future.of(names[0]), capacity_mw, local(future.times, series.timezone))
    return SubmissionAnswer(
        series=names[0],
        rule=wish.rule,
        times=_iso(future.times),
        power_mw=tuple(best.power_mw.tolist()),
        expected_accuracy=best.expected_accuracy,
        expected_penalty_mwh=best.expected_penalty * rule.penalty_h * capacity_mw,
        expected_penalty_mwh_of_median=best.expected_penalty_of_median * rule.penalty_h * capacity_mw,
    )


def _fits(brought: Forecast, series: SeriesDescription) -> None:
    """Refuses what cannot be a forecast of the series: models would learn from it."""
    if series.kind == "weather":
        raise Unusable(f"series: {series.name} is weather; bring it to /v1/weather", field="series")
    for name in ("kind", "unit"):
        said, meant = getattr(brought, name), getattr(series, name)
        if said != meant:
            raise Unusable(f"{name}: {series.name} is {meant}, not {said}", field=name, series=series.name)
    capacity_mw = series.capacity_at_mw(brought.start)
    largest = float(brought.quantile_values.max())
    if capacity_mw and largest > BEYOND_CAPACITY * capacity_mw:
        words = f"{largest:g} MW is far above the {capacity_mw:g} MW of {series.name}; is it in kW?"
        raise Unusable(f"quantiles: {words}", field="quantiles", series=series.name)
    if brought.issued_at >= brought.times[-1] + timedelta(minutes=brought.step_min):
        words = f"{brought.issued_at.isoformat()} lies after the last step of the forecast"
        raise Unusable(f"issued_at: {words}", field="issued_at", series=series.name)


def _answer(issues: Sequence[Issue], request: Request, most: int) -> Response:
    if ARROW_STREAM in request.headers.get("accept", ""):
        return Response(_arrow(issues), media_type=ARROW_STREAM)
    count = sum(issue.quantiles.size for issue in issues)
    if count > most:
        raise TooLarge(f"the answer has {count:,} values, more than {most:,} as JSON; accept {ARROW_STREAM} instead")
    told = Forecasts(forecasts=tuple(issue.forecast() for issue in issues))
    return Response(told.model_dump_json(), media_type="application/json")


def _arrow(issues: Sequence[Issue]) -> bytes:
    """All issues that share their levels as one table; levels that others have too are left empty."""
    levels = sorted({level for issue in issues for level in issue.levels})
    rows = [len(issue.quantiles) for issue in issues]
    columns: dict[str, Any] = {
        "series": _repeated([issue.series for issue in issues], rows),
        "issued_at": pa.array(np.repeat(np.array([issue.issued for issue in issues]), rows), pa.timestamp("s", "UTC")),
        "time": pa.array(np.concatenate([issue.times for issue in issues]), pa.timestamp("s", "UTC")),
        "basis": _repeated([issue.basis for issue in issues], rows),
    }
    table = np.full((sum(rows), len(levels)), np.nan, dtype=np.float32)
    first = 0
    for issue, count in zip(issues, rows, strict=True):
        table[first : first + count, [levels.index(level) for level in issue.levels]] = issue.quantiles
        first += count
    columns |= {f"q{level:g}": pa.array(table[:, place], from_pandas=True) for place, level in enumerate(levels)}
    arrow = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return sink.getvalue()


def _repeated(words: Sequence[str], rows: Sequence[int]) -> Any:
    """A text per issue, spelled once and pointed to by every row."""
    spelled = list(dict.fromkeys(words))
    places = np.repeat([spelled.index(word) for word in words], rows).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(spelled))


def _iso(times: Any) -> tuple[str, ...]:
    return tuple(aware(time).isoformat() for time in times)
