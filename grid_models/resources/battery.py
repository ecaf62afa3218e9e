"""A battery: new-type storage behind one converter."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from grid_models.horizon import Horizon
from grid_models.quantities import Efficiency, NonNegative, NonNegativeSeries, Positive, Share, per_step
from grid_models.resources.base import Resource, StoreEnd


class Battery(Resource):
    """A store that charges or discharges, never both at once unless it says so.

    Stored energy at the end of a step: `e = e_before * (1 - self_discharge_per_h) ** step_h
    + (charge_efficiency * charge - discharge / discharge_efficiency) * step_h`.
    """

    series_fields: ClassVar[tuple[str, ...]] = (
        "charge_max_mw", "discharge_max_mw", "energy_min_mwh", "energy_max_mwh",
        "charge_cost_per_mwh", "wear_cost_per_mwh",
    )  # fmt: skip

    kind: Literal["battery"] = "battery"
    charge_max_mw: NonNegativeSeries
    discharge_max_mw: NonNegativeSeries
    charge_min_mw: NonNegative = 0.0
    """Least power while charging."""
    discharge_min_mw: NonNegative = 0.0
    """Least power while discharging."""
    energy_max_mwh: NonNegativeSeries
    energy_min_mwh: NonNegativeSeries = 0.0
    energy_start_mwh: NonNegative
    charge_efficiency: Efficiency = 0.95
    discharge_efficiency: Efficiency = 0.95
    self_discharge_per_h: Share = 0.0
    charge_cost_per_mwh: NonNegativeSeries = 0.0
    """Paid on energy drawn from the grid, on top of that energy's own cost."""
    wear_cost_per_mwh: NonNegativeSeries = 0.0
    """Paid on energy given to the grid."""
    cycles_per_day_max: Positive | None = None
    """Full cycles a day: energy drawn from the store over the usable capacity (largest `energy_max_mwh`)."""
    may_charge_while_discharging: bool = False
    end: StoreEnd = StoreEnd()

    @model_validator(mode="after")
    def _limits_agree(self) -> "Battery":
        highest = float(np.max(self.energy_max_mwh))
        if self.energy_start_mwh > highest + 1e-9:
            raise ValueError(f"energy_start_mwh {self.energy_start_mwh:g} is above energy_max_mwh {highest:g}")
        if np.max(self.energy_min_mwh) > highest + 1e-9:
            raise ValueError("energy_min_mwh is above energy_max_mwh; give a minimum of at most the maximum")
        floor = self.end.min_mwh or 0.0
        if floor > highest + 1e-9:
            raise ValueError(f"end.min_mwh {floor:g} is above energy_max_mwh {highest:g}")
        return self

    def contradictions(self, horizon: Horizon) -> Iterator[str]:
        """Follow the highest and the lowest level that it can reach, step by step."""
        steps, step_h = len(horizon), horizon.step_h
        floor, roof = per_step(self.energy_min_mwh, steps).copy(), per_step(self.energy_max_mwh, steps).copy()
        floor[-1] = max(floor[-1], self.end.floor_mwh(self.energy_start_mwh))
        if self.end.max_mwh is not None:
            roof[-1] = min(roof[-1], self.end.max_mwh)
        rise = per_step(self.charge_max_mw, steps) * self.charge_efficiency * step_h
        fall = per_step(self.discharge_max_mw, steps) / self.discharge_efficiency * step_h
        keep = (1 - self.self_discharge_per_h) ** step_h
        low = high = self.energy_start_mwh
        for step in range(steps):
            low, high = max(floor[step], low * keep - fall[step]), min(roof[step], high * keep + rise[step])
            if low > high + 1e-6:
                yield (
                    f"cannot hold {floor[step]:g}-{roof[step]:g} MWh at the end of "
                    f"{horizon.moment(step):%Y-%m-%d %H:%M}: from {self.energy_start_mwh:g} MWh it reaches at least "
                    f"{low:g} and at most {high:g} MWh; widen the energy limits, the end level or the power"
                )
                return
