"""What the forecast service and the dispatch service say to each other: series, forecasts, scenarios."""

import itertools
from datetime import datetime, timedelta
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, AwareDatetime, Field, field_validator, model_validator

from grid_models.quantities import Data, Finite, Floats, Name, NonNegative, Positive, Share
from grid_models.timezones import known_timezone

SeriesKind = Literal["load", "wind", "solar", "hydro_inflow", "weather"]
"""What a series measures; `weather` is one variable at one point, the others are what the grid sees."""

Basis = Literal["full", "degraded", "climatology"]
"""On what a forecast rests: everything it should have, part of it, or history alone."""

Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]


def _divides_the_hour(step_min: int) -> int:
    if 60 % step_min:
        raise ValueError("must divide the hour: 5, 6, 10, 12, 15, 20, 30 or 60 minutes")
    return step_min


StepMinutes = Annotated[int, Field(ge=5, le=60), AfterValidator(_divides_the_hour)]
Level = Annotated[float, Field(strict=True, gt=0, lt=1)]
Levels = Annotated[tuple[Level, ...], Field(min_length=1, max_length=999)]

UNITS: dict[SeriesKind, tuple[str, ...]] = {
    "load": ("MW",),
    "wind": ("MW",),
    "solar": ("MW",),
    "hydro_inflow": ("m3/s", "MW"),
}
"""In which units series of a kind may be; weather has that of its variable."""

NINETEEN: tuple[float, ...] = tuple(round(0.05 * rank, 2) for rank in range(1, 20))
"""The usual levels: 5 % to 95 % in steps of 5 %."""


class CapacityFrom(Data):
    """Installed capacity from a moment on."""

    since: AwareDatetime
    capacity_mw: NonNegative


class SolarSite(Data):
    """How the panels of a plant stand."""

    tilt_deg: Annotated[float, Field(strict=True, ge=0, le=90)] = 25.0
    """From the horizontal."""
    azimuth_deg: Annotated[float, Field(strict=True, ge=0, lt=360)] = 180.0
    """Clockwise from north; 180 faces south."""
    tracking: Literal["fixed", "single_axis"] = "fixed"
    inverter_to_panel: Positive = 0.85
    """Power of the inverters over that of the panels: what lies above is clipped."""


class WindSite(Data):
    """What turns at a wind farm."""

    hub_height_m: Positive = 100.0
    turbine: str | None = None
    """Name in the turbine library of windpowerlib, such as `E-126/4200`; None: a typical one."""
    wake_efficiency: Share = 0.92
    """Share of the energy that is left after the wakes."""


class SeriesDescription(Data):
    """A quantity that is observed over time: the load of a zone, the output of a plant, the weather at a point.

    A value belongs to the step that begins at its time and is the mean power over it.
    """

    name: Name
    kind: SeriesKind
    unit: str = Field(default="MW", min_length=1, max_length=40)
    """MW for load, wind and solar; m3/s or MW for inflow; that of the variable for weather."""
    zone: Name | None = None
    """The zone that it belongs to."""
    members: tuple[Name, ...] = ()
    """Series whose sum this is: a zone's plants, a province's zones. Their signs are all positive."""
    variable: Name | None = None
    """Of a weather series: what it is, unit included, such as `temperature_c` or `wind_speed_100m_m_per_s`."""
    weather: tuple[Name, ...] = ()
    """Weather series that drive it; empty: those at the nearest point, within 100 km."""
    capacity_mw: tuple[CapacityFrom, ...] = ()
    """Over time, sorted; none for load."""
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    solar: SolarSite | None = None
    wind: WindSite | None = None
    timezone: str = "Asia/Shanghai"
    """IANA name of the zone whose clock people live by; values themselves are in absolute time."""
    region: Name | None = None
    """Whose holidays and tariff periods count, such as a province or `US`; None: those of mainland China."""
    step_min: StepMinutes = 15
    delay_min: NonNegative = 15.0
    """How long after the end of its step a value becomes known, where nobody says otherwise."""
    synthetic: bool = False
    """Whether the values were made up for want of a history: every output that rests on them says so."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        return known_timezone(value)

    @model_validator(mode="after")
    def _makes_sense(self) -> "SeriesDescription":
        if (self.kind == "weather") != (self.variable is not None):
            raise ValueError("variable: give it for weather, and only for weather, such as temperature_c")
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude belong together; give both or none")
        if self.solar is not None and self.kind != "solar":
            raise ValueError(f"solar: describes panels, but the kind is {self.kind}")
        if self.wind is not None and self.kind != "wind":
            raise ValueError(f"wind: describes turbines, but the kind is {self.kind}")
        if self.unit not in UNITS.get(self.kind, (self.unit,)):
            accepted = " or ".join(UNITS[self.kind])
            raise ValueError(f"unit: {self.kind} is in {accepted}, not in {self.unit}; values may be sent in kW or GW")
        moments = [entry.since for entry in self.capacity_mw]
        if any(later <= earlier for earlier, later in itertools.pairwise(moments)):
            raise ValueError("capacity_mw: its moments must rise")
        if self.name in self.members:
            raise ValueError(f"members: {self.name} cannot be part of itself")
        return self

    def capacity_at_mw(self, moment: datetime) -> float | None:
        """Installed at that moment; before the first entry, what the first one says; None where there is no limit."""
        if not self.capacity_mw:
            return None
        begun = [entry.capacity_mw for entry in self.capacity_mw if entry.since <= moment]
        return begun[-1] if begun else self.capacity_mw[0].capacity_mw


class Forecast(Data):
    """What one issue says about one series: quantiles over equal steps, and on what they rest."""

    format_version: Literal[1] = 1
    series: Name
    kind: SeriesKind
    unit: str
    issued_at: AwareDatetime
    """The origin: nothing that became known later was used."""
    start: AwareDatetime
    """The beginning of the first step."""
    step_min: StepMinutes
    levels: Levels
    """Rising."""
    quantiles: tuple[tuple[Finite, ...], ...]
    """One row per step, one value per level, never falling along a row."""
    basis: Basis
    reasons: tuple[str, ...] = ()
    """Why the basis is not full, in words."""
    model: str
    """Name and version of the model, or of the weights of several."""
    synthetic: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> "Forecast":
        rising(self.levels)
        values = self.quantile_values
        if values.shape != (len(self.quantiles), len(self.levels)) or not len(self.quantiles):
            raise ValueError(f"quantiles: needs one row of {len(self.levels)} values per step")
        if (np.diff(values, axis=1) < 0).any():
            raise ValueError("quantiles: a row falls although its levels rise")
        return self

    @property
    def quantile_values(self) -> Floats:
        """Steps x levels."""
        return np.array(self.quantiles, dtype=np.float64)

    @property
    def times(self) -> tuple[datetime, ...]:
        step = timedelta(minutes=self.step_min)
        return tuple(self.start + step * index for index in range(len(self.quantiles)))

    def at_level(self, level: float) -> Floats:
        """One value per step; between two levels on the line, beyond the outermost ones that one."""
        return np.array([np.interp(level, self.levels, row) for row in self.quantile_values])


class Scenarios(Data):
    """Joint futures of several series: the same index and probability across all of them."""

    format_version: Literal[1] = 1
    issued_at: AwareDatetime
    start: AwareDatetime
    step_min: StepMinutes
    probabilities: Annotated[tuple[Share, ...], Field(min_length=1)]
    """One per scenario; they sum to one."""
    values: dict[Name, tuple[tuple[Finite, ...], ...]]
    """Of each series: one row per scenario, one value per step."""
    units: dict[Name, str]
    basis: Basis
    reasons: tuple[str, ...] = ()
    synthetic: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> "Scenarios":
        if abs(sum(self.probabilities) - 1) > 1e-6:
            raise ValueError(f"probabilities: sum to {sum(self.probabilities):g}, not to 1")
        shapes = {(len(rows), *{len(row) for row in rows}) for rows in self.values.values()}
        if len(shapes) != 1 or len(next(iter(shapes))) != 2 or next(iter(shapes))[0] != len(self.probabilities):
            raise ValueError(f"values: needs {len(self.probabilities)} rows of equal length for every series")
        if set(self.units) != set(self.values):
            raise ValueError("units: needs one entry per series of values")
        return self


def rising(levels: tuple[float, ...]) -> None:
    """Refuses levels that do not rise."""
    if any(after <= before for before, after in itertools.pairwise(levels)):
        raise ValueError("levels: must rise, each once")
