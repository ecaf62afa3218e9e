"""The whole chain over HTTP on one machine: a past, models, a forecast, a commitment that rests on it, the result."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridflex.up import running

if TYPE_CHECKING:
    from gridflex.client import Client
    from gridflex.client.dispatch import PlanTicket

QUICK_MODELS = {
    "load": ("similar_day", "climatology"),
    "wind": ("physical_wind", "climatology"),
    "solar": ("physical_solar", "climatology"),
    "hydro_inflow": ("persistence", "climatology"),
}
"""Those that learn sixty days in seconds; the others take minutes."""
HOLDOUT_DAYS = 10
ISSUED_BEFORE = timedelta(hours=15, minutes=30)
"""Half past eight in the morning of the day before."""
WORDS_SHOWN = 20

app = typer.Typer()


@app.command()
def demo(
    province: Annotated[str, typer.Argument(help="A built-in province.")] = "zhejiang",
    days: Annotated[int, typer.Option(min=40, max=730, help="How many days of past are made up.")] = 60,
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, help="Relative gap that ends the search.")] = 0.001,
    time_limit: Annotated[float, typer.Option(min=1.0, max=1e6, help="Seconds that the search may take.")] = 90.0,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep both stores here; default: nothing is kept.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Both services at work on a province's peak day: forecast it from a made-up past, commit it, show the result."""
    from gridflex.client import Client
    from services.web import logs

    logs.configure("WARNING", as_json=False, service="demo", to="stderr")
    with _folder(data_dir) as folder, _services(folder) as (dispatch_url, forecast_url):
        key = _prepared(folder, province, days)
        with Client(dispatch_url, key, forecast_url) as client:
            ticket = _chain(client, province, gap, time_limit)
            _show(client, ticket, as_json)


def _chain(client: "Client", province: str, gap: float, time_limit_s: float) -> "PlanTicket":
    case = client.provinces.get(province)
    origin = case.horizon.start - ISSUED_BEFORE
    series = {kind: names for kind in QUICK_MODELS if (names := _names(client, kind))}
    for kind in series:
        with _step(f"training for {kind}"):
            client.models.train(kind, models=QUICK_MODELS[kind], origin=origin, holdout_days=HOLDOUT_DAYS).wait()
    with _step("forecasting the day"):
        client.forecasts.make([name for names in series.values() for name in names], origin=origin)
    with _step("commitment"):
        wish = {"basis": "median", "as_of": origin + timedelta(minutes=1)}
        stored = client.cases.upload(case)
        ticket = client.plans.ask(case_id=stored["id"], forecast=wish, gap=gap, time_limit_s=time_limit_s)
        return ticket.wait(progress=True)


def _names(client: "Client", kind: str) -> list[str]:
    return [one["name"] for one in client.series.each(kind=kind)]


def _show(client: "Client", ticket: "PlanTicket", as_json: bool) -> None:
    from rich.console import Console

    from services.dispatch.commands import print_json
    from services.dispatch.rendering import print_report
    from services.dispatch.report import as_json as plain
    from services.dispatch.report import report

    glance = report(ticket.plan(), client.cases.get(ticket.document["solved_case_hash"]))
    if as_json:
        print_json(plain(glance))
        return
    print_report(glance, Console(highlight=False, width=None if sys.stdout.isatty() else 160))


def _prepared(folder: Path, province: str, days: int) -> str:
    """Stores with a past of the province and a key; the key."""
    from grid_models.errors import BadInput
    from grid_models.provinces import PROVINCES, builtin_case
    from services.dispatch.settings import Settings as DispatchSettings
    from services.dispatch.store import Store as DispatchStore
    from services.forecast.seeding import seed
    from services.forecast.settings import Settings as ForecastSettings
    from services.forecast.store import Store as ForecastStore

    if province not in PROVINCES:
        raise BadInput(province, f"is not a built-in province; there are {', '.join(PROVINCES)}")
    with _step(f"making up {days} days of past"):
        with ForecastStore.open(ForecastSettings(data_dir=folder / "forecast", database_url="").url) as store:
            seed(store, province, builtin_case(province).horizon.start.date(), days)
        with DispatchStore.open(DispatchSettings(data_dir=folder / "dispatch", database_url="").url) as store:
            return store.access.create("demo", ("planner",))[1]


@contextmanager
def _services(folder: Path) -> Iterator[tuple[str, str]]:
    """Where both are, on embedded stores in this folder; what they say goes to a file there."""
    settings = {
        "GRIDFLEX_DISPATCH_DATA_DIR": str(folder / "dispatch"),
        "GRIDFLEX_FORECAST_DATA_DIR": str(folder / "forecast"),
        "GRIDFLEX_DISPATCH_DATABASE_URL": "",
        "GRIDFLEX_FORECAST_DATABASE_URL": "",
        "GRIDFLEX_DISPATCH_AUTH": "required",
        # The made-up past ends at the peak day: there is nothing to be said of today.
        "GRIDFLEX_FORECAST_SCHEDULED": "[]",
    }
    words = folder / "services.log"
    with words.open("wb") as says:
        try:
            with running("127.0.0.1", {"dispatch": 0, "forecast": 0}, settings, says) as up_now:
                yield up_now.address("dispatch"), up_now.address("forecast")
        except Exception:
            for line in words.read_text(errors="replace").splitlines()[-WORDS_SHOWN:]:
                typer.echo(line, err=True)
            raise


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="gridflex-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Says what has been done, and how long it took."""
    begun_s = time.monotonic()
    yield
    typer.echo(f"{what}: {time.monotonic() - begun_s:.1f} s", err=True)
