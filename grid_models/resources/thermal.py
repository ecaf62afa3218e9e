"""A thermal unit: coal, gas, oil, biomass, or any generator that starts, runs between limits and stops."""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from grid_models.horizon import Horizon
from grid_models.quantities import Data, Finite, Floats, NonNegative, Period, Positive
from grid_models.resources.base import Resource

TOLERANCE_MW = 1e-6
SAME_MW = 1e-9
"""Points of a cost curve that lie no farther apart are one point."""


class CostPoint(Data):
    """What an hour at this output costs."""

    mw: NonNegative
    cost_per_h: Finite


class QuadraticCost(Data):
    """Cost per hour `no_load + linear * p + quadratic * p^2`, run as equal secants between the limits.

    The secants overstate the cost by at most `quadratic * (width / 2)^2` per hour, width = range / pieces.
    """

    no_load_per_h: Finite = 0.0
    linear_per_mwh: Finite
    quadratic_per_mw2h: NonNegative
    pieces: Annotated[int, Field(ge=1, le=100)] = 8

    def points(self, min_mw: float, max_mw: float) -> tuple[CostPoint, ...]:
        count = self.pieces + 1 if max_mw > min_mw else 1
        return tuple(CostPoint(mw=mw, cost_per_h=self.at(mw)) for mw in np.linspace(min_mw, max_mw, count))

    def at(self, mw: float) -> float:
        """The exact cost per hour at an output in MW."""
        return self.no_load_per_h + self.linear_per_mwh * mw + self.quadratic_per_mw2h * mw**2

    def error_per_h(self, min_mw: float, max_mw: float) -> float:
        """The most by which the secants overstate the cost of an hour."""
        return self.quadratic_per_mw2h * ((max_mw - min_mw) / self.pieces / 2) ** 2


class StartCost(Data):
    """What a start costs once the unit has been off for at least this long."""

    hours_off: NonNegative
    cost: NonNegative


class DeepPeakingTier(Data):
    """Output below a step of rated output: dearer by the MWh not generated below it, and slower to move.

    The extra cost is `price_per_mwh` times the depth below `below_mw`, down to the next lower tier.
    Between two steps of which either is below `below_mw`, output moves at most `ramp_mw_per_h`.
    Source: the North China and Northeast deep-peaking compensation rules pay by such depth steps.
    """

    below_mw: Positive
    price_per_mwh: NonNegative = 0.0
    ramp_mw_per_h: NonNegative | None = None


class ForbiddenZone(Data):
    """Outputs strictly between these are not allowed (vibration, valve points)."""

    from_mw: NonNegative
    to_mw: NonNegative


class ThermalState(Data):
    """How the unit arrives at the first step."""

    on: bool
    hours: NonNegative
    """How long it has been on, or off."""
    power_mw: NonNegative = 0.0
    """Output in the step before the horizon; 0 where off."""


class FuelUse(Data):
    """Fuel burnt: by the hour on, by the MWh, by the start."""

    fuel: str
    """Name of a fuel of the case."""
    gj_per_mwh: NonNegative = 0.0
    no_load_gj_per_h: NonNegative = 0.0
    start_gj: NonNegative = 0.0


def _short_form(schema: dict[str, Any]) -> None:
    """`[[mw, cost], ...]` is accepted too."""
    pair = {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "minItems": 2, "maxItems": 2}
    schema["anyOf"] = [*schema.get("anyOf", []), {"type": "array", "items": pair, "minItems": 1}]


class ThermalUnit(Resource):
    """A unit that is on or off, with everything that its yard meter and its operator know about it."""

    series_fields: ClassVar[tuple[str, ...]] = ("commitment",)

    kind: Literal["thermal"] = "thermal"
    min_mw: NonNegative
    """Lowest stable output when on."""
    max_mw: NonNegative
    """Highest output."""
    cost: Annotated[tuple[CostPoint, ...] | QuadraticCost, Field(json_schema_extra=_short_form)]
    """Points from `min_mw` to `max_mw`, joined by straight lines, or a quadratic. Any shape: where it is not
    convex, binaries keep it exact."""
    start_costs: tuple[StartCost, ...] = ()
    """By hours off: the latest delay that has passed counts; before the first delay, the first."""
    min_up_h: NonNegative = 0.0
    min_down_h: NonNegative = 0.0
    ramp_up_mw_per_h: NonNegative | None = None
    """Binds output above the minimum, with all up-reserve; None: no limit."""
    ramp_down_mw_per_h: NonNegative | None = None
    start_max_mw: NonNegative | None = None
    """Most output plus up-reserve in the first step on; below `min_mw` the unit cannot start. None: `max_mw`."""
    stop_max_mw: NonNegative | None = None
    """Most output plus up-reserve in the last step on; below `min_mw` the unit cannot stop. None: `max_mw`."""
    start_time_min: NonNegative | None = None
    """Minutes from cold call to `min_mw`, for non-spinning reserve while off; None: never from off."""
    must_run: bool = False
    commitment: tuple[bool | None, ...] | None = None
    """Fixed on (true), forbidden (false) or free (null), per step."""
    outages: tuple[Period, ...] = ()
    """Planned outages: off in every step that they touch."""
    forbidden_zones: tuple[ForbiddenZone, ...] = ()
    starts_per_day_max: Annotated[int, Field(ge=0)] | None = None
    energy_per_day_max_mwh: NonNegative | None = None
    deep_peaking: tuple[DeepPeakingTier, ...] = ()
    fuel_use: FuelUse | None = None
    emission_t_per_mwh: NonNegative = 0.0
    """CO2 per MWh."""
    initial: ThermalState | None = None
    """None: the engine chooses it by a first solve and the plan says so."""

    @field_validator("cost", mode="before")
    @classmethod
    def _pairs_are_points(cls, value: Any) -> Any:
        """`[[mw, cost], ...]` is the short form of the points."""
        if not isinstance(value, list | tuple):
            return value
        pair = all(isinstance(point, list | tuple) and len(point) == 2 for point in value)
        return [{"mw": point[0], "cost_per_h": point[1]} for point in value] if pair else value

    @field_validator("deep_peaking")
    @classmethod
    def _deepest_last(cls, tiers: tuple[DeepPeakingTier, ...]) -> tuple[DeepPeakingTier, ...]:
        return tuple(sorted(tiers, key=lambda tier: -tier.below_mw))

    @field_validator("start_costs")
    @classmethod
    def _delays_rise(cls, costs: tuple[StartCost, ...], _: ValidationInfo) -> tuple[StartCost, ...]:
        if any(later.hours_off <= earlier.hours_off for earlier, later in pairwise(costs)):
            raise ValueError("hours_off must rise from one start cost to the next")
        if any(later.cost < earlier.cost - 1e-9 for earlier, later in pairwise(costs)):
            raise ValueError("a colder start may not be cheaper: give costs that do not fall with hours_off")
        return costs

    @model_validator(mode="after")
    def _limits_agree(self) -> "ThermalUnit":
        if self.min_mw > self.max_mw:
            raise ValueError(f"min_mw {self.min_mw:g} is above max_mw {self.max_mw:g}; give a minimum of at most it")
        if not isinstance(self.cost, QuadraticCost):
            self._check_points(self.cost)
        for gap in self.forbidden_zones:
            if not self.min_mw <= gap.from_mw < gap.to_mw <= self.max_mw:
                raise ValueError(
                    f"forbidden zone {gap.from_mw:g}-{gap.to_mw:g} MW must rise and lie within "
                    f"{self.min_mw:g}-{self.max_mw:g} MW"
                )
        for lower, upper in pairwise(sorted(self.forbidden_zones, key=lambda gap: gap.from_mw)):
            if upper.from_mw < lower.to_mw:
                raise ValueError(f"forbidden zones overlap at {upper.from_mw:g} MW; give them apart")
        if self.initial and not self.initial.on and self.initial.power_mw > TOLERANCE_MW:
            raise ValueError(f"initial: off, yet at {self.initial.power_mw:g} MW; give power_mw 0 or on: true")
        return self

    def _check_points(self, points: tuple[CostPoint, ...]) -> None:
        if not points:
            raise ValueError("cost: has no point; give at least one, at min_mw")
        if any(later.mw <= earlier.mw for earlier, later in pairwise(points)):
            raise ValueError("cost: outputs must rise from point to point")
        ends = points[0].mw, points[-1].mw
        for end, limit, called in zip(ends, (self.min_mw, self.max_mw), ("min_mw", "max_mw"), strict=True):
            if abs(end - limit) > 1e-4 * max(1.0, limit):
                raise ValueError(f"cost: points span {ends[0]:g}-{ends[1]:g} MW but {called} is {limit:g}")

    @cached_property
    def curve(self) -> tuple[Floats, Floats]:
        """The cost curve as (MW, cost per hour), deep-peaking tiers included, carbon price not."""
        points = self.cost.points(self.min_mw, self.max_mw) if isinstance(self.cost, QuadraticCost) else self.cost
        base_mw = np.array([point.mw for point in points])
        base_cost = np.array([point.cost_per_h for point in points])
        steps = [tier.below_mw for tier in self.deep_peaking if self.min_mw < tier.below_mw < self.max_mw]
        mw = np.union1d(base_mw, steps)
        # Of two points that only rounding keeps apart one goes: the piece between would cost nothing to enter.
        mw = mw[np.r_[True, np.diff(mw) > SAME_MW]]
        mw[-1] = base_mw[-1]
        return mw, np.interp(mw, base_mw, base_cost) + self.deep_peaking_cost_per_h(mw)

    def deep_peaking_cost_per_h(self, mw: Floats) -> Floats:
        """The extra cost of an hour at an output, by the depth below each tier."""
        extra = np.zeros_like(mw)
        ends = [*(tier.below_mw for tier in self.deep_peaking), 0.0]
        for tier, floor_mw in zip(self.deep_peaking, ends[1:], strict=True):
            extra += tier.price_per_mwh * np.clip(tier.below_mw - mw, 0, tier.below_mw - floor_mw)
        return extra

    def start_cost(self, hours_off: float) -> float:
        """What a start costs after so many hours off: the latest delay that has passed."""
        passed = [cost.cost for cost in self.start_costs if cost.hours_off <= hours_off + 1e-9]
        first = self.start_costs[0].cost if self.start_costs else 0.0
        return passed[-1] if passed else first

    def may_be_on(self, horizon: Horizon) -> tuple[Any, Any]:
        """Per step: whether it must be on, and whether it may (must-run, fixed and forbidden, outage)."""
        wishes = self.commitment or (None,) * len(horizon)
        out = horizon.within(self.outages)
        # A planned outage releases a must-run unit, but not a commitment fixed step by step: that is a contradiction.
        must = np.array(
            [self.must_run and not away if wish is None else wish for wish, away in zip(wishes, out, strict=True)]
        )
        may = np.array([wish is not False for wish in wishes]) & ~out
        return must, may

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        must, may = self.may_be_on(horizon)
        clash = np.flatnonzero(must & ~may)
        if clash.size:
            yield f"must be on at {horizon.moment(int(clash[0])):%Y-%m-%d %H:%M} but is on outage or forbidden then"
        if self.initial is not None:
            yield from self._initial_contradictions(self.initial, horizon, must, may)

    def _initial_contradictions(self, state: ThermalState, horizon: Horizon, must: Any, may: Any) -> Iterator[str]:
        held = horizon.steps_in((self.min_up_h if state.on else self.min_down_h) - state.hours)
        held = max(0, min(held, len(horizon)))
        if state.on and not may[:held].all():
            step = int(np.flatnonzero(~may[:held])[0])
            yield (
                f"must be off at {horizon.moment(step):%Y-%m-%d %H:%M} but has run {state.hours:g} h of its "
                f"{self.min_up_h:g} h minimum: allow it on, or correct its initial hours"
            )
        if not state.on and must[:held].any():
            step = int(np.flatnonzero(must[:held])[0])
            yield (
                f"must be on at {horizon.moment(step):%Y-%m-%d %H:%M} but has been off {state.hours:g} h of its "
                f"{self.min_down_h:g} h minimum: allow it off, or correct its initial hours"
            )
        if state.on:
            yield from self._initial_output_contradictions(state, horizon, bool(may[0]), held > 0)

    def _initial_output_contradictions(
        self, state: ThermalState, horizon: Horizon, may_stay: bool, held: bool
    ) -> Iterator[str]:
        # Above its maximum it may have been, before a derating; below its minimum it cannot have been on.
        if state.power_mw < self.min_mw - TOLERANCE_MW:
            yield (
                f"is on at {state.power_mw:g} MW before the horizon, below its min_mw {self.min_mw:g}: "
                "correct initial.power_mw, or say that it is off"
            )
            return
        above_mw = max(0.0, state.power_mw - self.min_mw)
        ramp = self.ramp_down_mw_per_h
        fall_mw = np.inf if ramp is None else ramp * horizon.step_h
        if not may_stay and not held:
            stop_max_mw = self.max_mw if self.stop_max_mw is None else self.stop_max_mw
            if state.power_mw > stop_max_mw + TOLERANCE_MW or above_mw > fall_mw + TOLERANCE_MW:
                yield (
                    f"must be off at once but runs at {state.power_mw:g} MW, above what it may stop from "
                    f"(stop_max_mw {stop_max_mw:g}, ramp down {fall_mw:g} MW a step): lower its initial power_mw"
                )
        if above_mw - fall_mw > self.max_mw - self.min_mw + TOLERANCE_MW:
            yield (
                f"runs at {state.power_mw:g} MW and falls at most {fall_mw:g} MW a step, so it cannot reach "
                f"max_mw {self.max_mw:g} in the first step: correct initial power_mw"
            )
