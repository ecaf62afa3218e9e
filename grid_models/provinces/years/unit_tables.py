"""The unit lists of the reference tables: thermal units counted by class, and pumped-hydro stations."""

import re
from collections import defaultdict
from collections.abc import Iterator

from grid_models.provinces.facts import PumpedHydroFact, UnitsFact
from grid_models.provinces.years.reference import COAL, GAS, HYDRO, NUCLEAR, Reference, Row, number, year_of

LISTED = 2023
"""The unit lists show the stand of that year."""
UNKNOWN_CONSTRUCTION, PERMITTED = 2025, 2028
"""First year of what is being built without a stated year, and of what is permitted (assumed)."""
REACTOR_UNKNOWN = 2028
"""The same of a reactor (assumed)."""
PUMPED_HOURS = 6.0
"""Full-load hours of a station whose reservoir the list does not give (assumed; usual 5-7)."""
SET_MW = 300.0
"""Usual rating of a pumped-hydro set."""
PIPELINE_UNTIL = 2030


def thermal(reference: Reference, province: str) -> tuple[UnitsFact, ...]:
    """Coal, gas and nuclear units, alike within a class: in operation, or from a year on."""
    groups: dict[tuple[str, int | None, str], list[float]] = defaultdict(list)
    for traits, since, source, mw in _units(reference, province):
        groups[traits, since, source].append(mw)
    order = sorted(groups, key=lambda one: (one[2], one[1] or 0, one[0]))
    return tuple(_group(groups[one], *one) for one in order)


def _group(ratings: list[float], traits: str, since: int | None, source: str) -> UnitsFact:
    return UnitsFact(
        name=traits if since is None else f"{traits} of {since}",
        traits=traits,
        units=len(ratings),
        mw=round(sum(ratings), 1),
        since=since,
        source=source,
        certainty="sourced" if since is None else "assumed",
    )


def _units(reference: Reference, province: str) -> Iterator[tuple[str, int | None, str, float]]:
    for row in reference.rows_of(COAL, province, "capacity_mw", "status", "start_year", "captive_industry", "chp"):
        yield _coal_class(row), _since(row), "gem_coal", number(row, "capacity_mw")
    for row in reference.rows_of(GAS, province, "capacity_mw", "status", "start_year", "technology", "chp"):
        if row["status"] != "pre-construction":
            yield _gas_class(row), _since(row), "gem_gas", number(row, "capacity_mw")
    for row in reference.rows_of(NUCLEAR, province, "capacity_mw", "status", "start_year"):
        if row["status"] != "pre-construction":
            yield "nuclear", _reactor_since(row), "gem_nuclear", number(row, "capacity_mw")


def _coal_class(row: Row) -> str:
    mw = number(row, "capacity_mw")
    if row["captive_industry"].strip():
        return "captive"
    if row["chp"] == "Y":
        return "chp-300" if mw >= 250 else "chp-small"
    return next(name for least, name in COAL_CLASSES if mw >= least)


COAL_CLASSES = ((900, "coal-1000"), (500, "coal-600"), (250, "coal-300"), (0, "coal-small"))


def _gas_class(row: Row) -> str:
    if row["chp"] == "Y":
        return "gas-chp"
    return "gas-turbine" if row["technology"] == "GT" or number(row, "capacity_mw") < 120 else "gas-cc"


def _since(row: Row) -> int | None:
    if row["status"] == "operating":
        return None
    if row["status"] == "construction":
        return max(LISTED + 1, year_of(row) or UNKNOWN_CONSTRUCTION)
    return max(PERMITTED, year_of(row) or PERMITTED)


def _reactor_since(row: Row) -> int | None:
    """A reactor being built without a stated year takes longer than a coal unit."""
    return _since(row) if row["status"] == "operating" or year_of(row) else REACTOR_UNKNOWN


def pumped_hydro(reference: Reference, province: str) -> tuple[PumpedHydroFact, ...]:
    """Stations in operation, and those with a stated year until 2030."""
    rows = reference.rows_of(
        HYDRO, province, "project", "capacity_mw", "status", "start_year", "technology", "turbines"
    )
    named: dict[str, int] = defaultdict(int)
    stations = []
    for row in rows:
        year = year_of(row)
        if row["technology"] != "pumped storage" and "and pumped" not in row["technology"]:
            continue
        if row["status"] == "operating" or (year is not None and year <= PIPELINE_UNTIL):
            station = _station(row, year or LISTED)
            named[station.name] += 1
            again = named[station.name]
            stations.append(station if again == 1 else station.model_copy(update={"name": f"{station.name} {again}"}))
    return tuple(sorted(stations, key=lambda one: (one.year, one.name)))


def _station(row: Row, year: int) -> PumpedHydroFact:
    mw = number(row, "capacity_mw")
    built = row["status"] == "operating"
    return PumpedHydroFact(
        name=row["project"].replace(" hydroelectric plant", "").replace(" Pumped Storage", "").replace("’", ""),
        name_zh=row.get("project_zh", "").split(";")[0].strip(),
        units=_sets(row["turbines"], mw),
        mw=mw,
        hours=PUMPED_HOURS,
        year=year if built else max(LISTED + 1, year),
        source="gem_hydro",
        certainty="sourced" if built else "assumed",
    )


def _sets(turbines: str, mw: float) -> int:
    """How many sets: as the list says, where the sizes fit, or by the usual rating."""
    found = re.fullmatch(r"\s*(\d+)\s*[xX×]\s*([\d.]+)\s*MW\s*", turbines)
    if found and abs(int(found[1]) * float(found[2]) - mw) < 0.1 * mw:
        return int(found[1])
    return max(1, round(mw / SET_MW))
