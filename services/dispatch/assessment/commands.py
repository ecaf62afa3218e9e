"""What an auditor types: can this province answer 5 % of its peak?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from services.dispatch.commands import CasePath, Days, First, Form, read

app = typer.Typer()


@app.command()
def assess(
    case: CasePath,
    form: Form = "auto",
    first: First = None,
    days: Days = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A definition; may be given several times. Default: all.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the whole assessment as JSON.")
    ] = None,
    commitment: Annotated[
        bool, typer.Option(help="Confirm by unit commitment of the day without and with response.")
    ] = True,
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, help="Relative gap of the unit commitment.")] = 0.001,
    time_limit: Annotated[float, typer.Option(min=1.0, max=1e6, help="Seconds for each unit commitment.")] = 150.0,
) -> None:
    """Judge whether a fleet can answer its peak, under every definition side by side."""
    from rich.console import Console

    from services.dispatch.assessment.assessing import Depth
    from services.dispatch.assessment.assessing import assess as assessed
    from services.dispatch.assessment.profiles import chosen
    from services.dispatch.assessment.rendering import print_assessment
    from services.dispatch.planning import Options

    definitions = chosen(profile or ())
    study = read(case, form, first, days).case
    options = Options(gap=gap, time_limit_s=time_limit) if commitment else None
    errors = Console(stderr=True, highlight=False)
    with errors.status("reading") as status:
        found = assessed(study, definitions, Depth(commitment=options), tell=status.update)
    if as_json:
        as_json.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    # Off a terminal nobody sees the edge of the window: a line is a line.
    print_assessment(found, Console(highlight=False, width=None if sys.stdout.isatty() else 160))
    if as_json:
        typer.echo(f"assessment: {as_json}")
