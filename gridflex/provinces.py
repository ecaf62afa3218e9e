"""What a planner types to see the provinces and to build the case of a day."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from grid_models.provinces.years.province_year import ProvinceYear

app = typer.Typer(invoke_without_command=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]


@app.callback()
def provinces(context: typer.Context, as_json: AsJson = False) -> None:
    """The provinces that have a card; `build` makes the case of a day."""
    if context.invoked_subcommand is None:
        rows = [_row(name) for name in _names()]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1)) if as_json else _print_rows(rows)


@app.command()
def build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A province, see `gridflex provinces`.")],
    year: Annotated[int, typer.Option(help="The year of the study.")] = 2025,
    day: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="The day. Default: that of the peak.")
    ] = None,
    peak: Annotated[int, typer.Option(min=1, max=365, help="The day with the N-th highest load.")] = 1,
    step_min: Annotated[int, typer.Option("--step", min=5, max=60, help="Length of a step in minutes.")] = 60,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Reference tables to build from instead of the card's shapes.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the case of the day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build a province in a year: its figures, and the commitment case of a day."""
    from grid_models.formats import write_case
    from grid_models.provinces.years.build import build_province

    study = build_province(name, year, data)
    chosen = day.date() if day else study.peak_days(peak)[-1]
    case = study.day(chosen, step_min)
    if out:
        write_case(case, out)
    found = {**figures(study), "day": chosen.isoformat(), "resources": len(case.resources), "case": _text(out)}
    typer.echo(json.dumps(found, ensure_ascii=False, indent=1)) if as_json else _print_figures(found)


def figures(study: "ProvinceYear") -> dict[str, object]:
    """Load and capacity of the year, for the table and for JSON."""
    load_mw = study.load_mw
    return {
        "province": study.facts.title,
        "year": study.year,
        "built from": study.note,
        "peak MW": round(float(load_mw.max())),
        "peak P10-P90 MW": [round(study.outlook.peak_p10_mw), round(study.outlook.peak_p90_mw)],
        "energy TWh": round(float(load_mw.sum()) / 1e6, 1),
        "load factor": round(float(load_mw.mean() / load_mw.max()), 3),
        "hours over 95 %": int((load_mw >= 0.95 * load_mw.max() - 1e-9).sum()),
        "net peak MW": round(float(study.net_load_mw.max())),
        "capacity MW": {kind: round(mw) for kind, mw in study.capacity_mw().items() if mw >= 1},
    }


def _names() -> tuple[str, ...]:
    from grid_models.provinces.reading import card_names

    return card_names()


def _row(name: str) -> dict[str, object]:
    from grid_models.provinces.reading import read_facts

    facts = read_facts(name)
    newest = max(facts.load.peak_mw, key=lambda one: one.year)
    return {
        "name": name,
        "name_zh": facts.name_zh,
        "grid": facts.grid.name,
        "region": facts.grid.region,
        "peak_mw": newest.value,
        "year": newest.year,
        "certainty": newest.certainty,
    }


def _print_rows(rows: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "中文", "grid", "region", "peak MW", "year", "certainty", box=None)
    for row in rows:
        table.add_row(*(f"{value:,.0f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console(highlight=False, width=120).print(table)


def _print_figures(found: dict[str, object]) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for kind, mw in value.items():
                typer.echo(f"  {kind:<28}{mw:>10,}")
        elif value is not None:
            typer.echo(f"{name:<18} {_text(value)}")


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return " - ".join(f"{one:,}" for one in value)
    return f"{value:,}" if isinstance(value, int) and value > 2100 else str(value)
