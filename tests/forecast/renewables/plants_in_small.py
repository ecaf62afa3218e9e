"""Small made-up plants: hourly weather issued every midnight, output that follows it."""

from datetime import UTC, datetime

import numpy as np

from grid_models.forecast import CapacityFrom, SeriesDescription
from services.forecast.known import Known, Observed, Vintages, steps_from
from services.forecast.physical import sun

START = np.datetime64("2024-03-01T00:00:00", "s")
CAPACITY_MW = 50.0
PLACE = {"latitude": 30.0, "longitude": 120.0}


def issues(days: int, values: dict[str, np.ndarray]) -> Vintages:
    """Every midnight's issue says its own day and the next."""
    times = steps_from(START, days * 24, 60)
    day = times.astype("datetime64[D]").astype("datetime64[s]")
    issued = np.concatenate([day, day - np.timedelta64(1, "D")])
    return Vintages.sorted(np.tile(times, 2), issued, issued, {name: np.tile(of, 2) for name, of in values.items()})


def wind_farm(days: int = 60, seed: int = 1, name: str = "farm") -> Known:
    """Output is a straight line of the speed, with noise."""
    chance = np.random.default_rng(seed)
    speed = 8 + 4 * np.sin(np.arange(days * 24) / 7 + seed) + chance.normal(size=days * 24)
    speed = np.maximum(speed, 0)
    share = np.clip((speed - 3) / 9 + 0.05 * chance.normal(size=len(speed)), 0, 1)
    return _known(name, "wind", days, {"wind_speed_100m_m_per_s": speed}, share)


def solar_plant(days: int = 60, seed: int = 1, name: str = "plant") -> Known:
    """Output is three quarters of the light, with noise."""
    chance = np.random.default_rng(seed)
    times = steps_from(START, days * 24, 60)
    clear = sun.clear_sky_over_step_w_per_m2(times, 60, **PLACE)
    light = clear * np.repeat(0.3 + 0.7 * chance.random(days), 24)
    share = np.clip(0.75 * light / 1000 * (1 + 0.05 * chance.normal(size=len(light))), 0, 1)
    return _known(
        name, "solar", days, {"irradiance_w_per_m2": light, "temperature_c": np.full(len(light), 20.0)}, share
    )


def _known(name: str, kind: str, days: int, weather: dict[str, np.ndarray], share: np.ndarray) -> Known:
    since = [CapacityFrom(since=datetime(2020, 1, 1, tzinfo=UTC), capacity_mw=CAPACITY_MW)]
    series = SeriesDescription(name=name, kind=kind, step_min=60, capacity_mw=since, **PLACE)
    observed = Observed.promptly(steps_from(START, days * 24, 60), CAPACITY_MW * share)
    return Known(series, START + np.timedelta64(days, "D"), observed, {"nwp": issues(days, weather)})
