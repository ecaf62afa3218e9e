"""What a fleet can hold together: relief sustained through windows, and the peak that it shaves, as optimisations.

Formula 3 of PEAK_RESPONSE.md, in the same algebra as the dispatch. A call is one block within a window; the calls of
all windows stand in one ledger. Rebound is spread evenly over the window after the call, as the dispatch spreads it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations_with_replacement
from typing import Literal

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grid_models.case import Case, Zone
from grid_models.horizon import Horizon
from grid_models.quantities import Floats
from services.dispatch.algebra import Linear
from services.dispatch.assessment.responders import Responder
from services.dispatch.errors import NoPlanInTime
from services.dispatch.model import Block, Model
from services.dispatch.solve.highs import Settings, search

GAP = 3e-5
"""Of the contracted power: which of many equal blocks goes where is not worth proving any finer."""
SECONDS = 20.0
"""For one ledger; what was not proven by then is stated as the bound."""

Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Demand:
    """When the fleet must answer: windows of consecutive steps, and how its calls are counted."""

    windows: tuple[Steps, ...]
    step_h: float
    notice_h: float
    limits_mw: Mapping[str, float]
    """By corridor."""
    steps_per_day: int

    @property
    def steps(self) -> Steps:
        return np.concatenate(self.windows)

    @property
    def window_of(self) -> Steps:
        """Which window each of the steps is in."""
        return np.repeat(np.arange(len(self.windows)), [len(one) for one in self.windows])

    def day_of(self, window: int) -> int:
        return int(self.windows[window][0]) // self.steps_per_day

    def only(self, chosen: Sequence[int]) -> "Demand":
        windows = tuple(self.windows[one] for one in chosen)
        return Demand(windows, self.step_h, self.notice_h, self.limits_mw, self.steps_per_day)


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
    parts = list(_clusters(responders, demand))
    one_ledger = len(parts) == 1
    known: dict[object, Answer] = {}
    held = []
    for part in parts:
        asked = demand.only(part)
        pattern = _pattern(responders, asked)
        if pattern not in known:
            known[pattern] = _held(responders, asked, statistic if one_ledger else "min", seconds, gap)
        held.append(known[pattern])
    spare = int(0.1 * len(demand.windows)) if statistic == "p10" and not one_ledger else 0
    for part, answer in sorted(zip(parts, held, strict=True), key=lambda item: item[1].level_mw):
        if spare < len(part):
            return answer.level_mw, answer
        spare -= len(part)
    raise AssertionError("there is at least one window")


def _pattern(responders: Sequence[Responder], demand: Demand) -> object:
    """What the answer depends on: windows at the same hours of days with the same headroom are one question."""
    caps_mw = np.array([_cap_mw(one, demand) for one in responders])
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
    fleet.block.require("under the peak", fleet.relief + peak >= load_mw[demand.steps], resources=_labels(demand))
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


def _held(
    responders: Sequence[Responder], demand: Demand, statistic: Literal["min", "p10"], seconds: float, gap: float
) -> Answer:
    model, fleet = _fleet(responders, demand)
    labels = _labels(demand)
    level = fleet.block.variable("level", lower=-np.inf, shape=(1,), resources=("level",))
    slack = level * 0.0
    if statistic == "p10":
        slack = _missed(fleet.block, responders, demand, labels)
    fleet.block.require("held", fleet.relief + slack >= level, resources=labels)
    fleet.block.pay("level", -level)
    answer = _answered(model, fleet, responders, seconds, gap)
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
    caps_mw = np.array([_cap_mw(one, demand) for one in responders]).reshape(len(responders), len(demand.steps))
    power = block.variable("power", upper=caps_mw, shape=caps_mw.shape)
    _energy(block, power, responders, demand)
    _corridors(block, power, responders, demand)
    rebound = _calls(block, power, caps_mw, responders, demand)
    uplift = np.array([1 / (1 - one.loss) for one in responders])[:, None]
    share = power * uplift - rebound
    return model, _Fleet(block, share.sum(axis=0), share)


def _frame(demand: Demand) -> Case:
    """The stretch of time that the model is written over; only its length counts here."""
    start = datetime(2030, 1, 1, tzinfo=UTC)
    horizon = Horizon(start=start, step_min=60, steps=len(demand.steps), timezone="UTC")
    return Case(horizon=horizon, zones=(Zone(name="system", demand_mw=0.0),))


def _cap_mw(one: Responder, demand: Demand) -> Floats:
    if one.notice_h > demand.notice_h + 1e-9:
        return np.zeros(len(demand.steps))
    return one.delivery * one.availability * one.headroom_at(demand.steps)


def _energy(block: Block, power: Linear, responders: Sequence[Responder], demand: Demand) -> None:
    limited = np.flatnonzero([one.energy_mwh is not None for one in responders])
    if not limited.size:
        return
    most = np.array([responders[int(one)].energy_mwh or 0.0 for one in limited])[:, None]
    names = tuple(block.names[one] for one in limited)
    used = _by_window(power[limited], demand) * demand.step_h
    block.require("energy of an event", used <= np.broadcast_to(most, used.shape), resources=names)


def _by_window(entries: Linear, demand: Demand) -> Linear:
    """Sums over the steps of each window."""
    rows, count = entries.shape[0], len(demand.windows)
    labels = np.arange(rows)[:, None] * count + demand.window_of[None, :]
    return entries.grouped(labels.ravel(), (rows, count))


def _corridors(block: Block, power: Linear, responders: Sequence[Responder], demand: Demand) -> None:
    for corridor, limit_mw in demand.limits_mw.items():
        inside = np.flatnonzero([corridor in one.corridors for one in responders])
        if inside.size:
            through = power[inside].sum(axis=0)
            block.require(f"through {corridor}", through <= limit_mw, resources=_labels(demand))


@dataclass(frozen=True)
class _Called:
    """The responders whose calls must be counted or timed."""

    rows: Steps
    on: Linear
    start: Linear
    names: tuple[str, ...]


def _calls(block: Block, power: Linear, caps_mw: Floats, responders: Sequence[Responder], demand: Demand) -> Linear:
    """Blocks, ledger, rest and rebound; returns the rebound, responders x steps."""
    rows = np.flatnonzero([_needs_calls(one, demand) for one in responders])
    rebound = power * 0.0
    if not rows.size:
        return rebound
    names = tuple(block.names[one] for one in rows)
    shape = (rows.size, len(demand.steps))
    on = block.binary("on", shape=shape, resources=names)
    start = block.variable("start", upper=1.0, shape=shape, resources=names)
    called = _Called(rows, on, start, names)
    block.require("only when called", power[rows] <= on * caps_mw[rows], resources=names)
    inside = np.concatenate([np.arange(len(one)) > 0 for one in demand.windows]).astype(float)
    block.require("starts", on - on.lagged(1) * inside <= start, resources=names)
    chosen = [responders[int(one)] for one in rows]
    _blocks(block, called, chosen, demand)
    _ledger(block, called, chosen, demand)
    _rest(block, called, chosen, demand)
    return rebound + _rebound(block, power, caps_mw, called, chosen, demand)


def _needs_calls(one: Responder, demand: Demand) -> bool:
    longest_h = max(len(window) for window in demand.windows) * demand.step_h
    counted = one.calls_per_year is not None or one.calls_per_day is not None or one.rest_h > 0
    short = one.duration_h is not None and one.duration_h < longest_h - 1e-9
    return short or one.rebound_share > 0 or (counted and len(demand.windows) > 1) or one.calls_per_year == 0


def _blocks(block: Block, called: _Called, chosen: Sequence[Responder], demand: Demand) -> None:
    """One call in a window, without a break, no longer than the contract; a store may pause."""
    one_call = np.array([one.duration_h is not None or one.rebound_share > 0 for one in chosen])[:, None]
    starts = _by_window(called.start, demand)
    block.require("one block", starts <= 1.0, where=np.broadcast_to(one_call, starts.shape), resources=called.names)
    longest = np.array([np.inf if one.duration_h is None else one.duration_h for one in chosen])[:, None]
    # A duration is rounded down to whole steps: nobody is held longer than agreed.
    most = np.floor(longest / demand.step_h + 1e-9)
    hours = _by_window(called.on, demand)
    block.require("longest call", hours <= np.broadcast_to(most, hours.shape), resources=called.names)


def _ledger(block: Block, called: _Called, chosen: Sequence[Responder], demand: Demand) -> None:
    """Calls over the year and on each day."""
    count = len(demand.windows)
    used = block.binary("called", shape=(len(chosen), count), resources=called.names)
    block.require("is a call", called.on <= used[:, demand.window_of], resources=called.names)
    year = np.array([np.inf if one.calls_per_year is None else one.calls_per_year for one in chosen])
    block.require("calls of the year", used.sum(axis=1) <= year, resources=called.names)
    days, places = np.unique([demand.day_of(one) for one in range(count)], return_inverse=True)
    labels = np.arange(len(chosen))[:, None] * days.size + places[None, :]
    daily = used.grouped(labels.ravel(), (len(chosen), days.size))
    most = np.array([np.inf if one.calls_per_day is None else one.calls_per_day for one in chosen])[:, None]
    block.require("calls of the day", daily <= np.broadcast_to(most, daily.shape), resources=called.names)


def _rest(block: Block, called: _Called, chosen: Sequence[Responder], demand: Demand) -> None:
    """Two windows closer than the rest cannot both be answered at steps that close."""
    steps, window = demand.steps, demand.window_of
    for row, one in enumerate(chosen):
        rest = one.rest_h / demand.step_h
        apart = steps[None, :] - steps[:, None] - 1
        early, late = np.nonzero((window[None, :] > window[:, None]) & (apart < rest - 1e-9))
        if early.size:
            both = called.on[row][early] + called.on[row][late]
            block.require(f"rest of {one.name}", both <= 1.0, resources=(one.name,) * early.size)


def _rebound(
    block: Block, power: Linear, caps_mw: Floats, called: _Called, chosen: Sequence[Responder], demand: Demand
) -> Linear:
    """What comes back: evenly over the window after a call, in this window or in one soon after."""
    total = power * 0.0
    for place, one in enumerate(chosen):
        if one.rebound_share <= 0:
            continue
        row = int(called.rows[place])
        drawn = block.variable("rebound", shape=(1, len(demand.steps)), resources=(one.name,))
        _after_calls(block, drawn, (power[row], caps_mw[row]), (called.on[place], called.start[place]), one, demand)
        total = total + drawn.scattered(np.array([row]), len(caps_mw))
    return total


def _after_calls(
    block: Block,
    drawn: Linear,
    power: tuple[Linear, Floats],
    call: tuple[Linear, Linear],
    one: Responder,
    demand: Demand,
) -> None:
    """`drawn` is at least the share of a call's energy over the window, wherever that call has just ended."""
    reach = max(1, int(np.ceil(one.rebound_window_h / demand.step_h - 1e-9)))
    shed, cap_mw = power
    for early, late in _near_windows(demand, reach):
        ended, steps = _ended(call, early, late, reach, demand)
        inside = np.flatnonzero(demand.window_of == early)
        per_step = one.rebound_share / reach
        most_mw = per_step * float(cap_mw[inside].sum())
        returned = shed[inside].sum() * per_step
        block.require(
            f"rebound of {one.name}",
            drawn[0][steps] >= returned + (ended - 1.0) * most_mw,
            resources=(one.name,) * len(steps),
        )


def _near_windows(demand: Demand, reach: int) -> Iterator[tuple[int, int]]:
    for early, late in combinations_with_replacement(range(len(demand.windows)), 2):
        if demand.windows[late][0] - demand.windows[early][-1] <= reach:
            yield early, late


def _ended(call: tuple[Linear, Linear], early: int, late: int, reach: int, demand: Demand) -> tuple[Linear, Steps]:
    """For the steps of the late window: 1 where the call of the early one has ended within reach, and those steps."""
    on, start = call
    first = int(np.flatnonzero(demand.window_of == early)[0])
    begin, length = int(demand.windows[early][0]), len(demand.windows[early])
    places = np.flatnonzero(demand.window_of == late)
    size = len(demand.steps)
    of_on, of_start = np.zeros((len(places), size)), np.zeros((len(places), size))
    for row, place in enumerate(places):
        now = int(demand.steps[place])
        for end in range(max(begin + 1, now - reach + 1), min(now, begin + length) + 1):
            before = first + end - begin - 1
            of_on[row, before] += 1.0
            if end < begin + length:
                of_on[row, before + 1] -= 1.0
                of_start[row, before + 1] += 1.0
    shape = (len(places),)
    return on.applied(csr_array(of_on), shape) + start.applied(csr_array(of_start), shape), places


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


def _labels(demand: Demand) -> tuple[str, ...]:
    return tuple(f"step {step}" for step in demand.steps)


def binding_step(answer: Answer) -> int:
    """The place among the steps at which the relief is what the fleet can just hold."""
    return int(np.abs(answer.relief_mw - answer.level_mw).argmin())
