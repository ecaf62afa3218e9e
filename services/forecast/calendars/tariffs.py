"""Peak and valley hours of the retail tariff, by region and month: large users move their load to the valley.

The tables are data with a source; a file of the same form that the environment names in `GRIDFLEX_FORECAST_TARIFFS`
takes the place of the regions that it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.calendars.overriding import BadTable, named, read
from services.forecast.known import Moments

BUILT_IN = Path(__file__).with_name("tariffs.yaml")
OVERRIDES = "GRIDFLEX_FORECAST_TARIFFS"
LEVELS = {"deep_valley": -2.0, "valley": -1.0, "flat": 0.0, "peak": 1.0, "sharp_peak": 2.0}


@dataclass(frozen=True)
class Tariff:
    """Which hours are dear: a level for each month and hour of the day."""

    region: str
    source: str
    verified: bool
    levels: Floats
    """Months x hours."""

    def at(self, local: Moments) -> Floats:
        """The level at these wall-clock times."""
        month = local.astype("datetime64[M]").astype(int) % 12
        hour = local.astype("datetime64[h]").astype(int) % 24
        read: Floats = self.levels[month, hour]
        return read


def tariff(region: str | None, path: Path | None = None) -> Tariff | None:
    """That of the region; None where there is no table."""
    return tariffs(path or named(OVERRIDES)).get(region or "China")


@cache
def tariffs(path: Path | None) -> Mapping[str, Tariff]:
    """By region; those of the file instead of ours."""
    own = {} if path is None else _read(path)
    return {**_read(BUILT_IN), **own}


def _read(path: Path) -> dict[str, Tariff]:
    return {region: _tariff(f"{path}: {region}", region, table) for region, table in read(path).items()}


def _tariff(place: str, region: str, table: Any) -> Tariff:
    levels = np.zeros((12, 24))
    periods = table.get("periods") if isinstance(table, dict) else None
    if not isinstance(periods, list):
        raise BadTable(f"{place}: needs periods, a list of level, months and hours")
    for number, period in enumerate(periods, 1):
        try:
            levels[_months(period["months"]), _hours(period["hours"])] = LEVELS[period["level"]]
        except (KeyError, TypeError, ValueError) as fault:
            accepted = f"level is one of {', '.join(LEVELS)}; months from 1 to 12; hours as [[8, 11], [17, 22]]"
            raise BadTable(f"{place}, period {number}: {period}: {fault}; {accepted}") from None
    return Tariff(region, str(table.get("source", "")), bool(table.get("verified", False)), levels)


def _months(months: Sequence[int]) -> NDArray[np.int64]:
    if not months or any(not 1 <= month <= 12 for month in months):
        raise ValueError(f"months {months} must lie from 1 to 12")
    return np.array(months)[:, None] - 1


def _hours(spans: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    if any(not 0 <= first < last <= 24 for first, last in spans):
        raise ValueError(f"hours {spans} must rise within 0 to 24")
    return np.concatenate([np.arange(first, last) for first, last in spans])[None, :]
