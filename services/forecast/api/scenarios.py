"""Scenarios: joint futures of load and renewables with probabilities, and the odds that operators ask for."""

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter
from pydantic import Field, Strict, field_validator

from grid_models.forecast import Scenarios
from grid_models.quantities import Data, Finite, Floats, NonNegative, Positive
from services.forecast.api.asking import Asked, TheChampions
from services.forecast.api.wiring import TheStore
from services.forecast.champions import Champions
from services.forecast.errors import TooLarge, Unusable
from services.forecast.joint import Joint, joint
from services.forecast.known import aware
from services.forecast.questions import Odds, passes, ramps, response_needed
from services.forecast.store import Store

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"])
VALUES_MAX = 20_000_000
ANSWER_MAX = 3_000_000
Count = Annotated[int, Strict(), Field(ge=2, le=1000)]


class ScenarioWish(Asked):
    """Which joint futures are to be drawn."""

    drawn: Count = 200
    """Equally likely futures, before reduction."""
    reduced_to: Annotated[int, Strict(), Field(ge=1, le=1000)] = 10
    """How many stand for them, with probabilities; as many as drawn: no reduction."""
    seed: Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)] = 1


class OddsWish(Asked):
    """What is asked of load, or of load less renewables."""

    question: Literal["load_passes", "net_load_passes", "net_load_ramps", "response_needed"]
    threshold_mw: NonNegative | None = None
    """For `..._passes`."""
    ramp_mw: Finite | None = None
    """For `net_load_ramps`: positive for a rise, negative for a fall."""

    @field_validator("ramp_mw")
    @classmethod
    def _goes_somewhere(cls, ramp_mw: float | None) -> float | None:
        if ramp_mw == 0:
            raise ValueError("must not be 0: positive for a rise, negative for a fall")
        return ramp_mw

    within_h: Positive = 1.0
    available_mw: NonNegative | None = None
    """For `response_needed`: what the ordinary fleet and imports can deliver."""
    drawn: Count = 500
    seed: Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)] = 1


class OddsAnswer(Data):
    """How likely it is, at each step and at any time."""

    question: str
    times: tuple[str, ...]
    by_step: tuple[float, ...]
    at_any_time: float
    expected_energy_mwh: float
    expected_duration_h: float
    """Given that it happens."""
    basis: str
    reasons: tuple[str, ...]
    synthetic: bool


@router.post("")
def draw(wish: ScenarioWish, store: TheStore, champions: TheChampions) -> Scenarios:
    """Draw joint futures; sums of series agree with their members in each of them."""
    names = wish.names(store)
    drawn = _drawn(store, champions, wish, names, wish.drawn, wish.seed)
    if wish.reduced_to < wish.drawn:
        drawn = drawn.fewer(wish.reduced_to)
    if drawn.values.size > ANSWER_MAX:
        raise TooLarge(f"the answer has {drawn.values.size:,} values, more than {ANSWER_MAX:,}; reduce to fewer")
    values = np.round(drawn.values.transpose(0, 2, 1), 6)
    return Scenarios(
        issued_at=aware(wish.meant().origin),
        start=aware(drawn.times[0]),
        step_min=drawn.step_min,
        probabilities=tuple(drawn.probabilities.tolist()),
        values={name: tuple(map(tuple, values[place].tolist())) for place, name in enumerate(names)},
        units={one.name: one.unit for one in drawn.series},
        basis=drawn.basis,
        reasons=drawn.reasons,
        synthetic=any(one.synthetic for one in drawn.series),
    )


@router.post("/odds")
def odds(wish: OddsWish, store: TheStore, champions: TheChampions) -> OddsAnswer:
    """How likely load passes a threshold, net load ramps, or response will be needed."""
    names = wish.names(store)
    drawn = _drawn(store, champions, wish, names, wish.drawn, wish.seed)
    answer = _odds(wish, drawn)
    return OddsAnswer(
        question=wish.question,
        times=tuple(aware(time).isoformat() for time in drawn.times),
        by_step=tuple(answer.by_step.round(6).tolist()),
        at_any_time=round(answer.at_any_time, 6),
        expected_energy_mwh=answer.expected_energy_mwh,
        expected_duration_h=answer.expected_duration_h,
        basis=drawn.basis,
        reasons=drawn.reasons,
        synthetic=any(one.synthetic for one in drawn.series),
    )


def _drawn(store: Store, champions: Champions, wish: Asked, names: tuple[str, ...], count: int, seed: int) -> Joint:
    if len(names) * count * 96 > VALUES_MAX:
        raise TooLarge(f"{len(names)} series x {count} futures are more than can be drawn at once; draw fewer")
    return joint(store, champions, names, wish.meant(), count, seed)


def _odds(wish: OddsWish, drawn: Joint) -> Odds:
    step_h = drawn.step_min / 60
    if wish.question == "load_passes":
        return passes(_sum(drawn, renewables=False), _given(wish.threshold_mw, "threshold_mw"), step_h)
    net = _sum(drawn, renewables=True)
    if wish.question == "net_load_passes":
        return passes(net, _given(wish.threshold_mw, "threshold_mw"), step_h)
    if wish.question == "net_load_ramps":
        return ramps(net, _given(wish.ramp_mw, "ramp_mw"), _possible(wish.within_h, step_h, net.shape[1]), step_h)
    return response_needed(net, _given(wish.available_mw, "available_mw"), step_h)


def _possible(within_h: float, step_h: float, steps: int) -> float:
    if not step_h <= within_h < steps * step_h:
        words = f"must be at least a step ({step_h:g} h) and shorter than the forecast ({steps * step_h:g} h)"
        raise Unusable(f"within_h: {words}", field="within_h")
    return within_h


def _given(value: float | None, field: str) -> float:
    if value is None:
        raise Unusable(f"{field}: is needed for this question", field=field)
    return value


def _sum(drawn: Joint, renewables: bool) -> Floats:
    """Load, or load less renewables: scenarios x steps."""
    signs = np.array([1.0 if one.kind == "load" else -1.0 if renewables else 0.0 for one in drawn.series])
    if not (signs > 0).any():
        raise Unusable("series: the question is about load; name a series of load among them", field="series")
    total: Floats = np.einsum("s,stn->nt", signs, drawn.values)
    return total
