"""Pricing a thermal fleet: the cheapest schedule of every unit at given prices of all linking rows.

It is exact for every rule that a unit has of its own; `compiled` holds the programme. Only what links units, or a unit
and a day's energy or fuel, is left to the master's prices.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import parallel_chunksize
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.decomposition.classes import unit_classes
from services.dispatch.decomposition.compiled.kernel import Answers, Fleet, own_costs, price_fleet
from services.dispatch.decomposition.compiled.moves import WIDE_MW
from services.dispatch.decomposition.compiled.unit import Prices
from services.dispatch.decomposition.fleet_arrays import fleet_arrays, start_costs
from services.dispatch.decomposition.split import Award, Schedules, Split
from services.dispatch.decomposition.standby import Ready, Standby
from services.dispatch.formulations.thermal import fleet_limits

UNITS_AT_ONCE = 4
"""Units that a thread takes at a time: some take much longer than others."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Priced:
    """The answer of every unit at some prices."""

    value: Floats
    """Least reduced cost; NEVER (1e30) where no schedule obeys the commitment bounds."""
    schedules: Schedules
    gap_on: Floats
    """By unit and step: how much dearer the cheapest schedule with the unit on is (only if asked for)."""
    gap_off: Floats


@dataclass(frozen=True)
class Ranked:
    """The reserve products of one direction, dearest first at every unit and step (units x steps x products)."""

    columns: Rows
    worth: Floats
    most: Floats


class Pricer:
    """A thermal fleet, ready to be priced any number of times."""

    def __init__(self, case: Case, parts: Split):
        units = [unit for unit in case.everything if isinstance(unit, ThermalUnit)]
        self.parts, self.steps = parts, case.steps
        self.up = tuple(award for award in parts.awards if parts.rises[award.product])
        self.down = tuple(award for award in parts.awards if not parts.rises[award.product])
        limits, starts = fleet_limits(units, case), start_costs(units, case)
        self.limits, self.fleet = limits, fleet_arrays(limits, case, starts)
        self.ready = Ready(parts, limits, case)
        self.room = np.ascontiguousarray(limits.room_mw.ravel())
        self.lower, self.upper = self.fleet.must.astype(float), self.fleet.may.astype(float)
        self._curves(units, case.horizon.step_h)
        self._leftovers(_coldest(units))
        own = [array for name, array in self.fleet._asdict().items() if name != "day"]
        self.classes = unit_classes([*own, self.curve_x, self.curve_cost, self.room, self.ready.most_mw], parts)
        """For every unit, the unit that is priced in its place: the first one with all its numbers."""

    def _curves(self, units: list[ThermalUnit], step_h: float) -> None:
        """The whole curve of every unit, above its minimum and by step, to say what a schedule costs."""
        curves = [unit.curve for unit in units]
        shape = (len(curves), max(2, *(len(mw) for mw, _ in curves)))
        self.curve_x, self.curve_cost = np.zeros(shape), np.zeros(shape)
        self.points = np.array([len(mw) for mw, _ in curves])
        for row, (mw, cost) in enumerate(curves):
            self.curve_x[row, : len(mw)], self.curve_cost[row, : len(mw)] = mw - mw[0], cost * step_h

    def _leftovers(self, coldest: Floats) -> None:
        """What the matrix pays for decisions besides curve and starts (carbon, for one): it joins the price."""
        cost, decisions = self.parts.matrix.cost, self.parts.decisions
        rise, run = self.curve_cost[:, 1] - self.curve_cost[:, 0], self.curve_x[:, 1]
        straight = np.where(self.points == 2, rise / np.where(run > 0, run, 1.0), 0.0)
        paid = {"on": self.curve_cost[:, 0], "start": coldest, "stop": 0.0 * coldest, "above_mw": straight}
        self.extra = {name: cost[decisions[name]] - paid[name][:, None] for name in decisions}

    def __call__(
        self,
        row_prices: Floats,
        gaps: bool = False,
        lower: Floats | None = None,
        upper: Floats | None = None,
        only: NDArray[np.bool_] | None = None,
    ) -> Priced:
        """The cheapest schedules at these prices of the master's rows.

        `lower` and `upper` (units x steps, 0 or 1) narrow the commitment further than the case does. What is said of
        units that are not among `only` has no meaning.
        """
        credit = self.parts.links.T @ row_prices
        up, down = (self._ranked(chosen, credit) for chosen in (self.up, self.down))
        standby = self.ready.at(credit)
        first, answer = self._representatives(lower, upper, only)
        fleet = self._fleet(first, lower, upper)
        prices = self._prices(first, credit, up, down, standby)
        count, steps = len(first), self.steps
        found = Answers(np.zeros(count), *(np.zeros((count, steps)) for _ in range(6)))
        with parallel_chunksize(UNITS_AT_ONCE):
            price_fleet(steps, fleet, prices, gaps, found)
        every = Answers(*(part[answer] for part in found))
        schedules = self._schedules(every, up, down, standby)
        value = every.value[:, None]
        return Priced(every.value - standby.total, schedules, every.cheapest_on - value, every.cheapest_off - value)

    def _representatives(
        self, lower: Floats | None, upper: Floats | None, only: NDArray[np.bool_] | None
    ) -> tuple[Rows, Rows]:
        """The units to price, and for every unit the place of its answer among them."""
        classes = self.classes
        if only is not None and only.any():
            # All others are answered like the first that is asked for, which costs nothing.
            classes = np.where(only, classes, classes[np.argmax(only)])
        columns: list[NDArray[Any]] = [classes[:, None]]
        columns += [np.asarray(bound) > 0.5 for bound in (lower, upper) if bound is not None]
        if len(columns) == 1:
            first, answer = np.unique(classes, return_inverse=True)
            return first, answer
        _, first, answer = np.unique(np.hstack(columns), axis=0, return_index=True, return_inverse=True)
        return first, answer.ravel()

    def _fleet(self, rows: Rows, lower: Floats | None, upper: Floats | None) -> Fleet:
        must = self.fleet.must if lower is None else self.fleet.must | (np.asarray(lower) > 0.5)
        may = self.fleet.may if upper is None else self.fleet.may & (np.asarray(upper) > 0.5)
        whole = self.fleet._replace(must=must, may=may)
        return Fleet(*(part if name == "day" else part[rows] for name, part in whole._asdict().items()))

    def _prices(self, rows: Rows, credit: Floats, up: Ranked, down: Ranked, standby: Standby) -> Prices:
        lost: dict[str, Floats | float] = {"on": standby.earned, "stop": standby.lost_by_stop}
        by_decision = {
            name: np.ascontiguousarray((self.extra[name] - credit[columns] + lost.get(name, 0.0))[rows])
            for name, columns in self.parts.decisions.items()
        }
        return Prices(
            by_decision["on"], by_decision["above_mw"], by_decision["start"], by_decision["stop"],
            up.worth[rows], up.most[rows], down.worth[rows], down.most[rows],
        )  # fmt: skip

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
        return Ranked(columns, np.ascontiguousarray(worth), np.ascontiguousarray(most))

    def _schedules(self, found: Answers, up: Ranked, down: Ranked, standby: Standby) -> Schedules:
        values = np.zeros(self.parts.matrix.shape[1])
        on = found.on
        before = np.column_stack([self.fleet.was_on.astype(float), on[:, :-1]])
        start, stop = np.maximum(on - before, 0), np.maximum(before - on, 0)
        for name, numbers in (("on", on), ("start", start), ("stop", stop), ("above_mw", found.above)):
            values[self.parts.decisions[name]] = numbers
        _fill_awards(values, up, found.head)
        _fill_awards(values, down, found.foot)
        self.ready.fill(values, standby, on, stop)
        fleet, cost = self.fleet, np.zeros(len(self.room))
        own_costs(
            self.steps, self.curve_x, self.curve_cost, self.points, fleet.warm, fleet.first, fleet.was_on, on,
            found.above, cost,
        )  # fmt: skip
        extra = sum((values[self.parts.decisions[name]] * self.extra[name]).sum(axis=1) for name in self.extra)
        return Schedules(values, on, cost + extra)


def _coldest(units: list[ThermalUnit]) -> Floats:
    return np.array([unit.start_costs[-1].cost if unit.start_costs else 0.0 for unit in units])


def _fill_awards(values: Floats, ranked: Ranked, room: Floats) -> None:
    """Awards in the order of their worth, as far as the room goes."""
    left = room.copy()
    for place in range(ranked.worth.shape[2]):
        columns = ranked.columns[:, :, place]
        pays = (columns >= 0) & (ranked.worth[:, :, place] > 0)
        taken = np.where(pays, np.minimum(left, ranked.most[:, :, place]), 0.0)
        values[columns[pays]] = taken[pays]
        left = left - taken
