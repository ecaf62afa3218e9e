"""Run the chosen protocols, print one table, and keep the rows as JSON."""

import argparse
import importlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.forecast.protocol import Row

PROTOCOLS = (
    "gefcom2014_load",
    "gefcom2014_solar",
    "gefcom2014_wind",
    "gefcom2012_wind",
    "rts_gmlc_wind",
    "ercot_nyiso",
    "spain",
    "joint_scenarios",
)
"""Each a module beside this one, in the order of the table."""

COVERED_OVERALL = (0.88, 0.92)
COVERED_BY_GROUP = (0.86, 0.94)


def main() -> None:
    wish = _arguments()
    console = Console()
    rows = list(_rows(wish.only or PROTOCOLS, wish.data, console))
    console.print(_table(rows), _dishonest(rows))
    if wish.json:
        wish.json.write_text(json.dumps([asdict(row) | {"reached": row.reached} for row in rows], indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the files, or with a folder forecast that has them")
    parser.add_argument("--only", type=str.split, default=(), help=f"of {' '.join(PROTOCOLS)}")
    parser.add_argument("--json", type=Path, help="where to keep the rows")
    return parser.parse_args()


def _rows(names: Sequence[str], data: Path, console: Console) -> Iterator[Row]:
    for name in names:
        started_s = time.monotonic()
        try:
            for row in _protocol(name).rows(data):
                console.print(f"  {row.set}: {row.method}: {row.metric} {row.value:.4g}", highlight=False)
                yield row
        except (FileNotFoundError, ModuleNotFoundError) as missing:
            console.print(f"{name}: left out: {missing}", highlight=False)
        console.print(f"{name}: {time.monotonic() - started_s:.0f} s", highlight=False)


def _protocol(name: str):
    return importlib.import_module(f"benchmarks.forecast.{name}")


def _table(rows: Sequence[Row]) -> Table:
    table = Table("set", "method", "metric", "value", "must reach", "coverage of 90 %", "width", "s", "windows")
    for row in rows:
        verdict = {None: "", True: "[green]reached[/]", False: "[red]missed[/]"}[row.reached]
        target = "" if row.must_reach is None else f"{row.must_reach:.4g} {verdict}"
        cells = ("" if value is None else f"{value:.4g}" for value in (row.coverage, row.width, row.seconds))
        table.add_row(row.set, row.method, row.metric, f"{row.value:.4g}", target, *cells, row.windows)
    return table


def _dishonest(rows: Sequence[Row]) -> str:
    """The intervals of ours that cover too much or too little, in words."""
    told = [
        f"{row.set}: {row.method}: 90 % interval covers {share:.1%} {where}"
        for row in rows
        if row.must_reach is not None and row.coverage is not None
        for where, share, (low, high) in _shares(row)
        if not low <= share <= high
    ]
    return "\n".join(told or ["every 90 % interval of ours covers what it should"])


def _shares(row: Row) -> Iterator[tuple[str, float, tuple[float, float]]]:
    if row.coverage is not None:
        yield "overall", row.coverage, COVERED_OVERALL
    for name, shares in row.coverage_by.items():
        for label, share in shares.items():
            yield f"where {name} is {label}", share, COVERED_BY_GROUP


if __name__ == "__main__":
    main()
