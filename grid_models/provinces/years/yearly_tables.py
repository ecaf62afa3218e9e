"""The yearly and monthly figures of the reference tables: water, wind and sun, storage, energy, peaks."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from grid_models.provinces.facts import Dated, HydroFact, IndustryFact, SolarFact, StorageFact, WindFact
from grid_models.provinces.years.reference import (
    CAPACITY,
    GENERATION,
    HYDRO,
    PEAKS,
    SHARES,
    SMELTERS,
    STORAGE,
    WIND,
    YEARLY,
    Reference,
    Row,
    number,
    summed,
)
from grid_models.provinces.years.unit_tables import LISTED, pumped_hydro
from grid_models.quantities import Floats

OFFSHORE_HOURS_MORE = 800.0
"""Full-load hours of wind at sea over those on land (assumed)."""
SUN_ALL_YEAR = {"2023-12": 1.0, "2024-11": 12 / 11}
"""Utilisation hours are counted from January: what is added for the months that are missing."""
NEWEST_ENERGY = "TWh_2025"
"""The column is named for 2025, but adds up to the consumption of the nation in 2024."""
NOT_OF_THE_YEAR = "not the year"
"""Words of a reported load that was exceeded later in the year."""
USUAL_STORAGE_H = 2.3
"""Of new-type storage in the nation at the end of 2024."""
RIVER_SHARE = 0.4
"""Of conventional hydro, run of river (assumed)."""
HYDRO_HOURS_MOST = 4500.0
"""Full-load hours of conventional hydro at most (assumed)."""
ASSUMED_SUN_HOURS = 1100.0


def conventional_hydro_mw(reference: Reference, province: str) -> float:
    """The newest capacity of all hydro less the pumped storage in it."""
    total_mw = _newest(reference, province, "hydro_incl_phs")
    if total_mw <= 0:
        return sum(number(row, "capacity_mw") for row in _running_hydro(reference, province))
    pumped_mw = sum(one.mw for one in pumped_hydro(reference, province) if one.year <= LISTED)
    return max(0.0, total_mw - pumped_mw)


def _running_hydro(reference: Reference, province: str) -> Iterator[Row]:
    rows = reference.rows_of(HYDRO, province, "capacity_mw", "status", "technology")
    return (row for row in rows if row["status"] == "operating" and "pumped" not in row["technology"])


def hydro(reference: Reference, province: str) -> HydroFact | None:
    """Monthly energy as the mean of the last two years."""
    months = _monthly_twh(reference, province, "hydro")
    mw = conventional_hydro_mw(reference, province)
    if months is None or mw <= 0:
        return None
    # The figures hold pumped storage too: what is left cannot give more than good rivers do.
    capped = months * min(1.0, mw * HYDRO_HOURS_MOST / 1e6 / months.sum())
    return HydroFact(
        mw=(Dated(year=2024, value=round(mw, -1), source="nea", certainty="sourced"),),
        months_twh=tuple(float(value) for value in np.round(capped, 3)),
        river_share=RIVER_SHARE,
        source="nea",
        certainty="sourced",
        note="share of run of river assumed",
    )


def _monthly_twh(reference: Reference, province: str, source: str) -> Floats | None:
    """Twelve months in TWh, each the mean of what the last two years report; None where nothing is."""
    found: dict[int, list[float]] = defaultdict(list)
    for row in reference.rows_of(GENERATION, province, "source", "year", "month", "gwh"):
        if row["source"] == source and row["year"] in ("2023", "2024") and row["gwh"]:
            found[int(float(row["month"]))].append(number(row, "gwh") / 1000)
    if not found:
        return None
    mean = np.mean([value for values in found.values() for value in values])
    return np.array([np.mean(found[month]) if month in found else mean for month in range(1, 13)])


def _newest(reference: Reference, province: str, column: str) -> float:
    rows = sorted(reference.rows_of(CAPACITY, province, "month", column), key=lambda row: row["month"])
    values = [number(row, column) for row in rows if row[column]]
    return values[-1] if values else 0.0


def by_year(reference: Reference, province: str, column: str) -> tuple[Dated, ...]:
    """A capacity at the end of every year that the table has."""
    rows = sorted(reference.rows_of(CAPACITY, province, "month", column), key=lambda row: row["month"])
    return tuple(
        Dated(year=int(row["month"][:4]), value=number(row, column), source="nea", certainty="sourced")
        for row in rows
        if row[column]
    )


def _hours(reference: Reference, province: str, column: str) -> float:
    """Utilisation hours of whole years, the mean of the newest two."""
    rows = {row["month"]: number(row, column) for row in reference.rows_of(CAPACITY, province, "month", column)}
    whole = [rows[month] * factor for month, factor in SUN_ALL_YEAR.items() if rows.get(month, 0.0) > 0]
    return float(np.mean(whole)) if whole else 0.0


def offshore_share(reference: Reference, province: str) -> float:
    """Of the wind capacity, what stands in the sea; a plant list may be wrong, where no wind at sea is known."""
    if not reference.has(SHARES["offshore wind"], province):
        return 0.0
    rows = reference.rows_of(WIND, province, "type", "gem_operating_mw_2023_05")
    parts = summed(
        ("sea" if "offshore" in row["type"] else "land", number(row, "gem_operating_mw_2023_05")) for row in rows
    )
    total = sum(parts.values())
    return parts.get("sea", 0.0) / total if total > 0 else 0.0


def wind(reference: Reference, province: str) -> tuple[WindFact | None, WindFact | None]:
    """On land and in the sea: the capacity of the tables by the split of the plant list."""
    path, hours = by_year(reference, province, "wind"), _hours(reference, province, "util_hours_wind_YTD")
    if not path or path[-1].value <= 0:
        return None, None
    share = offshore_share(reference, province)
    land_h = max(800.0, hours - share * OFFSHORE_HOURS_MORE)
    sea = _wind_fact(path, share, land_h + OFFSHORE_HOURS_MORE) if share > 0 else None
    return _wind_fact(path, 1 - share, land_h), sea


def _wind_fact(path: tuple[Dated, ...], share: float, hours: float) -> WindFact:
    split = tuple(one.model_copy(update={"value": round(one.value * share, 0)}) for one in path)
    return WindFact(
        mw=split, full_load_hours=round(hours, 0), source="nea", certainty="sourced", note="split by gem_wind"
    )


def solar(reference: Reference, province: str) -> SolarFact | None:
    """Plants of 6 MW and more, and the roofs as the rest; None where the table is silent."""
    everything, plants = by_year(reference, province, "solar_all"), by_year(reference, province, "solar_ge6MW")
    if not everything:
        return None
    known = [one for one in plants if one.value > 0]
    share = known[-1].value / everything[-1].value if known and everything[-1].value > 0 else 0.0
    hours = _hours(reference, province, "util_hours_solar_YTD") or ASSUMED_SUN_HOURS
    return SolarFact(
        plants_mw=_scaled(everything, share),
        roofs_mw=_scaled(everything, 1 - share),
        full_load_hours=round(hours, 0),
        source="nea",
        certainty="sourced",
        note="plants are those of 6 MW and more, by the split of 2024",
    )


def _scaled(path: tuple[Dated, ...], share: float) -> tuple[Dated, ...]:
    return tuple(one.model_copy(update={"value": round(one.value * share, 0)}) for one in path)


def smelters(reference: Reference, province: str) -> tuple[IndustryFact, ...]:
    column = "implied_avg_load_mw_at_13.5MWh_per_t"
    rows = reference.rows_of(SMELTERS, province, column)
    return tuple(
        IndustryFact(
            name="aluminium", technology="aluminium smelting", mw=round(number(row, column), 0),
            source="smelters_2023", certainty="sourced",
        )
        for row in rows
        if number(row, column) >= 1
    )  # fmt: skip


def storage(reference: Reference, province: str, expected: tuple[StorageFact, ...]) -> tuple[StorageFact, ...]:
    """New-type storage as counted; a figure that is only a lower bound does not lower what the card says."""
    usual_h = expected[0].hours if expected else USUAL_STORAGE_H
    floor = {one.year: one.value for one in expected}
    found = []
    for row in reference.rows_of(STORAGE, province, "mw", "mwh", "date", "certainty"):
        mw, mwh, year = number(row, "mw"), number(row, "mwh"), int(row["date"][:4])
        bound = not row["certainty"].startswith("source")
        found.append(
            StorageFact(
                year=year, value=max(mw, floor.get(year, 0.0)) if bound else mw, hours=mwh / mw if mwh else usual_h,
                source="storage_2024", certainty="assumed" if bound else "sourced",
            )
        )  # fmt: skip
    return tuple(found)


def energy(reference: Reference, province: str, load_2018: Floats) -> tuple[Dated, ...]:
    """Consumption of 2018 by the load itself, and of the newest year by the yearly table."""
    found = [Dated(year=2018, value=float(load_2018.sum()) / 1e6, source="shape_2018", certainty="sourced")]
    for row in reference.rows_of(YEARLY, province, NEWEST_ENERGY):
        found.append(Dated(year=2024, value=number(row, NEWEST_ENERGY), source="demand", certainty="sourced"))  # noqa: PERF401
    return tuple(found)


def peaks(reference: Reference, province: str, load_2018: Floats) -> tuple[Dated, ...]:
    """The maximum of 2018 by the load itself, and what was reported since."""
    found = {2018: Dated(year=2018, value=float(load_2018.max()), source="shape_2018", certainty="sourced")}
    for row in reference.rows_of(PEAKS, province, "year", "max_load_mw", "kind", "certainty"):
        year = int(row["year"])
        if NOT_OF_THE_YEAR not in row["kind"] and year > 2018:
            sure = row["certainty"].startswith("source")
            found[year] = Dated(
                year=year, value=number(row, "max_load_mw"), source="press", certainty="sourced" if sure else "assumed"
            )
    return tuple(found.values())
