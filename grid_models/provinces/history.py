"""A made-up past for a province that has none yet: two seeded years of weather, its forecasts, load and output.

Nothing here was measured: every series says `synthetic`, and so does every output that rests on it. The weather has the
season, the day and the memory of real weather, and its forecasts err by more the further they reach; load and output
follow from the weather and the card. Cloud to irradiance: Kasten and Czeplak (1980).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from grid_models.forecast import CapacityFrom, SeriesDescription, SeriesKind, SolarSite, WindSite
from grid_models.provinces.builder import load_series
from grid_models.provinces.card import Card
from grid_models.provinces.curves import eased
from grid_models.quantities import Floats

Moments = NDArray[np.datetime64]
STEP_MIN = 15
WEATHER_LEAD_H = 72
ISSUED_UTC_H, ARRIVES_AFTER_H = 18, 4
"""A weather forecast a day, of 02:00 in Beijing, there at 06:00: in time for the plans of the morning."""
VARIABLES = ("temperature_c", "cloud_cover", "wind_speed_100m_m_per_s")
KINDS: dict[str, SeriesKind] = {"wind": "wind", "solar": "solar", "hydro": "hydro_inflow"}


@dataclass(frozen=True)
class WeatherForecast:
    """What all issues say about one variable at one place: issues x lead hours."""

    issued: Moments
    known_at: Moments
    values: Floats


@dataclass(frozen=True)
class History:
    """Descriptions, what was observed, and what was said about the weather."""

    series: tuple[SeriesDescription, ...]
    times: Moments
    """Beginnings of the quarter hours, UTC."""
    observed: dict[str, Floats]
    """Load and output, by series, in MW."""
    weather: dict[str, WeatherForecast]
    """By weather series."""


def history(card: Card, end: date, days: int = 730, seed: int = 1) -> History:
    """The days up to, not including, `end` (local time), and weather forecasts reaching three days beyond."""
    zone = ZoneInfo(card.day.horizon.timezone)
    last = datetime(end.year, end.month, end.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
    first = last - timedelta(days=days)
    hours = np.arange(
        np.datetime64(first, "s"), np.datetime64(last + timedelta(days=5), "s"), np.timedelta64(3600, "s")
    )
    times = np.arange(np.datetime64(first, "s"), np.datetime64(last, "s"), np.timedelta64(STEP_MIN * 60, "s"))
    sky = _Sky.over(hours, list(card.places), np.random.default_rng(seed))
    plants = list(_plants(card, sky, times, np.random.default_rng(seed + 1)))
    load_mw = _load_mw(card, sky, times, np.random.default_rng(seed + 2))
    observed = {load_series(card.name): load_mw, **{one.name: power_mw for one, power_mw in plants}}
    return History(
        (*_weather_series(card), _load(card), *(one for one, _ in plants)),
        times,
        observed,
        _weather(card, sky, hours, np.datetime64(last, "s"), np.random.default_rng(seed + 3)),
    )


@dataclass(frozen=True)
class _Sky:
    """The weather that came: places x hours."""

    hours: Moments
    places: list[str]
    values: dict[str, Floats]

    @classmethod
    def over(cls, hours: Moments, places: list[str], rng: np.random.Generator) -> "_Sky":
        year = _share_of_year(hours)
        local_h = _local_hours(hours)
        warm = 17.0 - 11.5 * np.cos(2 * np.pi * (year - 0.055)) + 3.5 * np.cos(2 * np.pi * (local_h - 15) / 24)
        temperature = warm + 3.0 * _remembering(len(places), len(hours), 48, 0.85, rng)
        cloud = 1 / (1 + np.exp(-1.6 * _remembering(len(places), len(hours), 14, 0.7, rng) - 0.3))
        gusts = np.exp(0.45 * _remembering(len(places), len(hours), 18, 0.6, rng))
        wind = 6.5 * (1 + 0.15 * np.cos(2 * np.pi * year)) * gusts
        return cls(hours, places, dict(zip(VARIABLES, (temperature, cloud, wind), strict=True)))

    def at(self, variable: str, place: str, times: Moments) -> Floats:
        """Between the hours on the line."""
        row = self.values[variable][self.places.index(place)]
        return np.asarray(np.interp(times.astype(np.int64), self.hours.astype(np.int64), row), dtype=np.float64)

    def mean(self, variable: str, times: Moments) -> Floats:
        row = self.values[variable].mean(axis=0)
        return np.asarray(np.interp(times.astype(np.int64), self.hours.astype(np.int64), row), dtype=np.float64)


def _remembering(rows: int, steps: int, memory_h: float, shared: float, rng: np.random.Generator) -> Floats:
    """Standard normal noise that forgets to 1/e within `memory_h`, a share of it common to all rows."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / memory_h)
    fresh = rng.standard_normal((rows + 1, steps)) * np.sqrt(1 - keep**2)
    fresh[:, 0] /= np.sqrt(1 - keep**2)
    noise = lfilter([1.0], [1.0, -keep], fresh, axis=1)
    return np.asarray(np.sqrt(shared) * noise[:1] + np.sqrt(1 - shared) * noise[1:], dtype=np.float64)


def _share_of_year(times: Moments) -> Floats:
    day = (times - times.astype("datetime64[Y]")) / np.timedelta64(86400, "s")
    return np.asarray(day / 365.25, dtype=np.float64)


def _local_hours(times: Moments) -> Floats:
    """On the clock of Beijing."""
    return np.asarray(((times.astype(np.int64) + 8 * 3600) % 86400) / 3600, dtype=np.float64)


def _load_mw(card: Card, sky: _Sky, times: Moments, rng: np.random.Generator) -> Floats:
    """The day's shape of the card, with the week, the heat, the cold and what nobody can know."""
    local = times + np.timedelta64(8 * 3600, "s")
    weekday = (local.astype("datetime64[D]").astype(np.int64) + 3) % 7
    felt = _felt(sky.mean("temperature_c", times))
    answer = 0.73 + 0.021 * np.maximum(felt - 24, 0) + 0.008 * np.maximum(9 - felt, 0)
    week = np.where(weekday == 6, 0.93, np.where(weekday == 5, 0.965, 1.0))
    shape = eased(_local_hours(times), card.demand.shape.points)
    noise = 1 + 0.012 * _remembering(1, len(times), 32, 0.0, rng)[0]
    return np.asarray(card.demand.peak_mw.value * shape * answer * week * noise, dtype=np.float64)


def _felt(temperature_c: Floats) -> Floats:
    """Buildings follow slowly: temperature remembered over a day."""
    from scipy.signal import lfilter

    keep = np.exp(-STEP_MIN / (24 * 60))
    start = np.array([keep * temperature_c[0]])
    smooth, _ = lfilter([1 - keep], [1.0, -keep], temperature_c, zi=start)
    return np.asarray(0.5 * temperature_c + 0.5 * smooth, dtype=np.float64)


def _plants(
    card: Card, sky: _Sky, times: Moments, rng: np.random.Generator
) -> Iterator[tuple[SeriesDescription, Floats]]:
    """Each cluster of the card with its output, described as a series of the same name as its resource."""
    for item in (*card.wind, *card.hydro, *card.solar):
        kind = KINDS["solar" if item in card.solar else "hydro" if item in card.hydro else "wind"]
        for city, share in item.clusters.items():
            capacity_mw = item.mw * share
            output = _OUTPUT[kind](card, sky, city, times, rng)
            yield _plant(card, f"{item.name}-{city}", kind, city, capacity_mw), capacity_mw * output


def _wind(card: Card, sky: _Sky, city: str, times: Moments, rng: np.random.Generator) -> Floats:
    """Cubic between 3 and 12 m/s, off above 24, a share lost to wakes and repairs."""
    speed = sky.at("wind_speed_100m_m_per_s", city, times) + 0.5 * _remembering(1, len(times), 6, 0.0, rng)[0]
    share = np.clip((speed**3 - 27) / (12.0**3 - 27), 0, 1)
    return np.asarray(0.92 * np.where(speed < 24, share, 0.0), dtype=np.float64)


def _solar(card: Card, sky: _Sky, city: str, times: Moments, rng: np.random.Generator) -> Floats:
    """The height of the sun, dimmed by cloud, less in the heat."""
    latitude, longitude = card.places[city]
    height = _sun_height(times + np.timedelta64(STEP_MIN * 30, "s"), latitude, longitude)
    cloud = np.clip(sky.at("cloud_cover", city, times) + 0.08 * _remembering(1, len(times), 4, 0.0, rng)[0], 0, 1)
    dimmed = np.maximum(height, 0) ** 1.15 * (1 - 0.75 * cloud**3.4)
    return np.asarray(dimmed * (1 - 0.004 * np.maximum(sky.at("temperature_c", city, times) - 15, 0)), dtype=np.float64)


def _hydro(card: Card, sky: _Sky, city: str, times: Moments, rng: np.random.Generator) -> Floats:
    """Plum rains in June, little in winter."""
    season = 0.35 + 0.3 * np.exp(-(((_share_of_year(times) - 0.46) / 0.09) ** 2))
    slow = _remembering(1, len(times), 24 * 6 * 4, 0.0, rng)[0]
    return np.asarray(np.clip(season * np.exp(0.3 * slow), 0.02, 1.0), dtype=np.float64)


_OUTPUT = {"wind": _wind, "solar": _solar, "hydro_inflow": _hydro}


def _sun_height(times: Moments, latitude_deg: float, longitude_deg: float) -> Floats:
    """Sine of the sun's elevation (Cooper 1969 for the declination)."""
    declination = np.radians(23.45) * np.sin(2 * np.pi * (_share_of_year(times) + 284 / 365))
    solar_h = (times.astype(np.int64) % 86400) / 3600 + longitude_deg / 15
    angle = np.pi * (solar_h - 12) / 12
    latitude = np.radians(latitude_deg)
    return np.asarray(
        np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle),
        dtype=np.float64,
    )


def _plant(card: Card, name: str, kind: SeriesKind, city: str, capacity_mw: float) -> SeriesDescription:
    latitude, longitude = card.places[city]
    return SeriesDescription(
        name=name,
        kind=kind,
        zone=card.name,
        capacity_mw=(CapacityFrom(since=datetime(2000, 1, 1, tzinfo=UTC), capacity_mw=capacity_mw),),
        latitude=latitude,
        longitude=longitude,
        solar=SolarSite() if kind == "solar" else None,
        wind=WindSite() if kind == "wind" else None,
        synthetic=True,
    )


def _load(card: Card) -> SeriesDescription:
    """The load of the province, driven by the weather of all its places."""
    names = tuple(f"{place} {variable}" for place in card.places for variable in VARIABLES)
    return SeriesDescription(
        name=load_series(card.name), kind="load", zone=card.name, weather=names, region=card.name, synthetic=True
    )


def _weather_series(card: Card) -> list[SeriesDescription]:
    units = dict(zip(VARIABLES, ("degC", "share", "m/s"), strict=True))
    return [
        SeriesDescription(
            name=f"{place} {variable}",
            kind="weather",
            unit=units[variable],
            variable=variable,
            latitude=latitude,
            longitude=longitude,
            step_min=60,
            synthetic=True,
        )
        for place, (latitude, longitude) in card.places.items()
        for variable in VARIABLES
    ]


def _weather(
    card: Card, sky: _Sky, hours: Moments, end: np.datetime64, rng: np.random.Generator
) -> dict[str, WeatherForecast]:
    """What was said each day: the truth, and an error that grows with the lead and drifts within an issue."""
    first = (hours[0].astype("datetime64[D]") + np.timedelta64(1, "D")).astype("datetime64[s]")
    issued = np.arange(first + np.timedelta64(ISSUED_UTC_H * 3600, "s"), end, np.timedelta64(86400, "s"))
    place_in = ((issued - hours[0]) // np.timedelta64(3600, "s")).astype(np.int64)
    leads = np.arange(WEATHER_LEAD_H)
    known_at: Moments = np.add(issued, np.timedelta64(ARRIVES_AFTER_H * 3600, "s"))
    growth = np.sqrt(0.25 + leads / 24)
    said: dict[str, WeatherForecast] = {}
    for variable, size in zip(VARIABLES, (1.0, 0.12, 1.0), strict=True):
        for row, place in enumerate(card.places):
            truth = sky.values[variable][row][place_in[:, None] + leads]
            error = size * growth * _remembering(len(issued), WEATHER_LEAD_H, 12, 0.0, rng)
            values = truth + error if variable == "temperature_c" else np.maximum(truth + error, 0)
            values = np.minimum(values, 1.0) if variable == "cloud_cover" else values
            said[f"{place} {variable}"] = WeatherForecast(issued, known_at, values)
    return said
