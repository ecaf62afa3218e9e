"""What the commands are asked in words, and what is meant by it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from services.forecast.known import Moment
    from services.forecast.store import Store

Kind = Annotated[str, typer.Option(help="load, wind, solar or hydro_inflow.")]
MaybeKind = Annotated[str | None, typer.Option(help="All series of this kind: load, wind, solar or hydro_inflow.")]
HorizonOption = Annotated[str, typer.Option(help="intraday, day-ahead or ten-days.")]
Origin = Annotated[
    str | None, typer.Option(metavar="MOMENT", help="Nothing known later is used; RFC 3339 with offset; default: now.")
]
Names = Annotated[list[str] | None, typer.Argument(metavar="[SERIES]...", help="Names; none: all of --kind.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
First = Annotated[str, typer.Option(metavar="MOMENT", help="First origin, RFC 3339 with offset.")]
Last = Annotated[str, typer.Option(metavar="MOMENT", help="Last origin.")]
RuleOption = Annotated[str | None, typer.Option("--rule", metavar="ID", help="An accuracy rule; see `forecast rules`.")]


def all_names(store: "Store", kind: str | None) -> list[str]:
    from services.forecast.training import all_of

    if kind is None:
        raise typer.BadParameter("name some series, or give --kind")
    names = [one.name for one in all_of(store, kind_of(kind))]
    if not names:
        raise typer.BadParameter(f"there is no series of kind {kind}; `gridflex forecast series` lists what there is")
    return names


def kind_of(kind: str) -> Any:
    kinds = ("load", "wind", "solar", "hydro_inflow")
    if kind not in kinds:
        raise typer.BadParameter(f"'{kind}' is not a kind that is forecast; accepted are {', '.join(kinds)}")
    return kind


def horizon_named(name: str) -> Any:
    from services.forecast.horizons import HORIZONS

    if name not in HORIZONS:
        raise typer.BadParameter(f"there is no horizon '{name}'; accepted are {', '.join(HORIZONS)}")
    return HORIZONS[name]


def moment_of(text: str | None) -> "Moment":
    from services.forecast.known import moment
    from services.forecast.store.series import now

    if text is None:
        return now()
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no moment; write it like 2030-07-15T08:30:00+08:00") from None
    if given.tzinfo is None:
        raise typer.BadParameter(f"'{text}' needs its time and offset from UTC, such as 2030-07-15T08:30:00+08:00")
    return moment(given)


def level_of(text: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = -1.0
    if not 0 < level < 1:
        raise typer.BadParameter(f"levels: '{text}' is not between 0 and 1")
    return level
