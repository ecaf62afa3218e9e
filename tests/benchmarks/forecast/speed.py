"""How long 500 plants take: to learn two years, and to forecast a day of quarter hours anew."""

import argparse
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from grid_models.forecast import NINETEEN, CapacityFrom, SeriesDescription
from services.forecast.known import Known, Observed, Vintages, steps_from
from services.forecast.models.base import Task
from services.forecast.models.renewable_boosting import RenewableBoosting
from services.forecast.physical import sun

START = np.datetime64("2024-01-01T00:00:00", "s")
LEVELS = np.array(NINETEEN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=500)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--kinds", type=str.split, default=["wind", "solar"])
    parser.add_argument("--repeats", type=int, default=20)
    wish = parser.parse_args()
    for kind in wish.kinds:
        for line in measured(kind, wish.plants, wish.days, wish.repeats):
            print(f"{kind}: {line}", flush=True)


def measured(kind: str, plants: int, days: int, repeats: int) -> Iterator[str]:
    known = [plant(kind, number, days) for number in range(plants)]
    task = Task(step_min=15, last_lead_h=24.0, origins_utc_h=(16.0,), threads=2)
    started = time.monotonic()
    trained = RenewableBoosting().train(known, task)
    yield f"{plants} plants, {days} days of quarter hours learned in {time.monotonic() - started:.0f} s"
    origin = START + np.timedelta64(days - 1, "D")
    cut = [one.as_of(origin) for one in known]
    times = steps_from(origin, 96, 15)
    seconds = []
    for _ in range(repeats):
        started = time.monotonic()
        said = trained.quantiles(cut, times, LEVELS)
        seconds.append(time.monotonic() - started)
    yield f"{said.shape} quantiles anew: median {np.median(seconds):.2f} s, 95 % {np.quantile(seconds, 0.95):.2f} s"
    yield f"model of {len(trained.to_bytes()) / 1e6:.1f} MB; peak memory {_peak_gb():.2f} GB with all the data"


def plant(kind: str, number: int, days: int) -> Known:
    """A made-up plant: hourly weather issued once a day for two days, output by a crude rule with noise."""
    chance = np.random.default_rng(number)
    steps, place = days * 96, {"latitude": 30.0 + number % 10, "longitude": 105.0 + number % 15}
    times = steps_from(START, steps, 15)
    hours = (days + 1) * 24
    weather_times = steps_from(START, hours, 60)
    slow = _slow(chance, hours)
    if kind == "wind":
        weather = {"wind_speed_100m_m_per_s": 3 + 10 * slow, "wind_direction_100m_deg": 360 * _slow(chance, hours)}
        possible = np.clip(
            (np.interp(np.arange(steps) / 4, np.arange(hours), weather["wind_speed_100m_m_per_s"]) - 3) / 9, 0, 1
        )
    else:
        clear = sun.clear_sky_over_step_w_per_m2(weather_times, 60, *place.values())
        weather = {"irradiance_w_per_m2": clear * (0.2 + 0.8 * slow), "cloud_cover": 1 - slow}
        possible = np.interp(np.arange(steps) / 4, np.arange(hours) + 0.5, weather["irradiance_w_per_m2"]) / 1000
    weather["temperature_c"] = 15 + 10 * _slow(chance, hours)
    since = [CapacityFrom(since=datetime(2020, 1, 1, tzinfo=UTC), capacity_mw=100.0)]
    series = SeriesDescription(name=f"{kind} {number}", kind=kind, capacity_mw=since, **place)
    noisy = 100 * np.clip(possible * (1 + 0.2 * chance.normal(size=steps)), 0, 1)
    return Known(
        series,
        START + np.timedelta64(days, "D"),
        Observed.promptly(times, noisy, 15, 15),
        {"nwp": _issues(weather, weather_times)},
    )


def _issues(weather: dict[str, np.ndarray], times: np.ndarray) -> Vintages:
    """Every day's issue covers its own day and the next."""
    day = times.astype("datetime64[D]").astype("datetime64[s]")
    twice = np.concatenate([times, times])
    issued = np.concatenate([day, day - np.timedelta64(1, "D")])
    return Vintages.sorted(twice, issued, issued, {name: np.tile(of, 2) for name, of in weather.items()})


def _slow(chance: np.random.Generator, hours: int) -> np.ndarray:
    """Between 0 and 1, changing over days."""
    knots = chance.random(hours // 12 + 2)
    return np.interp(np.arange(hours) / 12, np.arange(len(knots)), knots)


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
