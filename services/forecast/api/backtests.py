"""Backtests: what would have been said, scored; and the accuracy rules, for our forecasts and for anybody's."""

from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime, Field, Strict, field_validator, model_validator

from grid_models.forecast import NINETEEN, Levels, rising
from grid_models.quantities import Data, Name
from services.forecast.api.models import ask
from services.forecast.api.tickets import Ticket, events, job_of, ticket
from services.forecast.api.wiring import IdempotencyKey, TheStore
from services.forecast.champions import models_for
from services.forecast.errors import Unusable
from services.forecast.horizons import HORIZONS, HorizonName
from services.forecast.known import moment
from services.forecast.scoring.issued import judged, not_for, scored
from services.forecast.scoring.rules import RULES
from services.forecast.store.series import now
from services.forecast.work import SERVICE, rolling_of, rounded

router = APIRouter(prefix="/v1/backtests", tags=["backtests"])
BACKTESTS = "/v1/backtests"
ORIGINS_MAX = 2000


class BacktestWish(Data):
    """Over which origins, of which series, with which model."""

    series: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    """All of one kind and one step."""
    model: str = SERVICE
    """A model by its name, or `service`: the mixture that would have answered."""
    horizon: HorizonName = "day-ahead"
    first: AwareDatetime
    """The first origin."""
    last: AwareDatetime
    every_h: Annotated[float, Field(ge=0.25, le=24 * 31)] = 24.0
    """From origin to origin."""
    folds: Annotated[int, Strict(), Field(ge=1, le=60)] = 4
    """How often the models learn anew."""
    levels: Levels = NINETEEN

    @field_validator("levels")
    @classmethod
    def _rise(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        rising(levels)
        return levels

    @field_validator("series")
    @classmethod
    def _once(cls, series: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(series))

    @model_validator(mode="after")
    def _runs_forward(self) -> "BacktestWish":
        if self.last < self.first:
            raise ValueError("last: lies before first")
        if (self.last - self.first).total_seconds() / 3600 / self.every_h >= ORIGINS_MAX:
            raise ValueError(f"every_h: more than {ORIGINS_MAX} origins; take fewer")
        return self


class Backtest(Data):
    """A ticket, and the scores once they are there."""

    ticket: Ticket
    folds: int
    folds_done: int
    request: dict[str, Any]
    scores: dict[str, Any] | None


class RuleAnswer(Data):
    """An accuracy rule as it is paid."""

    id: str
    region: str
    kinds: tuple[str, ...]
    what: str
    required: float
    penalty_h: float
    """Hours of on-line capacity charged per missing share of accuracy."""
    source: str
    certainty: Literal["sourced", "unverified"]
    notes: str


class Rules(Data):
    rules: tuple[RuleAnswer, ...]


class ScoreWish(Data):
    """Issued forecasts, ours or those that somebody brought, against what came."""

    series: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    author: Name | None = None
    """Who brought them; None: our own."""
    first: AwareDatetime
    """Issued from then on."""
    last: AwareDatetime
    """Issued before then."""
    rule: str | None = None
    """An accuracy rule to judge the medians by, day by day."""

    @model_validator(mode="after")
    def _runs_forward(self) -> "ScoreWish":
        if self.last < self.first:
            raise ValueError("last: lies before first")
        return self


class Judged(Data):
    """One plant under a rule, by what was issued in time for it."""

    series: Name
    days: int
    """Days, or whatever the rule judges at once, that could be judged."""
    accuracy: float | None
    """Mean over the days."""
    days_short: int
    penalty_mwh: float


class ScoreAnswer(Data):
    rows: tuple[dict[str, Any], ...]
    """By lead, hour, season, series and regime."""
    judged: tuple[Judged, ...]


@router.post("", status_code=202, response_model=Ticket)
def ask_for_backtest(wish: BacktestWish, store: TheStore, key: IdempotencyKey = None) -> JSONResponse:
    """Run a backtest; folds that are done survive any crash."""
    described = store.series.many(wish.series)
    horizon = HORIZONS[wish.horizon]
    kinds, steps = {one.kind for one in described}, {horizon.step_of(one) for one in described}
    if len(kinds) > 1 or len(steps) > 1:
        raise Unusable("series: a backtest is of series of one kind and one step; ask for several", field="series")
    if wish.model != SERVICE or kinds == {"weather"}:
        models_for(described[0].kind, frozenset({wish.model}))
    if moment(wish.last) > now():
        raise Unusable(f"last: {wish.last.isoformat()} lies in the future", field="last")
    request = wish.model_dump(mode="json") | {
        "first": str(moment(wish.first)),
        "last": str(moment(wish.last)),
        "step_min": steps.pop(),
    }
    run = store.backtests.begin(request, len(rolling_of(request).parts()))
    return ask(store, "backtest", request | {"backtest": run.id}, BACKTESTS, key, wish.model_dump_json())


@router.get("/rules")
def rules() -> Rules:
    """The accuracy rules by which plants are paid, with their sources."""
    return Rules(
        rules=tuple(
            RuleAnswer(
                id=rule.id,
                region=rule.region,
                kinds=tuple(sorted(rule.kinds)),
                what=rule.what,
                required=rule.required,
                penalty_h=rule.penalty_h,
                source=rule.source,
                certainty=rule.certainty,
                notes=rule.notes,
            )
            for rule in RULES.values()
        )
    )


@router.post("/scores")
def score(wish: ScoreWish, store: TheStore) -> ScoreAnswer:
    """Score what was issued, by ourselves or by others, on what came."""
    if wish.rule is not None and wish.rule not in RULES:
        raise Unusable(f"rule: there is no '{wish.rule}'; accepted are {', '.join(RULES)}", field="rule")
    rule = None if wish.rule is None else RULES[wish.rule]
    if rule is not None:
        not_for(rule, store.series.many(wish.series))
    said = scored(store, wish.series, moment(wish.first), moment(wish.last), wish.author)
    verdicts = [] if rule is None else judged(said, rule)
    return ScoreAnswer(
        rows=tuple(rounded(row) for row in said.rows),
        judged=tuple(
            Judged(
                series=one.series,
                days=one.days,
                accuracy=one.accuracy if np.isfinite(one.accuracy) else None,
                days_short=one.days_short,
                penalty_mwh=one.penalty_mwh,
            )
            for one in verdicts
        ),
    )


@router.get("/{identity}")
def backtest(identity: str, store: TheStore) -> Backtest:
    """How far it is, and the scores once all folds are done."""
    job = job_of(store, identity, "backtest")
    run = store.backtests.get(job.request["backtest"])
    return Backtest(
        ticket=ticket(job, BACKTESTS), folds=run.parts, folds_done=run.done, request=run.request, scores=run.result
    )


@router.get("/{identity}/events", response_class=StreamingResponse)
def backtest_events(identity: str, request: Request, store: TheStore) -> StreamingResponse:
    """The same as it happens (server-sent events)."""
    return events(request, store, job_of(store, identity, "backtest").id, BACKTESTS)


@router.delete("/{identity}")
def stop_backtest(identity: str, store: TheStore) -> Ticket:
    """Stop it; the folds that are done are kept."""
    return ticket(store.jobs.cancel(job_of(store, identity, "backtest").id), BACKTESTS)
