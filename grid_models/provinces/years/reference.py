"""A folder of reference tables, one column or row per province: facts and hourly series to build a year from.

File names and columns are those of the China provincial reference set; provinces are whatever the tables hold.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from grid_models.errors import BadInput
from grid_models.quantities import Floats

PROVINCES = "provinces.csv"
LOAD = "load_hourly_2018_MW.csv"
TEMPERATURE = "temperature_hourly_2020_degC.csv"
SHARES = {
    "solar": "cf_solar_hourly_2020.csv",
    "onshore wind": "cf_onwind_hourly_2020.csv",
    "offshore wind": "cf_offwind_hourly_2020.csv",
}
COAL, GAS = "units_coal_gem_2023_07.csv", "units_gas_gem_2023_02.csv"
NUCLEAR, HYDRO = "units_nuclear_gem_2023_10.csv", "units_hydro_phs_gem_2023_05.csv"
WIND = "wind_by_type_gem_2023_05.csv"
CAPACITY, GENERATION = "capacity_and_hours_2022_2024_crea.csv", "monthly_generation_by_source_2018_2024_GWh.csv"
CONSUMPTION = "monthly_consumption_2018_2024_GWh.csv"
YEARLY, PEAKS = "annual_demand_2020_2060_TWh.csv", "max_load_anchors.csv"
STORAGE, SMELTERS = "new_storage_installed.csv", "aluminium_smelters.csv"
EDGES, LINES = "transmission_edges_mw.csv", "uhv_hvdc_lines.csv"
NEW_YEAR = "-01-01 00:00"
HOURS = 8760
LEAP_DAY = slice(59 * 24, 60 * 24)
Row = dict[str, str]


def key(name: str) -> str:
    """Inner Mongolia, inner-mongolia and InnerMongolia are one province."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


@dataclass(frozen=True)
class Reference:
    """The folder; every question that it cannot answer is answered in words."""

    folder: Path

    @cached_property
    def names(self) -> dict[str, str]:
        """Every province of the folder, by its key."""
        return {key(row["province"]): row["province"] for row in self.rows(PROVINCES, "province")}

    def named(self, name: str) -> str:
        """The province as the tables write it."""
        if key(name) not in self.names:
            raise BadInput(str(self.folder / PROVINCES), f"lists no {name}; there are {', '.join(self.names.values())}")
        return self.names[key(name)]

    def rows(self, file: str, *columns: str) -> list[Row]:
        """The table, which must have these columns; lines that begin with # are remarks."""
        path = self._existing(file)
        with path.open(encoding="utf-8-sig", newline="") as text:
            table = csv.DictReader(line for line in text if not line.startswith("#"))
            missing = [column for column in columns if column not in (table.fieldnames or ())]
            if missing:
                raise BadInput(str(path), f"has no column {', '.join(missing)}; it has {', '.join(_names(table))}")
            return list(table)

    def rows_of(self, file: str, province: str, *columns: str) -> list[Row]:
        return [row for row in self.rows(file, "province", *columns) if row["province"] == province]

    def has(self, file: str, province: str) -> bool:
        """Whether the hourly table knows the province."""
        with self._existing(file).open(encoding="utf-8-sig", newline="") as text:
            return province in next(csv.reader(text))

    def hourly(self, file: str, province: str) -> Floats:
        """8,760 values; the leap day is left out."""
        path = self._existing(file)
        with path.open(encoding="utf-8-sig", newline="") as text:
            table = csv.reader(text)
            head = next(table)
            if province not in head:
                raise BadInput(str(path), f"has no column {province}; it has {', '.join(head[1:])}")
            rows = list(table)
            _begin_the_year(path, rows)
            values = _numbers(path, rows, head.index(province), province)
        if len(values) == HOURS + 24:
            values = np.delete(values, LEAP_DAY)
        if len(values) != HOURS:
            raise BadInput(
                str(path), f"{province} has {len(values)} hours; a year of {HOURS} or {HOURS + 24} is wanted"
            )
        return values

    def _existing(self, file: str) -> Path:
        path = self.folder / file
        if not self.folder.is_dir():
            raise BadInput(str(self.folder), "is not a folder; give the folder of the reference tables")
        if not path.is_file():
            raise BadInput(
                str(path), "is missing; the folder must hold the tables of the China provincial reference set"
            )
        return path


def _names(table: "csv.DictReader[str]") -> Iterator[str]:
    yield from table.fieldnames or ()


def _begin_the_year(path: Path, rows: list[list[str]]) -> None:
    """Hours are taken by their place: the first must be that of New Year."""
    if rows and NEW_YEAR not in rows[0][0]:
        raise BadInput(str(path), f"line 2 is {rows[0][0]!r}; the first hour must be {NEW_YEAR} of a year")


def _numbers(path: Path, table: Iterable[list[str]], column: int, province: str) -> Floats:
    values = []
    for line, row in enumerate(table, start=2):
        try:
            values.append(float(row[column]))
        except (ValueError, IndexError):
            found = row[column] if column < len(row) else "nothing"
            raise BadInput(str(path), f"line {line}, {province}: {found!r} is not a number") from None
    array = np.array(values)
    if not np.isfinite(array).all():
        raise BadInput(str(path), f"{province}: line {int(np.flatnonzero(~np.isfinite(array))[0]) + 2} holds no number")
    return array


def number(row: Row, column: str) -> float:
    """A cell as a number; nothing there is 0."""
    text = row[column].strip()
    try:
        value = float(text) if text else 0.0
    except ValueError:
        raise BadInput(column, f"{text!r} is not a number ({row})") from None
    return value if np.isfinite(value) else 0.0


def year_of(row: Row) -> int | None:
    """When a unit began or begins; None where the list does not know."""
    text = row["start_year"].strip()
    return int(float(text)) if text.replace(".", "", 1).isdigit() else None


def summed(rows: Iterable[tuple[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for name, value in rows:
        total[name] += value
    return dict(total)
