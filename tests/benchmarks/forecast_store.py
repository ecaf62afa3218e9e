"""Whether ten years of forecasts can be kept: 500 plants x 96 points x 19 quantiles a day, measured on some days.

Run by `make bench-store`; also DAYS=30, URL=postgresql://…
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import text

from grid_models.forecast import NINETEEN, SeriesDescription
from services.forecast.store import Arrivals, Issue, Readings, Store, WeatherIssue

PLANTS, POINTS, STEPS = 500, 100, 96
VARIABLES = ("temperature_c", "wind_speed_100m_m_per_s", "irradiance_w_per_m2", "cloud_cover", "pressure_pa")
BEGIN = np.datetime64("2024-01-01T00:00:00", "s")
DAY = np.timedelta64(86_400, "s")
TEN_YEARS = 3652
READS = 200


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    measured: str


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--days", type=int, default=20)
    asked.add_argument("--url", default="", help="of an empty database; without it SQLite in a new folder")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, Store.open(given.url or f"sqlite:///{folder}/bench.db") as store:
        for row in measured(store, given.days):
            print(f"{row.what:<68} {row.measured}", flush=True)


def measured(store: Store, days: int) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    store.series.put(_described(), BEGIN)
    before = _bytes(store)
    writes = [_seconds(lambda day=day: store.save_forecasts(_forecasts(rng, day)))[0] for day in range(days)]
    each = (_bytes(store) - before) / (days * PLANTS)
    yield Row(f"{PLANTS} forecasts of {STEPS} x 19 made and written, median", f"{np.median(writes):.2f} s")
    yield Row("bytes per forecast (of 7,296 as float32)", f"{each:,.0f}")
    yield Row(f"ten years of {PLANTS} forecasts a day", f"{each * PLANTS * TEN_YEARS / 1e9:.1f} GB")
    yield from _reads(store, rng, days)
    yield from _observations(store, rng)
    yield from _weather(store, rng)
    yield from _known(store)


def _reads(store: Store, rng: np.random.Generator, days: int) -> Iterator[Row]:
    for what, as_of in (("newest", None), ("as of an earlier day", BEGIN + days // 2 * DAY)):
        names = [f"plant_{number}" for number in rng.integers(0, PLANTS, READS)]
        times = [_seconds(lambda name=name, as_of=as_of: store.forecast(name, as_of))[0] for name in names]
        low, high = 1e3 * np.quantile(times, [0.5, 0.95])
        yield Row(f"one stored forecast read, {what}: p50 and p95", f"{low:.1f} ms, {high:.1f} ms")


def _observations(store: Store, rng: np.random.Generator) -> Iterator[Row]:
    before, days = _bytes(store), 40
    times = BEGIN - np.arange(days * STEPS, 0, -1) * np.timedelta64(900, "s")
    batch = {f"plant_{number}": _arrivals(times, rng) for number in range(PLANTS)}
    seconds, _ = _seconds(lambda: store.observations.add(batch))
    values = PLANTS * len(times)
    yield Row(f"{values:,} observations written", f"{seconds:.2f} s")
    yield Row("bytes per observation, both clocks and flags included", f"{(_bytes(store) - before) / values:.1f}")
    live = {name: _arrivals(BEGIN + np.arange(1) * np.timedelta64(900, "s"), rng) for name in batch}
    yield Row(
        f"one live value of each of {PLANTS} plants written",
        f"{_seconds(lambda: store.observations.add(live))[0]:.2f} s",
    )


def _weather(store: Store, rng: np.random.Generator) -> Iterator[Row]:
    before, issues = _bytes(store), 12
    seconds = [_seconds(lambda hour=6 * place: store.weather.add(_issues(rng, hour)))[0] for place in range(issues)]
    count = POINTS * len(VARIABLES)
    yield Row(f"an issue of {count} weather series x 240 h made and written, median", f"{np.median(seconds):.2f} s")
    yield Row("bytes per weather series and issue", f"{(_bytes(store) - before) / count / issues:,.0f}")


def _known(store: Store) -> Iterator[Row]:
    names = [f"plant_{number}" for number in range(PLANTS)]
    origin = BEGIN + 3 * DAY
    for weeks, issued in ((5, 1), (5, 3)):
        ask = partial(store.known_many, names, origin, BEGIN - 7 * weeks * DAY, origin - issued * DAY)
        times = [_seconds(ask)[0] for _ in range(5)]
        what = f"what was known about {PLANTS} plants: {weeks} weeks, weather of {issued} days"
        yield Row(what, f"{np.median(times):.2f} s")


def _described() -> list[SeriesDescription]:
    places = [{"latitude": 25 + place // 10 * 0.5, "longitude": 105 + place % 10 * 0.5} for place in range(POINTS)]
    plants = [
        SeriesDescription(name=f"plant_{number}", kind="solar", **places[number % POINTS]) for number in range(PLANTS)
    ]
    points = [
        SeriesDescription(name=f"{variable}_{place}", kind="weather", variable=variable, **where)
        for place, where in enumerate(places)
        for variable in VARIABLES
    ]
    return plants + points


def _forecasts(rng: np.random.Generator, day: int) -> list[Issue]:
    """Noise in every digit: real forecasts take less room."""
    heights = np.sort(rng.gamma(2, 20, (PLANTS, STEPS, len(NINETEEN))), axis=2)
    issued = BEGIN + day * DAY
    return [
        Issue(f"plant_{number}", "solar", "MW", issued, issued + DAY, 15, NINETEEN, heights[number], "full", "bench 1")
        for number in range(PLANTS)
    ]


def _arrivals(times: np.ndarray, rng: np.random.Generator) -> Arrivals:
    values = rng.normal(50, 10, len(times)).round(2)
    return Arrivals(Readings.of(times, values, times + np.timedelta64(1800, "s")), np.zeros(len(times), bool))


def _issues(rng: np.random.Generator, hour: int) -> list[WeatherIssue]:
    issued = BEGIN + np.timedelta64(hour * 3600, "s")
    times = issued + np.arange(240) * np.timedelta64(3600, "s")
    return [
        WeatherIssue(f"{variable}_{place}", "nwp", issued, issued, times, rng.normal(10, 3, 240).round(1))
        for variable in VARIABLES
        for place in range(POINTS)
    ]


def _seconds(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def _bytes(store: Store) -> float:
    """Of the whole database."""
    with store.database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            return float(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return float(Path(str(store.database.engine.url.database)).stat().st_size)


if __name__ == "__main__":
    main()
