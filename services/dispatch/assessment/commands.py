"""What an auditor types: can this province answer 5 % of its peak?"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from services.dispatch.assessment.study_years import FIRST_YEAR, LAST_YEAR, YEAR
from services.dispatch.commands import Days, First, Form, read

if TYPE_CHECKING:
    from rich.console import Console

    from grid_models.case import Case
    from services.dispatch.assessment.speech import Speech
    from services.dispatch.assessment.wish import AssessmentWish

IDLE_OF_ALL = ("form", "first", "days", "data", "register", "report", "as_json")
IDLE_OF_PROVINCE = ("form", "first", "days", "out", "scheduler")
IDLE_OF_CASE = ("year", "data", "peak_days", "out", "scheduler")
"""Options that say nothing of what is assessed."""

app = typer.Typer()


@app.command()
def assess(
    context: typer.Context,
    case: Annotated[
        str | None, typer.Argument(metavar="CASE|PROVINCE", help="A case file or folder, or a province.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every province, side by side.")] = False,
    form: Form = "auto",
    first: First = None,
    days: Days = None,
    year: Annotated[
        int, typer.Option(min=FIRST_YEAR, max=LAST_YEAR, help="Of a province: which year is judged.")
    ] = YEAR,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Of a province: reference tables in place of its card.")
    ] = None,
    register: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Delivery ratios, meters, captive units and tests of who responds (YAML)."),
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
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Of --all: where assessments and reports are kept; what is there stays.")
    ] = Path("assessments"),
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of --all: a Dask scheduler; default: this machine.")
    ] = None,
) -> None:
    """Judge whether a fleet can answer its peak, under every definition side by side."""
    from grid_models.provinces.years.build import card_called
    from services.dispatch.assessment.profiles import chosen
    from services.dispatch.assessment.register import read_register
    from services.dispatch.assessment.speech import Speech
    from services.dispatch.assessment.wish import AssessmentWish

    if every == (case is not None):
        raise typer.BadParameter("name one case or province, or --all of them")
    province = case is None or _is_province(case, data)
    _refuse_idle(context, IDLE_OF_ALL if case is None else IDLE_OF_PROVINCE if province else IDLE_OF_CASE)
    wish = AssessmentWish(
        year=year, profiles=tuple(one.id for one in chosen(profile)) if profile else (), commitment=commitment,
        peak_days=peak_days, gap=gap, time_limit_s=time_limit, sample_years=sample_years,
        registered=read_register(register) if register else None,
    )  # fmt: skip
    say = Speech(lang)
    if case is None:
        _assess_all(wish, out, scheduler, say)
        return
    _check_outputs(report, as_json)
    if province:
        wish = wish.model_copy(update={"province": card_called(case) or case})
        _assess_one(wish, None, data, report, as_json, say)
        return
    _assess_one(wish, read(case, form, first, days).case, None, report, as_json, say)


def _assess_one(
    wish: "AssessmentWish", case: "Case | None", data: Path | None, report: Path | None, as_json: Path | None,
    say: "Speech",
) -> None:  # fmt: skip
    from rich.console import Console

    from services.dispatch.assessment.fulfilling import fulfilled
    from services.dispatch.assessment.rendering import print_assessment
    from services.dispatch.assessment.report import write_report

    with Console(stderr=True, highlight=False).status("reading") as status:
        found = fulfilled(wish, case, status.update, data)
    if as_json:
        as_json.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    if report:
        write_report(found, report, say)
    print_assessment(found, _console(), say)
    for what, path in ((say("assessment"), as_json), (say("report"), report)):
        if path:
            typer.echo(f"{what}: {path}")


def _assess_all(wish: "AssessmentWish", out: Path, scheduler: str | None, say: "Speech") -> None:
    """Every province by Dask; a page each, and one of the nation."""
    from distributed import Client
    from rich.console import Console
    from rich.text import Text

    from grid_models.provinces import CARDS
    from services.dispatch.assessment.national import Survey, this_machine
    from services.dispatch.assessment.rendering import drawn
    from services.dispatch.assessment.report import write_report
    from services.dispatch.assessment.report.national_page import national_headline, national_html, national_table

    errors = Console(stderr=True, highlight=False)
    if scheduler is None:
        wish = wish.model_copy(update={"threads": 1})  # a core for each province: all are busy anyway
    survey = Survey(wish, out)
    with (
        nullcontext(scheduler) if scheduler else this_machine() as where,
        Client(where, set_as_default=False) as client,
    ):
        nation = survey.provinces(CARDS, client, errors.print)
    for row in nation.rows:
        found = survey.kept(row.name)
        if found is not None:
            write_report(found, out / f"{row.name}.html", say)
    (out / "nation.json").write_text(nation.model_dump_json(indent=1), encoding="utf-8")
    (out / "nation.html").write_text(national_html(nation, say), encoding="utf-8")
    _console().print(Text(national_headline(nation, say), style="bold"), drawn(national_table(nation, say)))
    for failure in nation.failures:
        errors.print(f"{failure.name}: {failure.problem}")
    typer.echo(f"{say('report')}: {out / 'nation.html'}")
    raise typer.Exit(1 if nation.failures else 0)


def _console() -> "Console":
    from rich.console import Console

    # Off a terminal nobody sees the edge of the window: a line is a line.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def _is_province(case: str, data: Path | None) -> bool:
    """By its name, unless a file bears it."""
    from grid_models.errors import BadInput
    from grid_models.provinces.years.build import card_called

    if Path(case).exists():
        return False
    if data is None and card_called(case) is None and not Path(case).suffix:
        raise BadInput(case, "is no case file or folder and no province; see `gridflex provinces`")
    return data is not None or card_called(case) is not None


def _refuse_idle(context: typer.Context, idle: tuple[str, ...]) -> None:
    """An option that would change nothing is a mistake, and is told."""
    given = [one for one in context.command.params if one.name in idle and _typed(context, one.name)]
    if given:
        raise typer.BadParameter(f"{given[0].opts[0]} says nothing of what is assessed here; leave it out")


def _typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _check_outputs(report: Path | None, as_json: Path | None) -> None:
    """A file that cannot be written must be known before the work, not after it."""
    from grid_models.errors import BadInput
    from services.dispatch.assessment.report.page import FORMS

    for path in filter(None, (report, as_json)):
        if path.is_dir() or not os.access(path.parent, os.W_OK):
            raise BadInput(str(path), "cannot be written; name a file in a folder that exists and may be written to")
    if report and as_json and report.resolve() == as_json.resolve():
        raise BadInput(str(report), "is named for the report and for the JSON; name two files")
    if report and report.suffix not in FORMS:
        raise BadInput(str(report), f"names no form of a report; accepted are {', '.join(FORMS)}")
