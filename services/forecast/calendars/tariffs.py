"""Peak and valley hours of the retail tariff, by region and month: large users move their load to the valley.

The tables are data with a source; a user's own YAML of the same form takes their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.known import Moments

TABLES = Path(__file__).parent / "tariffs.yaml"
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


class BadTariff(ValueError):
    """A tariff table cannot be read."""


def tariff(region: str | None, path: Path = TABLES) -> Tariff | None:
    """That of the region; None where there is no table."""
    return tariffs(path).get(region or "China")


@cache
def tariffs(path: Path) -> dict[str, Tariff]:
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: _tariff(name, table) for name, table in tables.items()}


def _tariff(region: str, table: dict[str, object]) -> Tariff:
    levels = np.zeros((12, 24))
    periods = table.get("periods")
    if not isinstance(periods, list):
        raise BadTariff(f"{region}: needs periods, a list of level, months and hours")
    for period in periods:
        levels[_within(period["months"], 1, 12), _hours(period["hours"])] = LEVELS[period["level"]]
    return Tariff(region, str(table["source"]), bool(table["verified"]), levels)


def _within(months: Sequence[int], first: int, last: int) -> NDArray[np.int64]:
    if any(not first <= month <= last for month in months):
        raise BadTariff(f"months {months}: must lie from {first} to {last}")
    return np.array(months)[:, None] - 1


def _hours(spans: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.concatenate([np.arange(first, last) for first, last in spans])[None, :] % 24
