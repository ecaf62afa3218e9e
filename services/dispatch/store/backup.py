"""A copy of everything, from any database into any other: one JSON line per row."""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary, func, insert, select, text
from sqlalchemy import Table as Columns

from services.database.engine import Database
from services.dispatch.store.tables import Table
from services.web.errors import Conflict, Unreadable

FORMAT = "gridflex dispatch backup 1"
ROWS_AT_ONCE = 200
COUNTED = "audit_entry"


def backup(database: Database, path: Path) -> dict[str, int]:
    """Everything as of one moment into a file, whole or not at all; how many rows of each table."""
    draft = path.with_name(path.name + ".part")
    counts: dict[str, int] = {}
    with database.reading() as connection, gzip.open(draft, "wt", encoding="utf-8", compresslevel=3) as file:
        file.write(json.dumps({"format": FORMAT}) + "\n")
        for table in Table.metadata.sorted_tables:
            counts[table.name] = 0
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table)):
                file.write(json.dumps({"table": table.name, "row": _out(table, row)}) + "\n")
                counts[table.name] += 1
        file.write(json.dumps({"end": counts}) + "\n")
    draft.replace(path)
    return counts


def restore(database: Database, path: Path) -> dict[str, int]:
    """Everything from the file into an empty database, in one transaction."""
    counts: dict[str, int] = {}
    with database.writing() as connection:
        for table in Table.metadata.sorted_tables:
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise Conflict(f"restore: there are rows in {table.name}; restore into an empty database only")
        for table, rows in _batches(path):
            connection.execute(insert(table), rows)
            counts[table.name] = counts.get(table.name, 0) + len(rows)
        if connection.dialect.name == "postgresql":
            # Numbers go on behind those that came from the file.
            ahead = f"SELECT setval(pg_get_serial_sequence('{COUNTED}', 'id'), coalesce(max(id), 0) + 1) FROM {COUNTED}"
            connection.execute(text(ahead))
    return counts


def _batches(path: Path) -> Iterator[tuple[Columns, list[dict[str, Any]]]]:
    batch: list[dict[str, Any]] = []
    current = ""
    for name, row in _rows(path):
        if batch and (name != current or len(batch) >= ROWS_AT_ONCE):
            yield Table.metadata.tables[current], batch
            batch = []
        current = name
        batch.append(_in(Table.metadata.tables[name], row))
    if batch:
        yield Table.metadata.tables[current], batch


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            if json.loads(next(file, "null")) != {"format": FORMAT}:
                raise Unreadable(f"{path}: is no backup of the dispatch service")
            for line in file:
                document = json.loads(line)
                if "end" in document:
                    return
                yield document["table"], document["row"]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path}: cannot be read as a backup: {error}") from error
    raise Unreadable(f"{path}: is cut short; nothing was restored")


def _out(table: Columns, row: Any) -> dict[str, Any]:
    fields = dict(row._mapping)
    for name in _binary(table):
        fields[name] = base64.b64encode(fields[name]).decode()
    return fields


def _in(table: Columns, row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: base64.b64decode(row[name]) for name in _binary(table)}


def _binary(table: Columns) -> list[str]:
    return [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
