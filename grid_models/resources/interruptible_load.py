"""An interruptible load: a contract to shed, called with notice and within limits."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from grid_models.horizon import Horizon
from grid_models.quantities import Data, Finite, NonNegative, NonNegativeSeries, Positive, Share
from grid_models.resources.base import Resource


class CallState(Data):
    """What earlier plans have already used of the contract."""

    calls_used: Annotated[int, Field(ge=0)] = 0
    """Calls that count against `calls_max`."""
    calls_used_today: Annotated[int, Field(ge=0)] = 0
    """Calls that count against `calls_per_day_max` on the first day."""
    in_progress_h: NonNegative = 0.0
    """Hours that a call has been running when the horizon begins; 0: none is."""
    in_progress_mw: NonNegative = 0.0
    """Its MW in the step before the horizon."""
    in_progress_mwh: NonNegative = 0.0
    """What it has shed so far, for its rebound."""
    hours_since_call: NonNegative = 8760.0
    """Hours since the last call ended."""


class InterruptibleLoad(Resource):
    """A contract by which a user sheds load when called (the load itself is in the zone's demand)."""

    series_fields: ClassVar[tuple[str, ...]] = ("baseline_mw", "floor_mw")

    kind: Literal["interruptible_load"] = "interruptible_load"
    contract_mw: NonNegative
    """The most that may be shed."""
    form: Literal["block", "divisible"] = "divisible"
    """A block sheds a constant MW for the whole call; a divisible one any MW up to the contract, step by step."""
    shed_min_mw: NonNegative = 0.0
    """Least shed while called; set to `contract_mw` for all or nothing."""
    baseline_mw: NonNegativeSeries | None = None
    """What the user would draw; shed is at most this less the floor. None: not limiting."""
    floor_mw: NonNegativeSeries = 0.0
    """What the user must keep."""
    availability: Share = 1.0
    """Share of the contract, and of baseline less floor, that answers."""
    notice_h: NonNegative = 0.0
    """A call may not start earlier than the case's decision time plus this."""
    call_min_h: NonNegative = 0.0
    call_max_h: Positive | None = None
    calls_per_day_max: Annotated[int, Field(ge=0)] | None = None
    """Calls that start on one local day."""
    calls_max: Annotated[int, Field(ge=0)] | None = None
    """Calls over the horizon, those used before included."""
    rest_h: NonNegative = 0.0
    """From the end of a call to the start of the next."""
    rebound_share: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.0
    """Of the energy shed in a call, what is drawn again after it."""
    rebound_window_h: NonNegative = 0.0
    """The rebound is spread evenly over this long, from the end of the call."""
    rebound_max_mw: NonNegative | None = None
    """Most rebound at any step: a call whose rebound would be higher may not be made."""
    price_per_mwh: Finite = 0.0
    """Of energy shed."""
    price_per_call: NonNegative = 0.0
    availability_price_per_mw_h: NonNegative = 0.0
    """For standing ready, by contracted MW and hour, called or not."""
    initial: CallState = CallState()

    @model_validator(mode="after")
    def _limits_agree(self) -> "InterruptibleLoad":
        if self.call_max_h is not None and self.call_min_h > self.call_max_h:
            raise ValueError(f"call_min_h {self.call_min_h:g} is above call_max_h {self.call_max_h:g}")
        if self.shed_min_mw > self.contract_mw:
            raise ValueError(f"shed_min_mw {self.shed_min_mw:g} is above contract_mw {self.contract_mw:g}")
        if self.rebound_share > 0 and self.rebound_window_h <= 0:
            raise ValueError("rebound_window_h must be above 0 where rebound_share is")
        return self

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        state = self.initial
        if state.in_progress_h > 0 and self.call_max_h is not None and state.in_progress_h > self.call_max_h + 1e-9:
            yield (
                f"a call has been running {state.in_progress_h:g} h, longer than call_max_h {self.call_max_h:g}; "
                "correct initial.in_progress_h"
            )
