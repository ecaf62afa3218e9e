"""Forecasts, scores and models as tables on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from services.forecast.store.forecasts import Issue
    from services.forecast.store.registry import ModelRecord


def print_model(record: "ModelRecord") -> None:
    """How good it was on days that it did not know, and what it is made of."""
    scores = record.scores
    typer.echo(f"{record.slot} v{record.version}: {record.status}, {scores['series']} series")
    if "pinball" in scores:
        typer.echo(
            f"tried on unknown days: mean absolute error {scores['nmae']:.2%}, pinball {scores['pinball']:.2%}, "
            f"90 % interval covers {scores['coverage_90']:.1%} (shares of capacity or mean load)"
        )
    else:
        typer.echo("there was too little history to try it on days that it did not know; its intervals are wide")
    weights = ", ".join(f"{name} {share:.0%}" for name, share in scores["weights"].items() if share >= 0.005)
    typer.echo(f"weights a day ahead: {weights}")


def print_forecast(issue: "Issue") -> None:
    """Some two dozen steps of it, and on what it rests."""
    header = ("time", *(f"{level:.0%}" for level in issue.levels))
    every = max(1, len(issue.quantiles) // 24)
    rows = [
        (str(time).replace("T", " ")[:16] + "Z", *(f"{value:,.1f}" for value in row))
        for time, row in list(zip(issue.times, issue.quantiles, strict=True))[::every]
    ]
    basis = issue.basis + (f": {'; '.join(issue.reasons)}" if issue.reasons else "")
    made_up = ", synthetic" if issue.synthetic else ""
    print_table(f"{issue.series}, {issue.unit} ({issue.model}; basis {basis}{made_up})", header, rows)


def print_scores(rows: list[dict[str, Any]]) -> None:
    """One row per group of steps."""
    names = ("group", "value", "points", "pinball", "coverage", "width", "nmae", "nrmse", "mape")
    print_table("scores", names, [tuple(_shown(row[name]) for name in names) for row in rows])


def percent(share: float) -> str:
    """An accuracy in words; NaN where a rule looked at nothing."""
    return f"{share:.2%}" if share == share else "nothing to judge"


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def print_table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """As wide as the terminal; no rows make no table."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return
    table = Table(*header, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
