"""The services on this machine, with their workers and stores, until they are told to stop."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Annotated, Literal

import typer

ServiceName = Literal["dispatch", "forecast"]
PORTS: dict[ServiceName, int] = {"dispatch": 8080, "forecast": 8081}
STOP_S = 40.0
"""A service ends its worker first, which gives its work back."""

app = typer.Typer()
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="With a service; 0: any free one.")]
OfDispatch = Annotated[int, typer.Option(min=0, max=65535, help="Of the dispatch service; 0: any free one.")]
OfForecast = Annotated[int, typer.Option(min=0, max=65535, help="Of the forecast service; 0: any free one.")]


@app.command()
def up(
    service: Annotated[ServiceName | None, typer.Argument(help="Only this one; default: both.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = None,
    dispatch_port: OfDispatch = PORTS["dispatch"],
    forecast_port: OfForecast = PORTS["forecast"],
) -> None:
    """Start the services with their stores and workers on this machine, until they are told to stop."""
    ports: dict[ServiceName, int] = {"dispatch": dispatch_port, "forecast": forecast_port}
    if service is None and port is not None:
        raise typer.BadParameter("--port belongs to one service: name it, or give --dispatch-port and --forecast-port")
    if service is None:
        _both(host, ports)
        return
    from services.web.serving import listening

    option = f"--{service}-port" if port is None else "--port"
    with listening(host, ports[service] if port is None else port, option) as bound:
        _say_where({service: bound})
        _serve(service)(bound)


def _serve(service: ServiceName) -> Callable[[socket.socket], None]:
    if service == "dispatch":
        from services.dispatch.serving import serve as serve_dispatch
        from services.dispatch.settings import Settings as DispatchSettings

        return lambda bound: serve_dispatch(DispatchSettings(), bound)
    from services.forecast.serving import serve as serve_forecast
    from services.forecast.settings import Settings as ForecastSettings

    return lambda bound: serve_forecast(ForecastSettings(), bound)


def _both(host: str, ports: dict[ServiceName, int]) -> None:
    from services.dispatch.settings import Settings
    from services.web import logs

    logs.configure(Settings().log_level, Settings().log_json, "up")
    told = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: told.set())
    with running(host, ports) as up_now:
        _say_where(up_now.sockets)
        told.wait()
        typer.echo("ending: the work in hand goes back to the queue", err=True)


@dataclass(frozen=True)
class Running:
    """Both services, each on its socket."""

    sockets: dict[ServiceName, socket.socket]

    def address(self, service: ServiceName) -> str:
        from services.web.serving import address_of

        return address_of(self.sockets[service])


@contextmanager
def running(
    host: str,
    ports: dict[ServiceName, int],
    settings: dict[str, str] | None = None,
    says: IO[bytes] | None = None,
) -> Iterator[Running]:
    """Both services for as long as this lasts; `settings` are environment variables beside those of this process."""
    from services.web.beside import Beside, beside
    from services.web.serving import address_of, listening

    with ExitStack() as open_sockets:
        sockets = {
            service: open_sockets.enter_context(listening(host, port, f"--{service}-port"))
            for service, port in ports.items()
        }
        known = {"GRIDFLEX_DISPATCH_FORECAST_URL": address_of(sockets["forecast"])}
        environment = known | os.environ | (settings or {})
        children = [
            Beside(f"services.{service}.serving", environment, (str(one.fileno()),), (one.fileno(),), says, STOP_S)
            for service, one in sockets.items()
        ]
        with beside(*children):
            yield Running(sockets)


def _say_where(sockets: dict[ServiceName, socket.socket]) -> None:
    from services.web.serving import address_of

    for service, bound in sockets.items():
        typer.echo(f"{service}: {address_of(bound)}/v1, the document at /openapi.json", err=True)
    if "dispatch" in sockets:
        _say_how_to_get_in()


def _say_how_to_get_in() -> None:
    from services.dispatch.settings import Settings
    from services.dispatch.store import Store

    settings = Settings()
    if settings.auth == "off":
        return
    with Store.open(settings.url) as store:
        if not any(key.valid for key in store.access.all()):
            typer.echo("there is no key yet: `gridflex keys create NAME --scope planner --scope operator`", err=True)
