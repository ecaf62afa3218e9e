"""RTS-GMLC: the Reliability Test System of the Grid Modernization Laboratory Consortium, a folder of CSV tables.

Source: Barrows et al., "The IEEE Reliability Test System: A Proposed 2019 Update", IEEE Trans. Power Systems 35(1),
2020; https://github.com/GridMod/RTS-GMLC. Regions become zones; day-ahead series and reserve products come along.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from grid_models.errors import BadInput
from grid_models.formats.reading import Reading, validated
from grid_models.formats.rts_gmlc_tables import Row, SeriesFolder, read_rows, tables_under
from grid_models.formats.rts_gmlc_units import UNIT_TYPES, unit
from grid_models.horizon import Horizon

NAME = "rts-gmlc"
DEFAULT_DAYS = 2
TIMEZONE = "Etc/GMT+7"
"""Assumption: the clock of Arizona, where the buses lie, which knows no summer time; the tables name none."""
PRICES_USD = {"unserved_per_mwh": 10_000.0, "spilled_per_mwh": 1_000.0, "reserve_shortage_per_mwh": 4_000.0}
"""Assumption: the tables give no price of shortage."""
PRODUCTS = {
    "Spin_Up": "spinning",
    "Flex_Up": "flexible_ramp_up",
    "Flex_Down": "flexible_ramp_down",
    "Reg_Up": "regulation_up",
    "Reg_Down": "regulation_down",
}


def is_rts_gmlc(path: Path) -> bool:
    """Whether the folder holds the source tables."""
    return path.is_dir() and tables_under(path) is not None


def read_rts_gmlc(path: Path, first: date | None = None, days: int | None = None) -> Reading:
    """The days from `first` (else the first of the data), two if not told otherwise."""
    source = tables_under(path) if path.is_dir() else None
    if source is None:
        raise BadInput(str(path), "is no RTS-GMLC folder; accepted is one with SourceData/gen.csv in it")
    series = SeriesFolder(source.parent, first, DEFAULT_DAYS if days is None else days)
    areas = _areas(source)
    rows = read_rows(source / "gen.csv")
    storage = read_rows(source / "storage.csv") if (source / "storage.csv").is_file() else []
    resources = [_placed(row, areas, unit(row, series, storage)) for row in rows if row.text("Unit Type") in UNIT_TYPES]
    native = {
        "name": f"RTS-GMLC {series.first} {series.days} d",
        "description": "Day-ahead series. Assumptions: clock, prices of shortage, even split of the store's losses.",
        "sources": ("RTS-GMLC, https://github.com/GridMod/RTS-GMLC",),
        "horizon": Horizon.of_days(series.first, series.days, 60, TIMEZONE).model_dump(),
        "zones": [{"name": area, "demand_mw": series.column("regional_Load", area)} for area in _in_order(areas)],
        "links": list(_links(source, areas)),
        "resources": resources,
        "reserves": [_reserve(row, rows, areas, series) for row in read_rows(source / "reserves.csv")],
        "prices": PRICES_USD,
        "currency": "USD",
    }
    return Reading(validated(native, path), NAME, tuple(_losses(rows)))


def _areas(source: Path) -> dict[str, str]:
    """The region of every bus."""
    return {row.text("Bus ID"): row.text("Area") for row in read_rows(source / "bus.csv")}


def _in_order(areas: dict[str, str]) -> list[str]:
    return sorted(set(areas.values()))


def _area(row: Row, column: str, areas: dict[str, str]) -> str:
    bus = row.text(column)
    if bus not in areas:
        raise row.fault(column, f"'{bus}' is not among the buses")
    return areas[bus]


def _placed(row: Row, areas: dict[str, str], resource: dict[str, Any]) -> dict[str, Any]:
    place = {"zone": _area(row, "Bus ID", areas), "bus": row.text("Bus ID")}
    return {"name": row.text("GEN UID"), **place, "technology": row.text("Category"), **resource}


def _links(source: Path, areas: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Between two regions: the ratings of all branches that cross, and of the DC line, added up."""
    limits: dict[tuple[str, str], float] = {}
    for file, rating in (("branch.csv", "Cont Rating"), ("dc_branch.csv", "MW Load")):
        for row in read_rows(source / file) if (source / file).is_file() else []:
            ends = sorted((_area(row, "From Bus", areas), _area(row, "To Bus", areas)))
            if ends[0] != ends[1]:
                limits[ends[0], ends[1]] = limits.get((ends[0], ends[1]), 0.0) + row.number(rating)
    for (one, other), limit_mw in sorted(limits.items()):
        yield {
            "name": f"{one}-{other}",
            "from_zone": one,
            "to_zone": other,
            "forward_max_mw": limit_mw,
            "back_max_mw": limit_mw,
        }


def _reserve(row: Row, units: list[Row], areas: dict[str, str], series: SeriesFolder) -> dict[str, Any]:
    name = row.text("Reserve Product")
    product = next((kind for begins, kind in PRODUCTS.items() if name.startswith(begins)), None)
    if product is None:
        raise row.fault("Reserve Product", f"'{name}' is not read; accepted begin with {', '.join(PRODUCTS)}")
    regions = _listed(row.text("Eligible Regions"))
    categories = _listed(row.text("Eligible Device SubCategories"))
    able = [
        other.text("GEN UID")
        for other in units
        if other.text("Category") in categories
        and other.text("Unit Type") in UNIT_TYPES
        and _area(other, "Bus ID", areas) in regions
    ]
    return {
        "name": name,
        "product": product,
        "requirement_mw": series.product(name),
        "zones": None if set(regions) >= set(areas.values()) else regions,
        "response_min": row.number("Timeframe (sec)") / 60,
        "eligible": able,
    }


def _listed(text: str) -> tuple[str, ...]:
    """`(Gas CT,Gas CC)` or a single word."""
    return tuple(part.strip() for part in text.strip("() ").split(",") if part.strip())


def _losses(rows: list[Row]) -> Iterator[str]:
    left_out = [row.text("GEN UID") for row in rows if row.text("Unit Type") not in UNIT_TYPES]
    if left_out:
        yield f"{', '.join(left_out[:8])}{' ...' if len(left_out) > 8 else ''}: give or take no power and are left out"
    for row in rows:
        if row.text("Unit Type") == "CSP":
            yield f"{row.text('GEN UID')}: follows its natural inflow up to its rating; its heat store is not modelled"
        if row.number("Non Fuel Shutdown Cost $", 0.0) > 0 and row.text("Unit Type") != "CSP":
            yield f"{row.text('GEN UID')}: its shut-down cost is left out"
    yield "branches inside a region, forced outage rates and emissions other than CO2 are left out"
