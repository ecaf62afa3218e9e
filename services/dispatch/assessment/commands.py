"""What an auditor types: can this province answer 5 % of its peak?"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from services.dispatch.commands import Days, First, Form, read

if TYPE_CHECKING:
    from services.dispatch.assessment.subject import Subject

YEAR = 2026
"""Assessed where no year is named: from here the way to 2030 is drawn."""

app = typer.Typer()


@app.command()
def assess(
    case: Annotated[str, typer.Argument(metavar="CASE|PROVINCE", help="A case file or folder, or a province.")],
    form: Form = "auto",
    first: First = None,
    days: Days = None,
    year: Annotated[int, typer.Option(min=2018, max=2030, help="Of a province: which year is judged.")] = YEAR,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Of a province: reference tables in place of its card.")
    ] = None,
    profile: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A definition; may be given several times. Default: all.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as .html or .pdf.")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the whole assessment as JSON.")
    ] = None,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of what is printed and of the report.")] = "en",
    commitment: Annotated[
        bool, typer.Option(help="Plan the worst days by unit commitment without and with response.")
    ] = True,
    peak_days: Annotated[int, typer.Option(min=1, max=30, help="Of a province: how many days are planned.")] = 5,
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, help="Relative gap of the unit commitment.")] = 0.001,
    time_limit: Annotated[float, typer.Option(min=1.0, max=1e6, help="Seconds for each unit commitment.")] = 150.0,
    sample_years: Annotated[
        int, typer.Option(min=0, max=100_000, help="Years of outages in the adequacy; 0: none.")
    ] = 1000,
) -> None:
    """Judge whether a fleet can answer its peak, under every definition side by side."""
    from rich.console import Console

    from services.dispatch.assessment.assessing import Depth
    from services.dispatch.assessment.assessing import assess as assessed
    from services.dispatch.assessment.profiles import chosen
    from services.dispatch.assessment.rendering import print_assessment
    from services.dispatch.assessment.report import write_report
    from services.dispatch.assessment.speech import Speech
    from services.dispatch.planning import Options

    definitions = chosen(profile or ())
    _check_outputs(report, as_json)
    options = Options(gap=gap, time_limit_s=time_limit) if commitment else None
    subject = _subject(case, form, first, days, year, data, peak_days if commitment else 1)
    say = Speech(lang)
    with Console(stderr=True, highlight=False).status("reading") as status:
        found = assessed(subject, definitions, Depth(options, sample_years), tell=status.update)
    if as_json:
        as_json.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    if report:
        write_report(found, report, say)
    # Off a terminal nobody sees the edge of the window: a line is a line.
    print_assessment(found, Console(highlight=False, width=None if sys.stdout.isatty() else 160), say)
    for what, path in ((say("assessment"), as_json), (say("report"), report)):
        if path:
            typer.echo(f"{what}: {path}")


def _subject(
    case: str, form: str, first: "First", days: "Days", year: int, data: Path | None, peak_days: int
) -> "Subject":
    """A province by its name, unless a file bears it; else a case."""
    from grid_models.provinces import CARDS
    from services.dispatch.assessment.provincial import subject_of_province
    from services.dispatch.assessment.subject import subject_of_case

    if (case.lower() in CARDS or data is not None) and not Path(case).exists():
        return subject_of_province(case, year, peak_days, data)
    return subject_of_case(read(case, form, first, days).case)


def _check_outputs(report: Path | None, as_json: Path | None) -> None:
    """A file that cannot be written must be known before the work, not after it."""
    from grid_models.errors import BadInput
    from services.dispatch.assessment.report.page import FORMS

    for path in filter(None, (report, as_json)):
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            raise BadInput(str(path), "cannot be written; name a file in a folder that exists and may be written to")
    if report and report.suffix not in FORMS:
        raise BadInput(str(report), f"names no form of a report; accepted are {', '.join(FORMS)}")
