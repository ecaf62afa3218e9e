"""What a forecaster types: bring data, train, predict, look back, score; all of it on the store of the settings."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.forecast.arguments import (
    AsJson,
    First,
    HorizonOption,
    Kind,
    Last,
    MaybeKind,
    Names,
    Origin,
    RuleOption,
    all_names,
    horizon_named,
    kind_of,
    level_of,
    moment_of,
)
from services.forecast.printing import percent, print_forecast, print_model, print_scores, print_table

if TYPE_CHECKING:
    from services.forecast.store import Store

app = typer.Typer(no_args_is_help=True, help="Forecast load, wind, solar and inflow with honest uncertainty.")


@app.command()
def describe(file: Annotated[Path, typer.Argument(help="YAML or JSON: a list of series.")]) -> None:
    """Describe series: what each is, where it lies, what drives it."""
    import yaml
    from pydantic import TypeAdapter, ValidationError

    from grid_models.errors import BadInput, bad_input
    from grid_models.forecast import SeriesDescription
    from services.forecast.describing import describe_all

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (UnicodeError, yaml.YAMLError) as error:
        raise BadInput(str(file), f"is no YAML or JSON: {' '.join(str(error).split())[:200]}") from None
    listed = document.get("series") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise BadInput(str(file), "must be a list of series, or have one under `series`")
    try:
        series = TypeAdapter(list[SeriesDescription]).validate_python(listed)
    except ValidationError as error:
        raise bad_input(str(file), error, listed) from None
    with _store() as store:
        changed = describe_all(store, series)
    typer.echo(f"{len(series)} series, {sum(1 for version in changed if version)} of them new or changed")


@app.command()
def ingest(
    files: Annotated[
        list[Path], typer.Argument(help="CSV, Parquet or JSON: series, time, value[, known_at]; or wide.")
    ],
    correct: Annotated[bool, typer.Option(help="Let models see values turned to the right unit and sign.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take in measured values; what is doubtful is told, nothing is dropped."""
    from services.forecast.ingest import ingest as take_in
    from services.forecast.sources.files import observations

    with _store() as store:
        for file in files:
            report = take_in(store, observations(file), correct=correct)
            if as_json:
                typer.echo(report.model_dump_json())
                continue
            typer.echo(
                f"{file}: {report.new} new values, {report.corrected} corrected, {report.repeated} known already"
            )
            for one in report.findings:
                span = f"{one.first:%Y-%m-%dT%H:%MZ}" + (f" to {one.last:%Y-%m-%dT%H:%MZ}" if one.values > 1 else "")
                typer.echo(f"  {one.series}: {one.doubt}, {one.values} values, {span}, {one.action}: {one.detail}")


@app.command()
def weather(
    file: Annotated[Path, typer.Argument(help="Weather forecasts: CSV, Parquet, JSON, NetCDF or GRIB2.")],
    names: Annotated[
        list[str] | None,
        typer.Option("--series", help="Of a field: only for these weather series; may be repeated."),
    ] = None,
    source: Annotated[str, typer.Option(help="Of a field: who issued it.")] = "field",
    delay_h: Annotated[
        float | None, typer.Option(min=0, help="Of a field: how long after its issue it was known; default: now.")
    ] = None,
) -> None:
    """Take in weather forecasts, issue by issue; fields are read at the points of the weather series."""
    from services.forecast.ingest import ingest_weather
    from services.forecast.sources import gridded
    from services.forecast.sources.files import weather as issues_of
    from services.forecast.store.series import now
    from services.forecast.training import all_of

    with _store() as store:
        if gridded.is_field(file):
            chosen = store.series.many(names) if names else all_of(store, "weather")
            issues = gridded.read(file, chosen, source, now(), every=bool(names), delay_h=delay_h)
        else:
            issues = issues_of(file, now())
        new = ingest_weather(store, issues)
    typer.echo(f"{file}: {len(issues)} issues of {len({one.series for one in issues})} series, {new} of them new")


@app.command()
def fetch() -> None:
    """Fetch the newest weather now, from the services in GRIDFLEX_FORECAST_WEATHER_SERVICES."""
    from services.forecast.settings import Settings
    from services.forecast.sources.fetching import fetch as fetch_weather
    from services.forecast.sources.fetching import weather_sources
    from services.forecast.store.series import now

    settings = Settings()
    if not settings.weather_services:
        raise typer.BadParameter(
            "no weather service is set up; give GRIDFLEX_FORECAST_WEATHER_SERVICES, such as "
            '[{"name": "open-meteo", "url": "https://api.open-meteo.com"}]'
        )
    with _store() as store:
        done = fetch_weather(store, weather_sources(settings), now())
    typer.echo(f"{done.asked} weather series asked for, {done.new} new issues")
    for reason in done.reasons:
        typer.echo(f"  {reason}")


@app.command()
def seed(
    province: Annotated[str, typer.Argument(help="A built-in province.")] = "zhejiang",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day on which the past ends; default: today.")
    ] = None,
    days: Annotated[int, typer.Option(min=30, max=3650, help="How many days of past.")] = 730,
) -> None:
    """Make up a past for a province that has none: seeded, marked synthetic wherever it is used."""
    from services.forecast.seeding import seed as fill

    with _store() as store:
        names = fill(store, province, (until or datetime.now()).date(), days)  # noqa: DTZ005 - the local day is meant
    typer.echo(
        f"{len(names)} synthetic series of {days} days, with weather and its forecasts: {', '.join(names[:4])} ..."
    )


@app.command()
def series(kind: MaybeKind = None, as_json: AsJson = False) -> None:
    """The series that the store knows."""
    with _store() as store:
        found = store.series.page("", 100_000, kind_of(kind) if kind else None)
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json", exclude_defaults=True) for one in found]))
        return
    print_table("series", ("name", "kind", "unit", "zone", "step min"), [
        (one.name, one.kind, one.unit, one.zone or "", str(one.step_min)) for one in found
    ])  # fmt: skip


@app.command()
def train(
    names: Names = None,
    kind: Kind = "load",
    horizon: HorizonOption = "day-ahead",
    origin: Origin = None,
    models: Annotated[list[str] | None, typer.Option("--model", help="Only these models; may be repeated.")] = None,
    holdout_days: Annotated[int, typer.Option(min=4, max=366, help="Days on which the models are tried.")] = 28,
    threads: Annotated[int, typer.Option(min=1)] = 2,
    as_json: AsJson = False,
) -> None:
    """Train a challenger; it answers from then on if it is about as good as the champion."""
    from services.forecast.training import Wish
    from services.forecast.training import train as learn

    wish = Wish(kind_of(kind), horizon_named(horizon), tuple(names or ()), tuple(models or ()), holdout_days, threads)
    with _store() as store:
        told = (lambda _words: None) if as_json else (lambda words: typer.echo(words, err=True))
        records = learn(store, wish, moment_of(origin), told)
    if as_json:
        told_as = [
            {"slot": one.slot, "version": one.version, "status": one.status, "scores": one.scores} for one in records
        ]
        typer.echo(json.dumps(told_as))
        return
    for one in records:
        print_model(one)


@app.command()
def predict(
    names: Names = None,
    kind: MaybeKind = None,
    horizon: HorizonOption = "day-ahead",
    origin: Origin = None,
    levels: Annotated[str, typer.Option(help="Quantile levels, separated by commas.")] = "0.05,0.25,0.5,0.75,0.95",
    keep: Annotated[bool, typer.Option(help="Issue them: keep them as vintages.")] = True,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write .csv, .parquet or .json.")] = None,
    as_json: AsJson = False,
) -> None:
    """Forecast now, or as it would have been at an earlier moment."""
    from grid_models.forecast import rising
    from services.forecast.champions import Champions
    from services.forecast.issuing import Question, forecasts
    from services.forecast.writing import write

    wanted = tuple(level_of(level) for level in levels.split(","))
    try:
        rising(wanted)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    question = Question(horizon_named(horizon), moment_of(origin), wanted)
    with _store() as store:
        issues = forecasts(store, Champions(store), names or all_names(store, kind), question)
        if keep:
            store.save_forecasts(issues, known_at=question.origin)
    if out:
        write(issues, out)
    if as_json:
        typer.echo(json.dumps([issue.forecast().model_dump(mode="json") for issue in issues]))
        return
    for issue in issues[:3]:
        print_forecast(issue)
    if len(issues) > 3:
        typer.echo(
            f"and {len(issues) - 3} more series" + (f", all in {out}" if out else "; --out FILE writes them all")
        )


@app.command()
def backtest(
    names: Annotated[list[str], typer.Argument(metavar="SERIES...", help="Of one kind and one step.")],
    first: First,
    last: Last,
    horizon: HorizonOption = "day-ahead",
    model: Annotated[str, typer.Option(help="A model by its name, or `service`: the mixture.")] = "service",
    every_h: Annotated[float, typer.Option(min=0.25, help="Hours from origin to origin.")] = 24.0,
    folds: Annotated[int, typer.Option(min=1, help="How often the models learn anew.")] = 4,
    resume: Annotated[str | None, typer.Option(metavar="ID", help="Go on with this backtest.")] = None,
    as_json: AsJson = False,
) -> None:
    """What would have been said, origin by origin, and how good it would have been."""
    from grid_models.forecast import NINETEEN
    from services.forecast.work import do, rolling_of

    with _store() as store:
        steps = {horizon_named(horizon).step_of(one) for one in store.series.many(names)}
        if len(steps) != 1:
            raise typer.BadParameter("the series have steps of different length; run one backtest for each")
        request: dict[str, Any] = {
            "series": names,
            "model": model,
            "horizon": horizon,
            "first": str(moment_of(first)),
            "last": str(moment_of(last)),
            "every_h": every_h,
            "folds": folds,
            "levels": list(NINETEEN),
            "step_min": steps.pop(),
        }
        identity = resume or store.backtests.begin(request, len(rolling_of(request).parts())).id
        request = store.backtests.get(identity).request
        typer.echo(f"backtest {identity} (goes on with --resume {identity})", err=True)
        job = store.jobs.submit("backtest", request | {"backtest": identity})
        store.jobs.end(job.id, "done", do(store, job))
        scores = store.backtests.get(identity).result or {}
    if as_json:
        typer.echo(json.dumps(scores))
        return
    print_scores(scores["rows"])


@app.command()
def score(
    names: Names = None,
    kind: MaybeKind = None,
    first: First = "1970-01-01T00:00:00Z",
    last: Last = "9000-01-01T00:00:00Z",
    author: Annotated[str | None, typer.Option(help="Whose forecasts; default: our own.")] = None,
    rule: RuleOption = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="CSV with forecast_mw, actual_mw, capacity_mw and perhaps time, the local clock: judged by --rule, "
            "no store needed."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score issued forecasts against what came; with --rule as plants are paid."""
    from services.forecast.scoring.rules import rule_of

    chosen = rule_of(rule) if rule else None
    if file is not None:
        _score_file(file, chosen, as_json)
        return
    from services.forecast.scoring.issued import judged, not_for, scored
    from services.forecast.work import rounded

    with _store() as store:
        wanted = names or all_names(store, kind)
        if chosen is not None:
            not_for(chosen, store.series.many(wanted))
        said = scored(store, wanted, moment_of(first), moment_of(last), author)
    rows = [rounded(row) for row in said.rows]
    verdicts = [] if chosen is None else judged(said, chosen)
    if as_json:
        typer.echo(json.dumps({"rows": rows, "judged": [vars(one) for one in verdicts]}))
        return
    print_scores(rows)
    print_table(f"under {rule}", ("series", "days", "accuracy", "days short", "penalty MWh"), [
        (one.series, str(one.days), percent(one.accuracy), str(one.days_short), f"{one.penalty_mwh:.1f}")
        for one in verdicts
    ])  # fmt: skip


@app.command()
def rules(as_json: AsJson = False) -> None:
    """The accuracy rules by which plants are paid, with their sources."""
    from services.forecast.scoring.rules import RULES

    rows = [
        (one.id, ", ".join(sorted(one.kinds)), one.what, f"{one.source} ({one.certainty})") for one in RULES.values()
    ]
    if as_json:
        typer.echo(json.dumps([dict(zip(("id", "kinds", "what", "source"), row, strict=True)) for row in rows]))
        return
    print_table("accuracy rules", ("id", "kinds", "what", "source"), rows)


def _score_file(file: Path, rule: Any, as_json: bool) -> None:
    import numpy as np

    from services.forecast.clock import hours_shown
    from services.forecast.scoring.own_files import read_pairs

    if rule is None:
        raise typer.BadParameter("--file needs --rule; `gridflex forecast rules` lists them")
    pairs = read_pairs(file)
    columns = (pairs.forecast_mw, pairs.actual_mw, pairs.capacity_mw)
    parts = [(*columns, None)] if pairs.shown is None else rule.windows(pairs.shown, *columns, hours_shown(pairs.shown))
    accuracies = np.array([rule.accuracy(*part) for part in parts])
    judged = accuracies[np.isfinite(accuracies)]
    if not len(judged):
        raise typer.BadParameter(f"{file} has no row with forecast, actual and capacity that {rule.id} looks at")
    accuracy, shortfall = float(judged.mean()), float(rule.shortfall(judged).mean())
    if as_json:
        told = {"rule": rule.id, "accuracy": accuracy, "required": rule.required, "shortfall": shortfall}
        typer.echo(json.dumps(told | {"windows": len(judged)}))
        return
    verdict = "met" if shortfall == 0 else f"short by {shortfall:.2%}"
    several = f" over {len(judged)} {rule.window}s" if len(judged) > 1 else ""
    typer.echo(f"{rule.id}: accuracy {accuracy:.2%}{several}, required {rule.required:.0%}: {verdict}")


def _store() -> "Store":
    from services.forecast.settings import Settings
    from services.forecast.store import Store
    from services.web import logs

    settings = Settings()
    logs.configure("WARNING", settings.log_json, "forecast")
    return Store.open(settings.url)
