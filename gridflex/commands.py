"""The command `gridflex`: what the services contribute, and cases in and out."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gridflex.answering import Answering
from gridflex.demo import app as demo
from gridflex.provinces import app as provinces
from gridflex.up import app as up
from services.dispatch.assessment.commands import app as assessment
from services.dispatch.commands import Days, First, Form, read
from services.dispatch.commands import app as dispatch
from services.dispatch.operating import app as operating
from services.forecast.commands import app as forecast

main = typer.Typer(
    cls=Answering,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Forecast, commit, dispatch and judge the flexible resources of a provincial power system.",
)
main.add_typer(dispatch)
main.add_typer(assessment)
main.add_typer(operating)
main.add_typer(up)
main.add_typer(demo)
main.add_typer(forecast, name="forecast")
main.add_typer(provinces, name="provinces")


@main.command()
def convert(
    case: Annotated[str, typer.Argument(metavar="IN", help="A case file or folder, or a built-in province.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write; its suffix tells the format.")],
    form: Form = "auto",
    to: Annotated[str | None, typer.Option("--to", metavar="FORMAT", help="Format to write.")] = None,
    first: First = None,
    days: Days = None,
) -> None:
    """Bring a case from one format to another, and say what was lost."""
    from grid_models.formats import write_case

    if out.exists() and Path(case).exists() and out.samefile(case):
        raise typer.BadParameter(f"{out} is the case itself; name another file to write")
    reading = read(case, form, first, days)
    lost = write_case(reading.case, out, to)
    for words in (*reading.not_carried, *lost):
        typer.echo(f"not carried over: {words}")
    typer.echo(f"{out}: {len(reading.case.resources)} resources, {reading.case.steps} steps, read as {reading.format}")


@main.command()
def formats(
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the native format.")] = False,
) -> None:
    """The formats that a case may be read from and written to."""
    from grid_models.formats import FORMATS, case_schema

    if schema:
        typer.echo(json.dumps(case_schema(), indent=2))
        return
    for entry in FORMATS.values():
        ways = "read and write" if entry.write else "read"
        typer.echo(f"{entry.name:<18} {ways:<15} {entry.description}")


if __name__ == "__main__":
    main()
