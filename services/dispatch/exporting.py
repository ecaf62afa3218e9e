"""A plan as tables: for spreadsheets, for data frames, for those who call."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from grid_models.plan import Call, Plan

CALL_COLUMNS = ("contract", "kind", "start", "end", "hours", "energy_mwh", "peak_mw", "cost", "reason")
SHEET_COLUMNS_MAX = 16_000
"""A workbook has 16,384 columns."""


def rows_of(plan: Plan) -> Iterator[tuple[str, str, str, Iterable[float]]]:
    """Every series of the plan: of what, whose, which quantity, one value per step."""
    for name, entry in plan.resources.items():
        for quantity, values in entry.items():
            yield from _series(str(entry.get("kind", "")), name, quantity, values, len(plan.times))
    for product, by_name in plan.reserves_mw.items():
        yield from (("reserve", name, f"{product}_mw", values) for name, values in by_name.items())
    yield from (("price", name, "price_per_mwh", values) for name, values in plan.prices.items())
    yield from (("link", name, "flow_mw", values) for name, values in plan.flows_mw.items())
    for quantity, by_name in vars(plan.shortage).items():
        yield from (("shortage", name, quantity, values) for name, values in by_name.items())


def _series(
    kind: str, name: str, quantity: str, values: Any, steps: int
) -> Iterator[tuple[str, str, str, Iterable[float]]]:
    if not isinstance(values, list):
        return
    if values and isinstance(values[0], list):
        yield from ((kind, f"{name} {unit + 1}", quantity, row) for unit, row in enumerate(values) if len(row) == steps)
    elif len(values) == steps:
        yield kind, name, quantity, values


def as_table(plan: Plan) -> pa.Table:
    """One row per series and step: time, kind, name, quantity, value."""
    found = list(rows_of(plan))
    steps = len(plan.times)

    def repeated(words: list[str]) -> pa.Array:
        spelled = list(dict.fromkeys(words))
        places = {word: place for place, word in enumerate(spelled)}
        indices = np.repeat(np.array([places[word] for word in words], dtype=np.int32), steps)
        return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(spelled, pa.string()))

    times = pa.array(list(plan.times) * len(found), pa.timestamp("s", "UTC"))
    values = np.array([row[3] for row in found], dtype=float).reshape(-1)
    kinds, names, quantities = (repeated([str(row[place]) for row in found]) for place in range(3))
    return pa.table({"time": times, "kind": kinds, "name": names, "quantity": quantities, "value": pa.array(values)})


def as_parquet(plan: Plan) -> bytes:
    sink = io.BytesIO()
    pq.write_table(as_table(plan), sink, compression="zstd")
    return sink.getvalue()


def as_csv(plan: Plan) -> bytes:
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(("time", "kind", "name", "quantity", "value"))
    times = [time.isoformat() for time in plan.times]
    for kind, name, quantity, values in rows_of(plan):
        writer.writerows(
            (time, kind, _plain(name), quantity, f"{value:.12g}") for time, value in zip(times, values, strict=True)
        )
    return sink.getvalue().encode()


def as_workbook(plan: Plan) -> bytes:
    """A sheet with the plan at a glance, one per quantity with a column per name, and one with the calls."""
    book = Workbook(write_only=True)
    _sheet(book, "plan", ("what", "value"), _at_a_glance(plan))
    times = [time.replace(tzinfo=None) for time in plan.times]
    by_quantity: dict[str, dict[str, Iterable[float]]] = {}
    for _, name, quantity, values in rows_of(plan):
        by_quantity.setdefault(quantity, {})[name] = values
    for quantity, columns in by_quantity.items():
        names = list(columns)[:SHEET_COLUMNS_MAX]
        rows = zip(times, *(columns[name] for name in names), strict=True)
        _sheet(book, quantity, ("local time", *map(_plain, names)), rows)
    _sheet(book, "calls", CALL_COLUMNS, ([row[column] for column in CALL_COLUMNS] for row in calls(plan)))
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def calls(plan: Plan, contract: str | None = None) -> list[dict[str, Any]]:
    """The instructions: whom to call, from when until when, how much, and why."""
    return [_instruction(call) for call in plan.calls if contract is None or call.name == contract]


def calls_as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, CALL_COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(value) if isinstance(value, str) else value for name, value in row.items()})
    return sink.getvalue().encode()


def _instruction(call: Call) -> dict[str, Any]:
    from datetime import timedelta

    end = call.start + timedelta(hours=call.hours)
    told = {"contract": call.name, "kind": call.kind, "start": call.start.isoformat(), "end": end.isoformat()}
    return told | {name: getattr(call, name) for name in CALL_COLUMNS[4:]}


def _at_a_glance(plan: Plan) -> Iterator[tuple[str, Any]]:
    for name in ("case_name", "case_hash", "status", "currency", "cost", "lower_bound", "gap"):
        value = getattr(plan, name)
        yield name, _plain(value) if isinstance(value, str) else value
    yield from ((f"note {place + 1}", _plain(note)) for place, note in enumerate(plan.assumptions.notes))


def _sheet(book: Workbook, title: str, header: tuple[str, ...], rows: Iterable[Any]) -> None:
    sheet = book.create_sheet(title[:31])
    sheet.append(header)
    for row in rows:
        sheet.append(list(row))


def _plain(text: str) -> str:
    # A name that begins like a formula would be run by the spreadsheet of whoever opens the file.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
