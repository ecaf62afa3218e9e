"""A pumped-hydro station: units between an upper and a lower reservoir."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from grid_models.horizon import Horizon
from grid_models.quantities import Data, Efficiency, Name, NonNegative, NonNegativeSeries
from grid_models.resources.base import Resource, StoreEnd

Mode = Literal["off", "generate", "pump"]


class PumpedHydroUnit(Data):
    """One reversible set: off, generating within a range, or pumping."""

    name: Name
    generate_min_mw: NonNegative = 0.0
    generate_max_mw: NonNegative
    pump_min_mw: NonNegative
    """Equal to `pump_max_mw` for a fixed-speed set: it pumps at its rated power or not at all."""
    pump_max_mw: NonNegative
    initial_mode: Mode = "off"
    initial_hours: NonNegative = 24.0
    """How long it has been in that mode."""

    @model_validator(mode="after")
    def _ranges_rise(self) -> "PumpedHydroUnit":
        for low, high, what in (
            (self.generate_min_mw, self.generate_max_mw, "generate"),
            (self.pump_min_mw, self.pump_max_mw, "pump"),
        ):
            if low > high:
                raise ValueError(f"{what}_min_mw {low:g} is above {what}_max_mw {high:g}")
        return self


class PumpedHydro(Resource):
    """A station of units on a pair of reservoirs, measured in MWh of water at the upper one.

    `upper = upper_before + (inflow + pump_efficiency * pump - generate / generate_efficiency - spilled) * step_h`,
    and the lower reservoir holds what the upper one lost to the turbines. Efficiencies are separate because only
    their product is the cycle efficiency.
    """

    series_fields: ClassVar[tuple[str, ...]] = ("inflow_mw",)

    kind: Literal["pumped_hydro"] = "pumped_hydro"
    units: Annotated[tuple[PumpedHydroUnit, ...], Field(min_length=1)]
    generate_efficiency: Efficiency = 0.9
    pump_efficiency: Efficiency = 0.87
    upper_max_mwh: NonNegative
    upper_min_mwh: NonNegative = 0.0
    upper_start_mwh: NonNegative
    lower_max_mwh: NonNegative | None = None
    """None: the lower reservoir never binds (a lake or a river)."""
    lower_min_mwh: NonNegative = 0.0
    lower_start_mwh: NonNegative = 0.0
    """Counts only with `lower_max_mwh`."""
    inflow_mw: NonNegativeSeries = 0.0
    """Natural inflow to the upper reservoir, as the power it could have been at the reservoir."""
    may_short_circuit: bool = False
    """Whether one unit may pump while another generates."""
    min_generate_h: NonNegative = 0.0
    min_pump_h: NonNegative = 0.0
    changeover_h: NonNegative = 0.0
    """Time off between pumping and generating."""
    starts_per_day_max: Annotated[int, Field(ge=0)] | None = None
    """Per unit, in either mode."""
    start_cost: NonNegative = 0.0
    """Of a start of one unit, in either mode."""
    cost_per_mwh: NonNegative = 0.0
    """Of what is generated."""
    end: StoreEnd = StoreEnd()

    @model_validator(mode="after")
    def _limits_agree(self) -> "PumpedHydro":
        if not self.upper_min_mwh <= self.upper_start_mwh <= self.upper_max_mwh:
            raise ValueError(
                f"upper_start_mwh {self.upper_start_mwh:g} must lie within "
                f"{self.upper_min_mwh:g}-{self.upper_max_mwh:g} MWh"
            )
        lower_max = self.lower_max_mwh
        if lower_max is not None and not self.lower_min_mwh <= self.lower_start_mwh <= lower_max:
            raise ValueError(
                f"lower_start_mwh {self.lower_start_mwh:g} must lie within {self.lower_min_mwh:g}-{lower_max:g} MWh"
            )
        if self.end.min_mwh is not None and self.end.min_mwh > self.upper_max_mwh:
            raise ValueError(f"end.min_mwh {self.end.min_mwh:g} is above upper_max_mwh {self.upper_max_mwh:g}")
        if len({unit.name for unit in self.units}) < len(self.units):
            raise ValueError("units: names must differ")
        return self

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        initial = {unit.initial_mode for unit in self.units}
        if not self.may_short_circuit and {"pump", "generate"} <= initial:
            yield "one unit begins pumping while another generates, but may_short_circuit is false"
        pump_mw = sum(unit.pump_max_mw for unit in self.units)
        highest = self.upper_start_mwh + pump_mw * self.pump_efficiency * horizon.hours
        floor = self.end.min_mwh
        if floor is not None and self.inflow_mw == 0 and floor > highest + 1e-6:
            yield (
                f"must end with {floor:g} MWh but can reach at most {highest:g} MWh by pumping {pump_mw:g} MW "
                f"for {horizon.hours:g} h; lower end.min_mwh"
            )
