"""How long 500 plants take: to learn two years, and to forecast tomorrow's quarter hours anew out of the store.

Run by `make bench-forecast-speed`; also PLANTS=24 DAYS=200 KINDS=wind. The plants are made up, what measures them is
the service itself: the stacking that trains every model twice, and the issuing that reads the store.
"""

import argparse
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import httpx
import numpy as np
import pyarrow as pa

from grid_models.forecast import NINETEEN, CapacityFrom, SeriesDescription
from services.forecast import issuing, stacking
from services.forecast.champions import Champions, models_for, slot_of
from services.forecast.ensemble import Ensemble
from services.forecast.horizons import HORIZONS
from services.forecast.issuing import Question
from services.forecast.known import Known, Moments, Observed, Vintages, steps_from
from services.forecast.physical import sun
from services.forecast.sources.tables import ARROW_STREAM
from services.forecast.store import Arrivals, Readings, Store, WeatherIssue

START = np.datetime64("2024-01-01T00:00:00", "s")
DAY = np.timedelta64(1, "D")
POINTS = 100
"""Of weather: plants share them."""
DAY_AHEAD = HORIZONS["day-ahead"]
STEP_MIN = 15
LOOK_BACK_D, WEATHER_BACK_D = 60, 4
READY_WITHIN_S = 60
Done = TypeVar("Done")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=500)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--kinds", type=str.split, default=["wind", "solar"])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2, help="1 on a busy machine: threads wait for each other")
    wish = parser.parse_args()
    for kind in wish.kinds:
        for line in measured(kind, wish.plants, wish.days, wish.repeats, wish.threads):
            print(f"{kind}: {line}", flush=True)


def measured(kind: str, plants: int, days: int, repeats: int, threads: int) -> Iterator[str]:
    known = [plant(kind, number, days) for number in range(plants)]
    took, ensemble = _took(lambda: stacking.trained(models_for(kind), known, DAY_AHEAD.task(STEP_MIN, threads)))
    yield f"{plants} plants, {days} days of quarter hours learned twice: {took}"
    yield f"peak memory {_peak_gb():.2f} GB with all the data; model of {len(ensemble.to_bytes()) / 1e6:.1f} MB"
    names, origin = [one.series.name for one in known], known[0].origin
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        with Store.open(url) as store:
            _keep(store, known, ensemble)
            yield from _served(store, names, origin, repeats)
        with _service(url, threads) as address:
            yield _over_http(address, names, origin, repeats)


def _served(store: Store, names: list[str], origin: np.datetime64, repeats: int) -> Iterator[str]:
    """Every origin anew, as nobody asks twice for the same."""
    champions, levels = Champions(store), tuple(NINETEEN)
    asked = [Question(DAY_AHEAD, origin - np.timedelta64(60 * back, "s"), levels) for back in range(repeats + 1)]
    issuing.forecasts(store, champions, names, asked[0])
    times = [_took(lambda one=one: issuing.forecasts(store, champions, names, one))[0] for one in asked[1:]]
    wall, cpu = ([getattr(of, part) for of in times] for part in ("wall_s", "cpu_s"))
    yield (
        f"{len(names)} x 96 x {len(levels)} quantiles anew from the store: median {np.median(wall):.2f} s, "
        f"p95 {np.quantile(wall, 0.95):.2f} s; {np.median(cpu):.2f} CPU s"
    )
    since, weather_since = origin - LOOK_BACK_D * DAY, origin - WEATHER_BACK_D * DAY
    reads = [_took(lambda: store.known_many(names, origin, since, weather_since))[0].wall_s for _ in range(3)]
    yield f"of which reading what is known: {np.median(reads):.2f} s"


@contextmanager
def _service(url: str, threads: int) -> Iterator[str]:
    """The service in a process of its own, as it is deployed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wish = {"DATABASE_URL": url, "THREADS": str(threads), "LOG_LEVEL": "WARNING", "FIGURES_EVERY_S": "3600"}
    environment = os.environ | {f"GRIDFLEX_FORECAST_{name}": value for name, value in wish.items()}
    command = [sys.executable, "-m", "uvicorn", "--factory", "services.forecast.app:create_app"]
    options = ["--port", str(port), "--log-level", "warning"]
    with subprocess.Popen([*command, *options], env=environment) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _until_ready(address)
            yield address
        finally:
            process.terminate()


def _until_ready(address: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"the service was not ready within {READY_WITHIN_S} s")


def _over_http(address: str, names: list[str], origin: np.datetime64, repeats: int) -> str:
    """Every origin anew; each forecast is issued, that is kept, as it would be."""
    with httpx.Client(base_url=address, timeout=300, trust_env=False) as client:
        for back in range(2):
            _asked(client, names, origin - np.timedelta64(60 * (1000 + back), "s"))
        walls = [
            _took(lambda back=back: _asked(client, names, origin - np.timedelta64(60 * back, "s")))[0].wall_s
            for back in range(1, repeats + 1)
        ]
        one = [
            _took(lambda: client.get("/v1/forecasts", params={"series": names[0]}).raise_for_status())[0].wall_s
            for _ in range(repeats)
        ]
    return (
        f"{len(names)} x 96 x {len(NINETEEN)} anew over HTTP as Arrow, kept: median {np.median(walls):.2f} s, "
        f"p95 {np.quantile(walls, 0.95):.2f} s; a stored forecast read: p95 {1000 * np.quantile(one, 0.95):.0f} ms"
    )


def _asked(client: httpx.Client, names: list[str], origin: np.datetime64) -> None:
    answer = client.post(
        "/v1/forecasts", json={"series": names, "origin": f"{origin}Z"}, headers={"Accept": ARROW_STREAM}
    )
    answer.raise_for_status()
    rows = pa.ipc.open_stream(answer.content).read_all().num_rows
    assert rows == 96 * len(names), rows


@dataclass(frozen=True)
class Took:
    """Time of one piece of work."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.0f} s, {self.cpu_s:.0f} CPU s"


def _took(work: Callable[[], Done]) -> tuple[Took, Done]:
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu), done


def plant(kind: str, number: int, days: int) -> Known:
    """A made-up plant: hourly weather issued once a day for two days, output by a crude rule with noise."""
    chance, times = np.random.default_rng(number), _steps(days)
    weather = _weather(kind, number % POINTS, days)
    hour, said = np.arange(len(times)) / 4, weather.latest(steps_from(START, days * 24, 60))
    if kind == "wind":
        speed = said["wind_speed_100m_m_per_s"]
        possible = np.clip((np.interp(hour, np.arange(len(speed)), speed) - 3) / 9, 0, 1)
    else:
        light = said["irradiance_w_per_m2"]
        possible = np.interp(hour, np.arange(len(light)) + 0.5, light) / 1000
    since = [CapacityFrom(since=datetime(2020, 1, 1, tzinfo=UTC), capacity_mw=100.0)]
    series = SeriesDescription(
        name=f"{kind}_{number}", kind=kind, step_min=STEP_MIN, capacity_mw=since, **_place(number % POINTS)
    )
    noisy = 100 * np.clip(possible * (1 + 0.2 * chance.normal(size=len(times))), 0, 1)
    observed = Observed(times, noisy.round(2), _known_at(days))
    return Known(series, START + np.timedelta64(days, "D"), observed, {"nwp": weather})


def _place(point: int) -> dict[str, float]:
    return {"latitude": 25 + point // 10 * 0.5, "longitude": 105 + point % 10 * 0.5}


@lru_cache(maxsize=1)
def _steps(days: int) -> Moments:
    return steps_from(START, days * 96, STEP_MIN)


@lru_cache(maxsize=1)
def _known_at(days: int) -> Moments:
    """A quarter of an hour after the end of the step."""
    return _steps(days) + np.timedelta64(1800, "s")


@lru_cache(maxsize=POINTS)
def _weather(kind: str, point: int, days: int) -> Vintages:
    """Every day's issue covers its own day and the next two, so every time has three that say the same."""
    chance, hours = np.random.default_rng(1_000_000 + point), (days + 3) * 24
    times, slow = steps_from(START, hours, 60), _slow(chance, hours)
    if kind == "wind":
        values = {"wind_speed_100m_m_per_s": 3 + 10 * slow, "wind_direction_100m_deg": 360 * _slow(chance, hours)}
    else:
        clear = sun.clear_sky_over_step_w_per_m2(times, 60, *_place(point).values())
        values = {"irradiance_w_per_m2": clear * (0.2 + 0.8 * slow), "cloud_cover": 1 - slow}
    values["temperature_c"] = 15 + 10 * _slow(chance, hours)
    day = times.astype("datetime64[D]").astype("datetime64[s]")
    issued = np.concatenate([day - back * DAY for back in range(3)])
    said = {name: np.tile(of, 3) for name, of in values.items()}
    told = issued < START + days * DAY
    said = {name: of[told] for name, of in said.items()}
    return Vintages.sorted(np.tile(times, 3)[told], issued[told], issued[told], said)


def _keep(store: Store, known: list[Known], ensemble: Ensemble) -> None:
    """The last weeks of readings, the last days of weather, and the ensemble as champion."""
    first, end = known[0], known[0].origin
    points = {
        f"{variable}_{place}": (place, variable, of)
        for place, one in enumerate(known[:POINTS])
        for variable, of in one.weather["nwp"].values.items()
    }
    described = [
        SeriesDescription(name=name, kind="weather", variable=variable, **_place(place))
        for name, (place, variable, _) in points.items()
    ]
    store.series.put([one.series for one in known] + described, START)
    store.observations.add({one.series.name: _arrivals(one.observed, end) for one in known})
    for name, (place, variable, _) in points.items():
        store.weather.add(_issues(name, known[place].weather["nwp"], variable, end))
    slot = slot_of(first.series.kind, DAY_AHEAD, STEP_MIN)
    record = store.models.add(
        slot,
        "bench",
        first.series.kind,
        ensemble.to_bytes(),
        trained_from=START,
        trained_until=end,
        data_hash="",
        code_version="",
        scores={},
    )
    store.models.promote(slot, record.version)


def _arrivals(observed: Observed, end: np.datetime64) -> Arrivals:
    new = observed.times >= end - LOOK_BACK_D * DAY
    readings = Readings.of(observed.times[new], observed.values[new], observed.known_at[new])
    return Arrivals(readings, np.zeros(len(readings), bool))


def _issues(name: str, vintages: Vintages, variable: str, end: np.datetime64) -> list[WeatherIssue]:
    issues = []
    for issued in np.unique(vintages.issued[vintages.issued >= end - (WEATHER_BACK_D + 1) * DAY]):
        mine = vintages.issued == issued
        issues.append(WeatherIssue(name, "nwp", issued, issued, vintages.times[mine], vintages.values[variable][mine]))
    return issues


def _slow(chance: np.random.Generator, hours: int) -> np.ndarray:
    """Between 0 and 1, changing over days."""
    knots = chance.random(hours // 12 + 2)
    return np.interp(np.arange(hours) / 12, np.arange(len(knots)), knots)


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
