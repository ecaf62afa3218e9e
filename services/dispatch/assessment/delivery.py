"""What a fleet can hold together: relief sustained through windows, and the peak that it shaves, as optimisations.

Formula 3 of PEAK_RESPONSE.md, in the same algebra as the dispatch. A call is one block within a window; the calls of
all windows stand in one ledger. Rebound is spread evenly over the window after the call, as the dispatch spreads it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import highspy
import numpy as np

from grid_models.case import Case, Zone
from grid_models.horizon import Horizon
from grid_models.quantities import Floats
from services.dispatch.algebra import Linear
from services.dispatch.assessment.calls import called
from services.dispatch.assessment.demand import Demand, by_window
from services.dispatch.assessment.responders import Responder
from services.dispatch.assessment.yearly_calls import apart, are_many, at_most, calls_left, shared_out, worth_of_windows
from services.dispatch.errors import NoPlanInTime
from services.dispatch.model import Block, Model
from services.dispatch.solve.highs import Settings, search

GAP = 3e-5
"""Of the contracted power: which of many equal blocks goes where is not worth proving any finer."""
SECONDS = 20.0
"""For one ledger; what was not proven by then is stated as the bound."""
TURN_SECONDS, TURN_GAP = 1.0, 1e-3
"""The same for one window, where only its need of calls is asked."""


@dataclass(frozen=True)
class Answer:
    """What the fleet does in the windows."""

    level_mw: float
    """What was optimised: relief held, or the peak that is left."""
    bound_mw: float
    relief_mw: Floats
    """Per step: response with the losses it spares, less rebound."""
    share_mw: Floats
    """Responders x steps: what each gives to that relief."""


def sustained(
    responders: Sequence[Responder],
    demand: Demand,
    statistic: Literal["min", "p10"] = "min",
    seconds: float = SECONDS,
    gap: float = GAP,
) -> tuple[float, Answer]:
    """The relief that every window can count on (or nine in ten), and the answer in the windows where it binds.

    `gap` is the share of the contracted power down to which it is proven.
    """
    calls = calls_left(responders, len(demand.windows))
    if are_many(calls, len(demand.windows)):
        return _in_turn(responders, demand, calls, statistic, seconds, gap)
    parts = sorted(_clusters(responders, demand), key=lambda part: _worth(responders, demand.only(part)))
    one_ledger = len(parts) == 1
    known: dict[object, Answer] = {}
    held: list[Answer] = []
    # The least of all is wanted: once a part holds so much, the next need not show that they hold more.
    least_only = statistic == "min"
    for part in parts:
        asked = demand.only(part)
        pattern = _pattern(responders, asked)
        if pattern not in known:
            most_mw = min((one.level_mw for one in held), default=np.inf) if least_only else np.inf
            how = statistic if one_ledger else "min"
            known[pattern] = _held(_Question(responders, asked, how, seconds, gap, most_mw))
        held.append(known[pattern])
    spare = int(0.1 * len(demand.windows)) if statistic == "p10" and not one_ledger else 0
    for part, answer in sorted(zip(parts, held, strict=True), key=lambda item: item[1].level_mw):
        if spare < len(part):
            return answer.level_mw, answer
        spare -= len(part)
    raise AssertionError("there is at least one window")


def _in_turn(
    responders: Sequence[Responder],
    demand: Demand,
    calls: Floats,
    statistic: Literal["min", "p10"],
    seconds: float,
    gap: float,
) -> tuple[float, Answer]:
    """Those with fewer calls than there are windows answer in turn; one window in ten may be left to the others."""
    worth = worth_of_windows(responders, demand)
    if statistic == "p10":
        counted = np.sort(np.argsort(-worth.sum(axis=0), kind="stable")[: -int(0.1 * len(demand.windows)) or None])
        demand, worth = demand.only(counted.tolist()), worth[:, counted]
    free = [replace(one, calls_per_year=None) for one in responders]
    # This only says where calls are needed most: what the turns hold is searched as exactly as all else.
    held, bound_mw = _held_by_window(free, demand, min(seconds, TURN_SECONDS), max(gap, TURN_GAP))
    lengths = np.array([len(window) for window in demand.windows])
    turns = shared_out((held.max() - held) * lengths, worth, calls, apart(responders, demand))
    level_mw, answer = sustained(free, replace(demand, open_for=turns), "min", seconds, gap)
    most_mw = min(bound_mw, at_most(worth, calls) / len(demand.steps))
    return level_mw, replace(answer, bound_mw=max(answer.bound_mw, most_mw))


def _held_by_window(
    responders: Sequence[Responder], demand: Demand, seconds: float, gap: float
) -> tuple[Floats, float]:
    """What each window could count on with nobody's calls of the year counted, and what the worst could at most."""
    held, bound_mw = np.zeros(len(demand.windows)), np.inf
    known: dict[object, Answer] = {}
    for part in _clusters(responders, demand):
        asked = demand.only(part)
        pattern = _pattern(responders, asked)
        if pattern not in known:
            known[pattern] = _held(_Question(responders, asked, "min", seconds, gap, np.inf))
        held[part] = known[pattern].level_mw
        bound_mw = min(bound_mw, known[pattern].bound_mw)
    return held, bound_mw


def _worth(responders: Sequence[Responder], demand: Demand) -> float:
    """The least that all together could give to one of the windows, MW: who has least is looked at first."""
    lengths = [len(window) for window in demand.windows]
    return float((worth_of_windows(responders, demand).sum(axis=0) / lengths).min())


def _pattern(responders: Sequence[Responder], demand: Demand) -> object:
    """What the answer depends on: windows at the same hours of days with the same headroom are one question."""
    caps_mw = demand.caps_mw(responders)
    days = tuple(demand.day_of(window) - demand.day_of(0) for window in range(len(demand.windows)))
    return caps_mw.tobytes(), (demand.steps - demand.steps[0]).tobytes(), tuple(map(len, demand.windows)), days


def shaved(
    responders: Sequence[Responder],
    load_mw: Floats,
    demand: Demand,
    seconds: float = SECONDS,
    floor_mw: float = -np.inf,
) -> tuple[float, Answer]:
    """The lowest peak K* over the windows (whole days) that the fleet can leave, rebound included.

    No search goes below `floor_mw`: where another day leaves that much, less here changes nothing.
    """
    model, fleet = _fleet(responders, demand)
    peak = fleet.block.variable("peak", lower=floor_mw, shape=(1,), resources=("peak",))
    fleet.block.require("under the peak", fleet.relief + peak >= load_mw[demand.steps], resources=demand.labels)
    fleet.block.pay("peak", peak)
    answer = _answered(model, fleet, responders, seconds)
    return answer.level_mw, answer


@dataclass(frozen=True)
class _Fleet:
    """The columns of one optimisation."""

    block: Block
    relief: Linear
    """Steps."""
    share: Linear
    """Responders x steps."""


@dataclass(frozen=True)
class _Question:
    """What a fleet can hold in some windows; the same windows asked of the same fleet are the same question."""

    responders: Sequence[Responder] = field(compare=False)
    demand: Demand = field(compare=False)
    statistic: Literal["min", "p10"]
    seconds: float
    gap: float
    most_mw: float
    asked: object = field(init=False)

    def __post_init__(self) -> None:
        # What a responder could give at other hours of the year changes nothing: headroom enters by the windows' caps.
        fleet = tuple(repr(replace(one, headroom_mw=None, meters_mw={})) for one in self.responders)
        limits = tuple(sorted(self.demand.limits_mw.items()))
        asked = fleet, limits, self.demand.step_h, _pattern(self.responders, self.demand)
        object.__setattr__(self, "asked", asked)


@lru_cache(maxsize=1024)
def _held(question: _Question) -> Answer:
    """Definitions, causes of losses, closings and sensitivities come back to the same windows: they search once."""
    responders, demand = question.responders, question.demand
    model, fleet = _fleet(responders, demand)
    labels = demand.labels
    level = fleet.block.variable("level", lower=-np.inf, upper=question.most_mw, shape=(1,), resources=("level",))
    slack = level * 0.0
    if question.statistic == "p10":
        slack = _missed(fleet.block, responders, demand, labels)
    fleet.block.require("held", fleet.relief + slack >= level, resources=labels)
    fleet.block.pay("level", -level)
    answer = _answered(model, fleet, responders, question.seconds, question.gap)
    return Answer(-answer.level_mw, -answer.bound_mw, answer.relief_mw, answer.share_mw)


def _missed(block: Block, responders: Sequence[Responder], demand: Demand, labels: tuple[str, ...]) -> Linear:
    """One window in ten may fall short by anything."""
    count = len(demand.windows)
    names = tuple(f"window {one}" for one in range(count))
    missed = block.binary("missed", shape=(count,), resources=names)
    block.require("one in ten", missed.sum() <= int(0.1 * count), resources=("windows",))
    return missed[demand.window_of] * (2 * sum(one.contracted_mw for one in responders) + 1.0)


def _clusters(responders: Sequence[Responder], demand: Demand) -> Iterator[list[int]]:
    """Windows that share a ledger: all of them where calls per year bind, else those of a day or close together."""
    count = len(demand.windows)
    if any(one.calls_per_year is not None and one.calls_per_year < count for one in responders):
        yield list(range(count))
        return
    reach_h = max((max(one.rest_h, one.rebound_window_h) for one in responders), default=0.0)
    part = [0]
    for window in range(1, count):
        apart_h = float(demand.windows[window][0] - demand.windows[window - 1][-1] - 1) * demand.step_h
        if apart_h >= reach_h and demand.day_of(window) != demand.day_of(window - 1):
            yield part
            part = []
        part.append(window)
    yield part


def _fleet(responders: Sequence[Responder], demand: Demand) -> tuple[Model, _Fleet]:
    """Every responder's power in the windows and what limits it."""
    model = Model(_frame(demand))
    block = model.block("response", tuple(one.name for one in responders))
    caps_mw = demand.caps_mw(responders)
    power = block.variable("power", upper=caps_mw, shape=caps_mw.shape)
    _energy(block, power, responders, demand)
    _corridors(block, power, responders, demand)
    rebound = called(block, power, caps_mw, responders, demand)
    uplift = np.array([1 / (1 - one.loss) for one in responders])[:, None]
    share = power * uplift - rebound
    return model, _Fleet(block, share.sum(axis=0), share)


def _frame(demand: Demand) -> Case:
    """The stretch of time that the model is written over; only its length counts here."""
    start = datetime(2030, 1, 1, tzinfo=UTC)
    horizon = Horizon(start=start, step_min=60, steps=len(demand.steps), timezone="UTC")
    return Case(horizon=horizon, zones=(Zone(name="system", demand_mw=0.0),))


def _energy(block: Block, power: Linear, responders: Sequence[Responder], demand: Demand) -> None:
    limited = np.flatnonzero([one.energy_mwh is not None for one in responders])
    if not limited.size:
        return
    most = np.array([responders[int(one)].energy_mwh or 0.0 for one in limited])[:, None]
    names = tuple(block.names[one] for one in limited)
    used = by_window(power[limited], demand) * demand.step_h
    block.require("energy of an event", used <= np.broadcast_to(most, used.shape), resources=names)


def _corridors(block: Block, power: Linear, responders: Sequence[Responder], demand: Demand) -> None:
    for corridor, limit_mw in demand.limits_mw.items():
        inside = np.flatnonzero([corridor in one.corridors for one in responders])
        if inside.size:
            through = power[inside].sum(axis=0)
            block.require(f"through {corridor}", through <= limit_mw, resources=demand.labels)


def _answered(model: Model, fleet: _Fleet, responders: Sequence[Responder], seconds: float, gap: float = GAP) -> Answer:
    gap_mw = gap * sum(one.contracted_mw for one in responders)
    # HiGHS keeps one pool of threads for all: one of another size refuses to solve, and none survives the fork into
    # the guarded process of the next commitment.
    highspy.Highs.resetGlobalScheduler(True)
    found = search(model.pack(), Settings(gap=0.0, seconds=seconds, options={"mip_abs_gap": gap_mw}))
    highspy.Highs.resetGlobalScheduler(True)
    if found.values is None:
        raise NoPlanInTime(f"the response of {len(fleet.block.names)} resources was not found in {seconds:g} s")
    return Answer(found.objective, found.bound, fleet.relief.at(found.values), fleet.share.at(found.values))


def binding_step(answer: Answer) -> int:
    """The place among the steps at which the relief is what the fleet can just hold."""
    return int(np.abs(answer.relief_mw - answer.level_mw).argmin())
