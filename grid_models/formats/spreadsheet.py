"""The native case as a workbook: a sheet per kind, one row per resource, units in the headers, drop-downs.

The sheets `case` and `prices` hold one field per row; zones, links, reserves, fuels and every kind one record per
row; `series` one column per series. Members of a virtual power plant stand in the sheet of their kind and name it in
`member_of`. The column `order` keeps the order of the case; a new row may leave it empty.
"""

from pathlib import Path
from typing import Any

from grid_models.case import FORMAT_VERSION, Case, Fuel, Link, Prices, ReserveProduct, Zone
from grid_models.errors import BadInput
from grid_models.formats.documents import Document
from grid_models.formats.native import to_document
from grid_models.formats.native_series import TIME, SeriesTable
from grid_models.formats.reading import Reading, validated
from grid_models.formats.spreadsheet_book import LAST_CHOICE_ROW, Sheet, read_book, write_book
from grid_models.formats.spreadsheet_cells import Record, flat
from grid_models.formats.spreadsheet_columns import Column, columns_of
from grid_models.formats.spreadsheet_pages import Pages
from grid_models.network import Bus, Contingency, Line
from grid_models.quantities import Data
from grid_models.resources import KINDS
from grid_models.resources.pumped_hydro import PumpedHydroUnit

NAME = "spreadsheet"
STATION_UNITS = "pumped_hydro_units"
SECTIONS: dict[str, type[Data]] = {"zones": Zone, "links": Link, "reserves": ReserveProduct, "fuels": Fuel}
NETWORK: dict[str, type[Data]] = {"buses": Bus, "lines": Line, "contingencies": Contingency}
CASE_COLUMNS = columns_of(Case, without=(*SECTIONS, "prices", "network"))
KIND_COLUMNS = {kind: columns_of(model, without=("kind", "units")) for kind, model in KINDS.items()}
MEMBER_OF = Column("member_of", "text", note="The virtual power plant that it is a member of; empty: it stands alone.")
ORDER = Column("order", "number", note="Place in the case, from 0; empty: after the others.")
STATION = Column("station", "text", note="The pumped-hydro station that the unit belongs to.")
ZONE_FIELDS = ("zone", "from_zone", "to_zone", "zones")


def write_spreadsheet(case: Case, path: Path) -> tuple[str, ...]:
    """Write the case as a workbook."""
    table = SeriesTable(case.steps, inline_up_to=1)
    document = table.taken_from(to_document(case), "series")
    sheets = [
        _upright("case", document, CASE_COLUMNS),
        _upright("prices", document.get("prices", {}), columns_of(Prices)),
    ]
    sheets += [_section(name, model, document.get(name, [])) for name, model in SECTIONS.items()]
    sheets += _kinds(document.get("resources", []))
    network = document.get("network")
    if network is not None:
        sheets += [_section(name, model, network.get(name, [])) for name, model in NETWORK.items()]
    times = [moment.isoformat() for moment in case.horizon.times]
    rows = [list(row) for row in zip(times, *table.columns.values(), strict=True)]
    sheets.append(
        Sheet("series", [TIME, *table.columns], rows, {TIME: "The beginning of every step, with its offset."})
    )
    write_book(path, sheets)
    return ()


def _upright(name: str, record: Record, columns: list[Column]) -> Sheet:
    """One field per row, with its meaning beside it."""
    cells = zip(columns, flat(record, columns), strict=True)
    return Sheet(name, ["field", "value", "meaning"], [[column.path, cell, column.help] for column, cell in cells])


def _section(name: str, model: type[Data], records: list[Record]) -> Sheet:
    return _sheet(name, columns_of(model), [flat(record, columns_of(model)) for record in records])


def _sheet(name: str, columns: list[Column], rows: list[list[Any]]) -> Sheet:
    notes = {column.path: column.help for column in columns}
    choices = {column.path: choice for column in columns if (choice := _choice(column))}
    return Sheet(name, [column.path for column in columns], rows, notes, choices)


def _choice(column: Column) -> str | None:
    """Where the drop-down of a column gets its list."""
    if column.form == "truth":
        return '"TRUE,FALSE"'
    if column.form == "choice":
        return f'"{",".join(column.choices)}"'
    if column.path in ZONE_FIELDS:
        return f"zones!$A$2:$A${LAST_CHOICE_ROW}"
    sources = {"member_of": "virtual_power_plant", "station": "pumped_hydro", "fuel_use.fuel": "fuels"}
    source = sources.get(column.path)
    return f"{source}!$A$2:$A${LAST_CHOICE_ROW}" if source else None


def _kinds(resources: list[Record]) -> list[Sheet]:
    rows: dict[str, list[list[Any]]] = {kind: [] for kind in KINDS}
    station_rows: list[list[Any]] = []
    for order, record in enumerate(resources):
        members = record.get("model", {}).get("members", [])
        for part, owner, place in [
            (record, None, order),
            *((item, record["name"], i) for i, item in enumerate(members)),
        ]:
            rows[part["kind"]].append([*flat(part, KIND_COLUMNS[part["kind"]]), owner, place])
        station_rows += [[record["name"], *flat(unit, columns_of(PumpedHydroUnit))] for unit in record.get("units", [])]
    sheets = [_sheet(kind, [*columns, MEMBER_OF, ORDER], rows[kind]) for kind, columns in KIND_COLUMNS.items()]
    return [*sheets, _sheet(STATION_UNITS, [STATION, *columns_of(PumpedHydroUnit)], station_rows)]


def read_spreadsheet(path: Path) -> Reading:
    """The case in a workbook."""
    pages = Pages(path, read_book(path))
    document: Document = pages.upright("case", CASE_COLUMNS)
    if str(document.pop("format_version", FORMAT_VERSION)) != str(FORMAT_VERSION):
        raise BadInput(str(path), f"sheet 'case': format_version must be {FORMAT_VERSION}")
    pages.check_times(document.get("horizon"))
    if prices := pages.upright("prices", columns_of(Prices), required=False):
        document["prices"] = prices
    for name, model in SECTIONS.items():
        document[name] = pages.records(name, columns_of(model))
    document["resources"] = _resources(pages)
    if any(pages.has(name) for name in NETWORK):
        document["network"] = {name: pages.records(name, columns_of(model)) for name, model in NETWORK.items()}
    losses = [f"the sheet '{name}' is not part of a case and is left out" for name in pages.unread()]
    return Reading(validated(document, path), NAME, tuple(losses))


def _resources(pages: Pages) -> list[Record]:
    parts: list[tuple[float, str, Record]] = []
    for kind, columns in KIND_COLUMNS.items():
        for record in pages.records(kind, [*columns, MEMBER_OF, ORDER]):
            order, owner = record.pop("order", None), record.pop("member_of", "")
            place = order if isinstance(order, int | float) else float("inf")
            parts.append((place, owner, {"name": record.pop("name", None), "kind": kind, **record}))
    parts.sort(key=lambda part: part[0])
    _attach_units(pages, [record for _, _, record in parts])
    plants = {record["name"]: record for _, _, record in parts if record["kind"] == "virtual_power_plant"}
    for _, owner, record in parts:
        if owner:
            _attach(plants.get(owner), record, owner, pages.path)
    return [record for _, owner, record in parts if not owner]


def _attach(plant: Record | None, member: Record, owner: str, path: Path) -> None:
    model = None if plant is None else plant.setdefault("model", {})
    if not isinstance(model, dict):
        place = f"sheet '{member['kind']}', '{member['name']}'"
        raise BadInput(str(path), f"{place}: member_of '{owner}' is not in the sheet 'virtual_power_plant'")
    model.setdefault("members", []).append(member)


def _attach_units(pages: Pages, resources: list[Record]) -> None:
    stations = {record["name"]: record for record in resources if record["kind"] == "pumped_hydro"}
    for unit in pages.records(STATION_UNITS, [STATION, *columns_of(PumpedHydroUnit)]):
        owner = unit.pop("station", None)
        if owner not in stations:
            raise BadInput(
                str(pages.path), f"sheet '{STATION_UNITS}': station '{owner}' is not in the sheet 'pumped_hydro'"
            )
        stations[owner].setdefault("units", []).append(unit)
