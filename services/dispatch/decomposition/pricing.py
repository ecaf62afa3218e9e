"""Pricing a thermal fleet: the cheapest schedule of every unit at given prices of all linking rows.

What the programme does not know (forbidden zones, slow deep-peaking ramps, limits per day, the ramp behind awards of
limited products) it leaves out here and the master keeps as rows with a price of their own, so its value is always a
valid bound. Curves that bend down are priced along their convex hull, for the same reason.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.decomposition.intervals import Prices
from services.dispatch.decomposition.kernel import Answers, Fleet, own_costs, price_fleet
from services.dispatch.decomposition.split import Award, Schedules, Split
from services.dispatch.formulations.thermal import Limits, commitment_bounds, fleet_limits

WIDE_MW = 1e9


@dataclass(frozen=True)
class Priced:
    """The answer of every unit at some prices."""

    value: Floats
    """Least reduced cost."""
    schedules: Schedules
    gap_on: Floats
    """By unit and step: how much dearer the cheapest schedule with the unit on is (only if asked for)."""
    gap_off: Floats


@dataclass(frozen=True)
class Ranked:
    """The reserve products of one direction, dearest first at every unit and step (units x steps x products)."""

    columns: NDArray[np.int64]
    worth: Floats
    most: Floats
    endless: Floats
    """The worth of the dearest product that only the headroom limits (units x steps)."""


class Pricer:
    """A thermal fleet as the arrays that the compiled programme reads."""

    def __init__(self, case: Case, parts: Split):
        units = [unit for unit in case.everything if isinstance(unit, ThermalUnit)]
        self.parts, self.steps = parts, case.steps
        self.up = tuple(award for award in parts.awards if parts.rises[award.product])
        self.down = tuple(award for award in parts.awards if not parts.rises[award.product])
        limits = fleet_limits(units, case)
        self.limits = limits
        self.lower, self.upper = commitment_bounds(limits, case)
        self._curves(limits, case.horizon.step_h)
        self._starts(limits, case)
        flat = {
            name: np.ascontiguousarray(np.minimum(getattr(limits, name), WIDE_MW).ravel())
            for name in ("room_mw", "start_mw", "stop_mw", "fall_mw", "ramp_up_mw", "ramp_down_mw")
        }
        self.rise, self.drop = flat["ramp_up_mw"], flat["ramp_down_mw"]
        self.room, self.start, self.stop, self.fall = (
            flat[name] for name in ("room_mw", "start_mw", "stop_mw", "fall_mw")
        )
        self.was_on = limits.on_before.ravel() > 0
        self.before_mw = np.ascontiguousarray(limits.above_before_mw.ravel())

    def _curves(self, limits: Limits, step_h: float) -> None:
        curves = [unit.curve for unit in limits.units]
        longest = max(2, *(len(mw) for mw, _ in curves))
        count = len(curves)
        self.bx, self.bc, self.points = (
            np.zeros((count, longest)),
            np.zeros((count, longest)),
            np.zeros(count, np.int64),
        )
        self.hx, self.hs, self.pieces = np.zeros((count, longest)), np.zeros((count, longest)), np.ones(count, np.int64)
        for row, (mw, cost) in enumerate(curves):
            above, money = mw - mw[0], cost * step_h
            self.bx[row, : len(mw)], self.bc[row, : len(mw)], self.points[row] = above, money, len(mw)
            hull = _convex_hull(above, money)
            if len(hull) > 1:
                self.hx[row, : len(hull)] = above[hull]
                self.hs[row, : len(hull) - 1] = np.diff(money[hull]) / np.diff(above[hull])
                self.pieces[row] = len(hull) - 1
        matrix, decisions = self.parts.matrix, self.parts.decisions
        no_load = self.bc[:, 0]
        straight = np.where(self.points == 2, self.hs[:, 0], 0.0)
        # The matrix's costs hold the production already; what is left over (carbon, for one) is a price.
        self.extra = {
            "on": matrix.cost[decisions["on"]] - no_load[:, None],
            "above_mw": matrix.cost[decisions["above_mw"]] - straight[:, None],
            "stop": matrix.cost[decisions["stop"]],
        }
        self.no_load = no_load

    def _starts(self, limits: Limits, case: Case) -> None:
        steps, step_h = self.steps, case.horizon.step_h
        off = np.arange(steps + 1) * step_h
        count = len(limits.units)
        self.table, self.first = np.zeros((count, steps + 1)), np.zeros((count, steps))
        for row, unit in enumerate(limits.units):
            if unit.start_costs:
                delays = np.array([cost.hours_off for cost in unit.start_costs])
                costs = np.array([cost.cost for cost in unit.start_costs])
                begun = unit.initial.hours if unit.initial and not unit.initial.on else 0.0
                self.table[row] = costs[np.maximum(np.searchsorted(delays, off + 1e-9, side="right") - 1, 0)]
                since = begun + off[:steps]
                self.first[row] = costs[np.maximum(np.searchsorted(delays, since + 1e-9, side="right") - 1, 0)]
        coldest = np.array([unit.start_costs[-1].cost if unit.start_costs else 0.0 for unit in limits.units])
        self.extra["start"] = self.parts.matrix.cost[self.parts.decisions["start"]] - coldest[:, None]

    def __call__(self, row_prices: Floats, gaps: bool = False) -> Priced:
        """The cheapest schedules at these prices of the master's rows."""
        links, decisions = self.parts.links, self.parts.decisions
        credit = links.T @ row_prices
        price = {name: np.ascontiguousarray(self.extra[name] - credit[decisions[name]]) for name in decisions}
        up, down = (self._ranked(chosen, credit) for chosen in (self.up, self.down))
        count, steps = len(self.room), self.steps
        on, power = np.zeros((count, steps)), np.zeros((count, steps))
        value, with_on, with_off = np.zeros(count), np.zeros((count, steps)), np.zeros((count, steps))
        limits = self.limits
        fleet = Fleet(
            self.room, self.start, self.stop, self.fall, self.rise, self.drop, limits.min_up, limits.min_down,
            self.hx, self.hs, self.pieces, self.no_load, self.table, self.first, self.was_on, self.before_mw,
            self._held_on(), np.argmax(self.upper > 0, axis=1), self.lower, self.upper > 0,
        )  # fmt: skip
        prices = Prices(
            price["on"], price["above_mw"], price["start"], price["stop"],
            up.worth, up.most, down.worth, down.most, up.endless,
        )  # fmt: skip
        price_fleet(steps, fleet, prices, gaps, Answers(value, on, power, with_on, with_off))
        schedules = self._schedules(on, power, up, down)
        return Priced(value, schedules, with_on - value[:, None], with_off - value[:, None])

    def _held_on(self) -> NDArray[np.int64]:
        """Steps that a unit which is on must stay on, from its initial hours and what is fixed from the first step."""
        held: NDArray[np.int64] = np.where(self.was_on, np.argmin(self.lower > 0, axis=1), 0)
        return np.where(self.was_on & (self.lower > 0).all(axis=1), self.steps, held)

    def _ranked(self, awards: tuple[Award, ...], credit: Floats) -> Ranked:
        """The products of one direction by worth, at every unit and step."""
        matrix = self.parts.matrix
        shape = (len(self.room), self.steps, max(1, len(awards)))
        columns = np.full(shape, -1)
        for place, award in enumerate(awards):
            columns[award.units, :, place] = award.columns
        known = np.maximum(columns, 0)
        worth = np.where(columns >= 0, credit[known] - matrix.cost[known], 0.0)
        order = np.argsort(-worth, axis=2, kind="stable")
        columns, worth = np.take_along_axis(columns, order, 2), np.take_along_axis(worth, order, 2)
        most = np.where(columns >= 0, np.minimum(matrix.upper[np.maximum(columns, 0)], WIDE_MW), 0.0)
        endless = np.where(most >= WIDE_MW / 2, np.maximum(worth, 0.0), 0.0).max(axis=2)
        return Ranked(columns, *(np.ascontiguousarray(part) for part in (worth, most, endless)))

    def _schedules(self, on: Floats, power: Floats, up: Ranked, down: Ranked) -> Schedules:
        values = np.zeros(self.parts.matrix.shape[1])
        before = np.column_stack([self.was_on.astype(float), on[:, :-1]])
        start, stop = np.maximum(on - before, 0), np.maximum(before - on, 0)
        for name, numbers in (("on", on), ("start", start), ("stop", stop), ("above_mw", power)):
            values[self.parts.decisions[name]] = numbers
        _fill_awards(values, up, self._headroom(on, power, start, stop))
        _fill_awards(values, down, power * on)
        cost = np.zeros(len(self.room))
        own_costs(self.steps, self.bx, self.bc, self.points, self.table, self.first, self.was_on, on, power, cost)
        extra = sum((values[self.parts.decisions[name]] * self.extra[name]).sum(axis=1) for name in self.extra)
        return Schedules(values, on, cost + extra)

    def _headroom(self, on: Floats, power: Floats, start: Floats, stop: Floats) -> Floats:
        """What is left above the output for up-reserve: capacity, start and stop limits, ramp."""
        top = np.repeat(self.room[:, None], self.steps, axis=1)
        top = np.where(start > 0, np.minimum(top, self.start[:, None]), top)
        stops_next = np.column_stack([stop[:, 1:], np.zeros(len(self.room))]) > 0
        top = np.where(stops_next, np.minimum(top, self.stop[:, None]), top)
        before = np.column_stack([np.where(self.was_on, self.before_mw, 0.0), power[:, :-1]])
        top = np.where(start > 0, top, np.minimum(top, before + self.rise[:, None]))
        return np.maximum(top - power, 0.0) * on


def _fill_awards(values: Floats, ranked: Ranked, room: Floats) -> None:
    """Awards in the order of their worth, as far as the room goes."""
    left = room.copy()
    for place in range(ranked.worth.shape[2]):
        columns = ranked.columns[:, :, place]
        pays = (columns >= 0) & (ranked.worth[:, :, place] > 0)
        taken = np.where(pays, np.minimum(left, ranked.most[:, :, place]), 0.0)
        values[columns[pays]] = taken[pays]
        left = left - taken


def _convex_hull(x: Floats, y: Floats) -> list[int]:
    """Points of the lower convex hull, from left to right."""
    hull: list[int] = []
    for point in range(len(x)):
        while len(hull) > 1 and (y[hull[-1]] - y[hull[-2]]) * (x[point] - x[hull[-2]]) >= (y[point] - y[hull[-2]]) * (
            x[hull[-1]] - x[hull[-2]]
        ):
            hull.pop()
        hull.append(point)
    return hull
