"""The yard: the case, the readings of its meters, and how far a reading may stray."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case, ReserveProduct
from grid_models.horizon import Horizon
from grid_models.plan import Assumptions
from grid_models.quantities import Floats
from services.dispatch.referee.readings import Readings
from services.dispatch.referee.verdict import Violation

Bools = NDArray[np.bool_]
ENERGY_TOLERANCE = 10.0
"""A level adds up many readings: it may stray this many times as far as a power."""
LARGE = 1e4
"""Beyond a limit of this size the tolerance grows with it."""


@dataclass(frozen=True)
class Award:
    """One product held ready by one resource."""

    product: ReserveProduct
    mw: Floats


@dataclass(frozen=True)
class Awards:
    """All that one resource holds ready."""

    each: tuple[Award, ...]
    steps: int

    def _total(self, up: bool, hours: bool) -> Floats:
        parts = [item.mw * (item.product.duration_h if hours else 1.0) for item in self.each if item.product.up == up]
        return np.sum(parts, axis=0) if parts else np.zeros(self.steps)

    @cached_property
    def up_mw(self) -> Floats:
        return self._total(up=True, hours=False)

    @cached_property
    def down_mw(self) -> Floats:
        return self._total(up=False, hours=False)

    @cached_property
    def up_mwh(self) -> Floats:
        """The energy that lasts for every up award."""
        return self._total(up=True, hours=True)

    @cached_property
    def down_mwh(self) -> Floats:
        return self._total(up=False, hours=True)


@dataclass(frozen=True)
class Yard:
    """One plan on one case, as the meters see it."""

    case: Case
    readings: Readings
    assumptions: Assumptions
    tolerance_mw: float

    @property
    def horizon(self) -> Horizon:
        return self.case.horizon

    @property
    def step_h(self) -> float:
        return self.case.horizon.step_h

    @property
    def steps(self) -> int:
        return self.case.horizon.steps

    @cached_property
    def _awards(self) -> dict[str, list[Award]]:
        found: dict[str, list[Award]] = {}
        for product in self.case.reserves:
            for name, mw in self.readings.awards_mw[product.name].items():
                if (mw > 0).any():
                    found.setdefault(name, []).append(Award(product, np.maximum(mw, 0.0)))
        return found

    def awards(self, name: str) -> Awards:
        return Awards(tuple(self._awards.get(name, ())), self.steps)

    @cached_property
    def first_of_day(self) -> NDArray[np.int64]:
        """The first step of every local day."""
        return np.searchsorted(self.horizon.day_of_step, np.arange(self.horizon.days))

    def by_day(self, values: Floats | Bools) -> Floats:
        """Sums over each local day."""
        sums = np.bincount(self.horizon.day_of_step, weights=values, minlength=self.horizon.days)
        return sums.astype(np.float64)

    def before(self, values: Floats, initial: float) -> Floats:
        """The values one step earlier."""
        return np.concatenate([[initial], values[:-1]])

    def when(self, step: int) -> str:
        """The local time at which a step begins."""
        return f"{self.horizon.moment(step):%Y-%m-%d %H:%M}"

    def object(self, rule: str, name: str, step: int, words: str, amount: float = 0.0) -> tuple[Violation, ...]:
        """An objection to what happens at a step."""
        return (Violation(rule, name, step, amount, f"{name} at {self.when(step)}: {words}"),)

    def at_most(
        self, rule: str, name: str, what: str, value: Floats, limit: Floats | float,
        unit: str = "MW", steps: NDArray[np.int64] | None = None,
    ) -> tuple[Violation, ...]:  # fmt: skip
        """An objection where the value is above its limit, at the worst place; `steps` says which step each is."""
        excess = value - limit
        beyond = excess > self.tolerance(limit, unit)
        if not beyond.any():
            return ()
        worst = int(np.argmax(np.where(beyond, excess, -np.inf)))
        bound = float(np.broadcast_to(limit, value.shape)[worst])
        words = f"{what} is {value[worst]:.6g} {unit}, at most {bound:.6g} {unit} is allowed"
        return self._at(rule, name, worst if steps is None else int(steps[worst]), float(excess[worst]), words, beyond)

    def at_least(
        self, rule: str, name: str, what: str, value: Floats, limit: Floats | float,
        unit: str = "MW", steps: NDArray[np.int64] | None = None,
    ) -> tuple[Violation, ...]:  # fmt: skip
        """An objection where the value is below its limit, at the worst place."""
        lack = limit - value
        beyond = lack > self.tolerance(limit, unit)
        if not beyond.any():
            return ()
        worst = int(np.argmax(np.where(beyond, lack, -np.inf)))
        bound = float(np.broadcast_to(limit, value.shape)[worst])
        words = f"{what} is {value[worst]:.6g} {unit}, at least {bound:.6g} {unit} is needed"
        return self._at(rule, name, worst if steps is None else int(steps[worst]), float(lack[worst]), words, beyond)

    def equal(
        self, rule: str, name: str, what: str, value: Floats, expected: Floats | float, unit: str = "MW"
    ) -> tuple[Violation, ...]:
        """An objection where the value is not what it must be, at the worst place."""
        miss = np.abs(value - expected)
        beyond = miss > self.tolerance(expected, unit)
        if not beyond.any():
            return ()
        worst = int(np.argmax(np.where(beyond, miss, -np.inf)))
        due = float(np.broadcast_to(expected, value.shape)[worst])
        words = f"{what} is {value[worst]:.6g} {unit}, but {due:.6g} {unit} is right"
        return self._at(rule, name, worst, float(miss[worst]), words, beyond)

    def tolerance(self, limit: Floats | float, unit: str = "MW") -> Floats | float:
        """How far beyond a limit a reading may stray."""
        scale = 1.0 if unit == "MW" else ENERGY_TOLERANCE
        tolerance: Floats = self.tolerance_mw * scale * np.maximum(1.0, np.abs(limit) / LARGE)
        return tolerance

    def _at(self, rule: str, name: str, step: int, amount: float, words: str, beyond: Bools) -> tuple[Violation, ...]:
        others = int(beyond.sum()) - 1
        more = f" (and {others} more times)" if others else ""
        return self.object(rule, name, step, words + more, amount)
